import PareGraph
import PareTensor
import PareTraining

/// How much each block of a graph matters, by a criterion, over some rows.
struct BlockImportance {
  let graph: Graph
  let rows: TrainingData

  /// One number a block.
  ///
  /// - Throws: `compression.missing-data` where labels are needed and not there; what evaluating the graph throws.
  func values(of blocks: [GraphBlock], by criterion: BlockCriterion) throws -> [Double] {
    switch criterion {
    case .similarity, .distance: try changes(of: blocks, by: criterion)
    case .loss: try losses(without: blocks)
    }
  }

  private func losses(without blocks: [GraphBlock]) throws -> [Double] {
    guard rows["labels"] != nil else {
      throw CompressionError(
        "missing-data", subject: BlockRemoval.name, expected: "rows with labels, for the loss", found: "rows without", category: .usage)
    }
    return try blocks.map { try graph.without($0).labelLoss(on: rows) }
  }

  private func changes(of blocks: [GraphBlock], by criterion: BlockCriterion) throws -> [Double] {
    let axes = blocks.map(channelAxis)
    var sums = [Double](repeating: 0, count: blocks.count)
    var weights = [Double](repeating: 0, count: blocks.count)
    try RowEvaluation.forEachChunk(of: rows, through: graph, values: blocks.flatMap { [$0.start, $0.end] }.unique()) { chunk, _ in
      for (index, block) in blocks.enumerated() {
        guard let x = chunk[block.start], let y = chunk[block.end] else { continue }
        let change = criterion == .similarity ? Self.turn(x, y, axis: axes[index]) : Self.distance(x, y)
        sums[index] += change.sum
        weights[index] += change.weight
      }
    }
    return zip(sums, weights).map { $1 == 0 ? 0 : $0 / $1 }
  }

  private func channelAxis(of block: GraphBlock) -> Int? {
    let names = Set(block.layers)
    return graph.nodes.contains { names.contains($0.name) && ["Conv", "ConvTranspose"].contains($0.operatorName) } ? 1 : nil
  }

  /// Σ (1 − cos) over all lines along an axis, and how many there are. Two lines of zeros are equal; a line of zeros is at right
  /// angles to every other.
  private static func turn(_ x: Tensor, _ y: Tensor, axis: Int?) -> (sum: Double, weight: Double) {
    let axis = axis ?? x.shape.rank - 1
    guard x.shape == y.shape, x.shape.dimensions.indices.contains(axis) else { return (0, 0) }
    let (x, y, shape) = (x.values(as: Float.self), y.values(as: Float.self), x.shape)
    let (extent, inner) = (shape[axis], shape.dimensions[(axis + 1)...].reduce(1, *))
    var (sum, count) = (0.0, 0)
    for first in stride(from: 0, to: shape.elementCount, by: max(extent * inner, 1)) {
      for start in first..<first + inner {
        var (product, xx, yy) = (0.0, 0.0, 0.0)
        for place in stride(from: start, to: start + extent * inner, by: inner) {
          let (a, b) = (Double(x[place]), Double(y[place]))
          product += a * b
          xx += a * a
          yy += b * b
        }
        sum += xx == 0 && yy == 0 ? 0 : xx == 0 || yy == 0 ? 1 : max(1 - product / (xx * yy).squareRoot(), 0)
        count += 1
      }
    }
    return (sum, Double(count))
  }

  private static func distance(_ x: Tensor, _ y: Tensor) -> (sum: Double, weight: Double) {
    let measure = ErrorMeasure(of: y.doubles, against: x.doubles)
    return (measure.noiseEnergy, measure.signalEnergy + measure.approximationEnergy)
  }
}
