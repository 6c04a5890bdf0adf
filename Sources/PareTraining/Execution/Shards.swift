import PareGraph
import PareTensor

/// How a batch is cut into pieces that may run at the same time.
///
/// The cut follows from the problem alone (the graph and the number of rows), so that sums over the pieces, always taken
/// in their order, have the same bits however many threads there are.
enum Shards {
  /// Pieces at most.
  static let limit = 4
  /// Multiply-adds of the forward pass that a piece is worth: about a millisecond of a training step. Below, handing work
  /// over costs more than it saves.
  static let leastWork = 1 << 23
  /// Times that a piece uses each weight: with fewer, products are bound by reading the weights, which every piece has to.
  static let leastReuse = 96
  static let leastRows = 8

  /// The rows of each piece, as ranges of the batch: equal but for one row.
  ///
  /// - Parameters:
  ///   - work: multiply-adds of the forward pass over all rows.
  ///   - weightCount: weights that the products use.
  static func ranges(rowCount: Int, work: Int, weightCount: Int) -> [Range<Int>] {
    var count = limit
    while count > 1,
      work / count < leastWork || work / count / max(weightCount, 1) < leastReuse || rowCount / count < leastRows
    {
      count /= 2
    }
    var start = 0
    return (0..<count).map { piece in
      let end = start + rowCount / count + (piece < rowCount % count ? 1 : 0)
      defer { start = end }
      return start..<end
    }
  }

  /// Multiply-adds of the products, convolutions and recurrent layers of a graph.
  ///
  /// - Parameter types: of the graph's values; a node whose types are not there counts for nothing.
  static func multiplyAdds(_ nodes: [Node], types: [String: TensorType]) -> Int {
    nodes.reduce(0) { $0 + ($1.multiplyAdds(types) ?? 0) }
  }
}

extension Node {
  /// Nil where the node is no product, or its types are not known.
  fileprivate func multiplyAdds(_ types: [String: TensorType]) -> Int? {
    func shape(_ input: Int) -> Shape? { self.input(input).flatMap { types[$0]?.shape } }
    guard let output = outputs.first.flatMap({ types[$0]?.shape }) else { return nil }
    func timesOutput(_ factor: Int) -> Int? {
      let (product, overflows) = output.elementCount.multipliedReportingOverflow(by: factor)
      return overflows ? nil : product
    }
    switch operatorName {
    case "Gemm", "MatMul":
      guard let left = shape(0), let last = left.dimensions.last else { return nil }
      return timesOutput(attributes["transA"] == .int(1) ? left[0] : last)
    case "Conv":
      guard let weight = shape(1), weight.rank > 0, weight[0] > 0 else { return nil }
      return timesOutput(weight.elementCount / weight[0])
    case "ConvTranspose":
      guard let x = shape(0), let weight = shape(1), weight.rank > 0, weight[0] > 0 else { return nil }
      return x.elementCount * (weight.elementCount / weight[0])
    case "LSTM", "GRU", "RNN":
      // W [directions, gates · hidden, features] and R [directions, gates · hidden, hidden].
      guard let w = shape(1), let r = shape(2), w.rank == 3, r.rank == 3, w[0] * r[2] > 0 else { return nil }
      return output.elementCount / (w[0] * r[2]) * (w.elementCount + r.elementCount)
    default: return nil
    }
  }
}
