import PareTensor

/// Which groups each symbol belongs to: one, as with industries, or many, as with concepts.
public struct SymbolMemberships: Sendable, Hashable, Codable {
  /// Per symbol the places of its groups, ascending.
  public var groups: [[Int]]
  public var groupCount: Int

  public init(groups: [[Int]], groupCount: Int) {
    (self.groups, self.groupCount) = (groups, groupCount)
  }

  public var symbols: Int { groups.count }

  /// How many groups two symbols share.
  public var adjacency: SymbolAdjacency {
    let sets = groups.map(Set.init)
    let weights = sets.flatMap { own in sets.map { Float(own.intersection($0).count) } }
    return SymbolAdjacency(symbols: symbols, weights: weights)
  }

  /// 1 where a symbol is a member, `[symbols, groups]`.
  func tensor() -> Tensor {
    var values = [Float](repeating: 0, count: symbols * groupCount)
    for (symbol, own) in groups.enumerated() { for group in own { values[symbol * groupCount + group] = 1 } }
    return Tensor(values, shape: [symbols, groupCount])
  }

  func validate(_ settings: ArchitectureSettings) throws {
    try settings.check("groups", groupCount, in: 1...65_536)
    for (symbol, own) in groups.enumerated() {
      if let wrong = own.first(where: { !(0..<groupCount).contains($0) }) {
        throw settings.error("groups[\(symbol)]", expected: "places in 0 ..< \(groupCount)", found: "\(wrong)")
      }
    }
  }
}
