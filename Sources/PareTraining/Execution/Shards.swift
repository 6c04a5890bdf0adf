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
