import PareGraph
import PareModels
import PareTensor
import PareTraining

/// The gradient of the loss on the labels by parameters of a graph, piece by piece of some rows.
struct LossGradients {
  /// Rows of a piece.
  private static let piece = 256

  private let differentiation: Differentiation
  private let technique: String

  /// - Parameters:
  ///   - wanted: names of parameters; those that are not trainable have no gradient.
  ///   - technique: stands in messages.
  init(of graph: Graph, by wanted: [String], for technique: String) throws {
    self.technique = technique
    var builder = try GraphBuilder(graph)
    let loss = try graph.scores().labelLoss.append(to: &builder)
    differentiation = try Differentiation(
      of: loss, in: builder.graph, by: wanted.filter { graph.parameters[$0]?.isTrainable ?? false })
  }

  /// - Parameter body: is given the mean gradient over the rows of each piece, by parameter.
  /// - Throws: `compression.missing-data` for rows without labels, what `body` throws.
  func forEachPiece(of rows: TrainingData, _ body: ([String: Tensor]) throws -> Void) throws {
    guard rows["labels"] != nil else {
      throw CompressionError(
        "missing-data", subject: technique, expected: "rows with labels, for gradients", found: "rows without", category: .usage)
    }
    try RowEvaluation.forEachChunk(
      of: rows, through: differentiation.graph, values: Array(differentiation.gradients.values), chunk: Self.piece
    ) { chunk, _ in
      try body(
        Dictionary(
          differentiation.gradients.compactMap { name, value in chunk[value].map { (name, $0) } }, uniquingKeysWith: { first, _ in first }))
    }
  }
}
