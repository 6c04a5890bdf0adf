import PareLinearAlgebra

/// How much of an array a factorization keeps. In recipes: `{rank: 8}`, `{energy: 0.95}`, `{ratio: 0.5}` or `{budget: 0.5}`.
public enum RankTarget: Sendable, Hashable {
  /// That many singular values, or all where there are fewer.
  case rank(Int)
  /// As many as hold this fraction of `Σ σ²`, in `0 ... 1`, at least one.
  case energy(Double)
  /// As many as fit into this fraction of each layer's elements, above 0 and up to 1, at least one.
  case ratio(Double)
  /// Ranks chosen together, so that the factors of all layers hold this fraction of their elements, above 0 and up to 1.
  case budget(Double)

  func validate(at path: ParameterPath) throws {
    switch self {
    case .rank(let rank):
      try path.key(Keys.rank).require(rank >= 1, expected: "a rank of at least 1", found: rank)
    case .energy(let energy):
      try path.key(Keys.energy).require((0...1).contains(energy), expected: "a fraction in 0 ... 1", found: energy)
    case .ratio(let ratio):
      try path.key(Keys.ratio).require(ratio > 0 && ratio <= 1, expected: "a fraction above 0 and up to 1", found: ratio)
    case .budget(let ratio):
      try path.key(Keys.budget).require(ratio > 0 && ratio <= 1, expected: "a fraction above 0 and up to 1", found: ratio)
    }
  }

  /// The rank of each matrix.
  func ranks(of decompositions: [SingularValueDecomposition]) -> [Int] {
    switch self {
    case .rank(let rank): decompositions.map { min(rank, $0.singularValues.count) }
    case .energy(let energy): decompositions.map { $0.rank(energy: energy) }
    case .ratio(let ratio): decompositions.map { $0.rank(targetRatio: ratio) }
    case .budget(let ratio): Self.ranks(of: decompositions, sharing: ratio)
    }
  }

  /// One singular value after another goes where an element buys the most: of each matrix's Σ σ², by the elements that one more rank
  /// takes. Gains of a matrix fall from rank to rank, so that as long as all stay factorized no other choice of so many elements keeps
  /// more.
  private static func ranks(of decompositions: [SingularValueDecomposition], sharing ratio: Double) -> [Int] {
    var ranks = decompositions.map { _ in 1 }
    let energies = decompositions.map { $0.singularValues.reduce(0) { $0 + $1 * $1 } }
    func elements(_ index: Int, rank: Int) -> Int {
      let decomposition = decompositions[index]
      // A matrix whose factors would be larger than it is stays whole.
      return min(rank * (decomposition.rows + decomposition.columns), decomposition.rows * decomposition.columns)
    }
    func gain(_ index: Int) -> Double? {
      let (decomposition, rank) = (decompositions[index], ranks[index])
      guard rank < decomposition.singularValues.count, energies[index] > 0 else { return nil }
      let value = decomposition.singularValues[rank]
      return value * value / energies[index] / Double(decomposition.rows + decomposition.columns)
    }
    let permitted = Int(ratio * Double(decompositions.reduce(0) { $0 + $1.rows * $1.columns }))
    var used = ranks.indices.reduce(0) { $0 + elements($1, rank: ranks[$1]) }
    var open = Set(ranks.indices)
    while let best = open.sorted().max(by: { (gain($0) ?? -1) < (gain($1) ?? -1) }) {
      let more = elements(best, rank: ranks[best] + 1) - elements(best, rank: ranks[best])
      guard gain(best) != nil, used + more <= permitted else {
        open.remove(best)
        continue
      }
      ranks[best] += 1
      used += more
    }
    return ranks
  }
}

extension RankTarget: Codable {
  private enum Keys: String, CodingKey, CaseIterable {
    case rank, energy, ratio, budget
  }

  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(keyedBy: Keys.self)
    switch key {
    case .rank: self = .rank(try container.decode(Int.self, forKey: key))
    case .energy: self = .energy(try container.decode(Double.self, forKey: key))
    case .ratio: self = .ratio(try container.decode(Double.self, forKey: key))
    case .budget: self = .budget(try container.decode(Double.self, forKey: key))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    switch self {
    case .rank(let rank): try container.encode(rank, forKey: .rank)
    case .energy(let energy): try container.encode(energy, forKey: .energy)
    case .ratio(let ratio): try container.encode(ratio, forKey: .ratio)
    case .budget(let ratio): try container.encode(ratio, forKey: .budget)
    }
  }
}
