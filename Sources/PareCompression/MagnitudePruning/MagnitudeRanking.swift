/// Which weights survive a cut by magnitude.
enum MagnitudeRanking {
  /// - Returns: for each layer, whether each weight is kept.
  static func kept(of layers: [[Float]], sparsity: Double, scope: MagnitudePruning.Scope) -> [[Bool]] {
    switch scope {
    case .perLayer: return layers.map { kept(of: $0, sparsity: sparsity) }
    case .global:
      var flat = kept(of: layers.flatMap { $0 }, sparsity: sparsity)[...]
      return layers.map { layer in
        defer { flat = flat.dropFirst(layer.count) }
        return Array(flat.prefix(layer.count))
      }
    }
  }

  /// All but the `round(sparsity · n)` of smallest magnitude; of equals the earlier goes first.
  static func kept(of weights: [Float], sparsity: Double) -> [Bool] {
    let removed = Int((sparsity * Double(weights.count)).rounded())
    let order = weights.indices.sorted {
      (weights[$0].magnitude, $0) < (weights[$1].magnitude, $1)
    }
    var kept = [Bool](repeating: true, count: weights.count)
    for index in order.prefix(removed) { kept[index] = false }
    return kept
  }
}
