import PareLinearAlgebra

/// How much of a matrix a factorization keeps. In recipes: `{rank: 8}`, `{energy: 0.95}` or `{ratio: 0.5}`.
public enum RankTarget: Sendable, Hashable {
  /// That many singular values, or all where there are fewer.
  case rank(Int)
  /// As many as hold this fraction of `Σ σ²`, in `0 ... 1`, at least one.
  case energy(Double)
  /// As many as fit into this fraction of the matrix's elements, above 0 and up to 1, at least one.
  case ratio(Double)

  func rank(of decomposition: SingularValueDecomposition) -> Int {
    switch self {
    case .rank(let rank): min(rank, decomposition.singularValues.count)
    case .energy(let energy): decomposition.rank(energy: energy)
    case .ratio(let ratio): decomposition.rank(targetRatio: ratio)
    }
  }

  func validate(at path: ParameterPath) throws {
    switch self {
    case .rank(let rank):
      try path.key(Keys.rank).require(rank >= 1, expected: "a rank of at least 1", found: rank)
    case .energy(let energy):
      try path.key(Keys.energy).require((0...1).contains(energy), expected: "a fraction in 0 ... 1", found: energy)
    case .ratio(let ratio):
      try path.key(Keys.ratio).require(ratio > 0 && ratio <= 1, expected: "a fraction above 0 and up to 1", found: ratio)
    }
  }
}

extension RankTarget: Codable {
  private enum Keys: String, CodingKey, CaseIterable {
    case rank, energy, ratio
  }

  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(keyedBy: Keys.self)
    switch key {
    case .rank: self = .rank(try container.decode(Int.self, forKey: key))
    case .energy: self = .energy(try container.decode(Double.self, forKey: key))
    case .ratio: self = .ratio(try container.decode(Double.self, forKey: key))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    switch self {
    case .rank(let rank): try container.encode(rank, forKey: .rank)
    case .energy(let energy): try container.encode(energy, forKey: .energy)
    case .ratio(let ratio): try container.encode(ratio, forKey: .ratio)
    }
  }
}
