/// Which weights survive a cut by their scores.
enum PruningMask {
  /// One layer: scores row-major `[rows, columns]`, a row for each output.
  struct Layer {
    let scores: [Double]
    let columns: Int

    var rows: Int { columns == 0 ? 0 : scores.count / columns }
  }

  /// - Returns: for each layer, whether each weight is kept. Of `n` weights, or of blocks, `round(sparsity · n)` go; of equal scores
  ///   those that come first.
  static func kept(of layers: [Layer], sparsity: Double, scope: Pruning.Scope, pattern: PruningPattern) -> [[Bool]] {
    switch pattern {
    case .anywhere: return kept(units: layers.map(\.scores), sparsity: sparsity, scope: scope)
    case .keep(let keep, let of): return layers.map { kept(of: $0, keep: keep, of: of) }
    case .block(let outputs, let inputs):
      let blocks = layers.map { Blocks($0, outputs: outputs, inputs: inputs) }
      let kept = kept(units: blocks.map(\.scores), sparsity: sparsity, scope: scope)
      return zip(blocks, kept).map { $0.expanded($1) }
    }
  }

  private static func kept(units: [[Double]], sparsity: Double, scope: Pruning.Scope) -> [[Bool]] {
    guard scope == .global else { return units.map { kept(of: $0, sparsity: sparsity) } }
    var flat = kept(of: units.flatMap { $0 }, sparsity: sparsity)[...]
    return units.map { unit in
      defer { flat = flat.dropFirst(unit.count) }
      return Array(flat.prefix(unit.count))
    }
  }

  static func kept(of scores: [Double], sparsity: Double) -> [Bool] {
    let removed = Int((sparsity * Double(scores.count)).rounded())
    var kept = [Bool](repeating: true, count: scores.count)
    for index in scores.indices.sorted(by: { (scores[$0], $0) < (scores[$1], $1) }).prefix(removed) { kept[index] = false }
    return kept
  }

  private static func kept(of layer: Layer, keep: Int, of run: Int) -> [Bool] {
    var kept = [Bool](repeating: false, count: layer.scores.count)
    for row in 0..<layer.rows {
      for first in stride(from: 0, to: layer.columns, by: run) {
        let length = min(run, layer.columns - first)
        let positions = (0..<length).map { row * layer.columns + first + $0 }
        let order = positions.sorted { (layer.scores[$1], $0) < (layer.scores[$0], $1) }
        for position in order.prefix((length * keep + run - 1) / run) { kept[position] = true }
      }
    }
    return kept
  }
}

/// Rectangles of a layer's weights, smaller ones at its edges, row by row.
private struct Blocks {
  let scores: [Double]
  private let owner: [Int]

  /// A block's score is the mean of its weights'.
  init(_ layer: PruningMask.Layer, outputs: Int, inputs: Int) {
    let across = (layer.columns + inputs - 1) / inputs
    let down = (layer.rows + outputs - 1) / outputs
    owner = layer.scores.indices.map { $0 / layer.columns / outputs * across + $0 % layer.columns / inputs }
    var (sums, counts) = ([Double](repeating: 0, count: across * down), [Int](repeating: 0, count: across * down))
    for (score, block) in zip(layer.scores, owner) {
      sums[block] += score
      counts[block] += 1
    }
    scores = zip(sums, counts).map { $0 / Double(max($1, 1)) }
  }

  func expanded(_ kept: [Bool]) -> [Bool] { owner.map { kept[$0] } }
}
