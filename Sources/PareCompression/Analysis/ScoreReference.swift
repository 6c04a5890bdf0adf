import PareGraph
import PareModels
import PareTensor
import PareTraining

/// What a model says of some rows, and how far another's scores are from it.
struct ScoreReference {
  /// The value that holds the scores.
  let value: String
  let rows: TrainingData
  private let scores: [Double]

  /// - Throws: `graph.scores` where the graph has no scores; what evaluating it throws.
  init(_ graph: Graph, rows: TrainingData) throws {
    value = try graph.scores().value
    self.rows = rows
    scores = try Self.scores(graph, value, rows)
  }

  /// The error of another graph's scores, each column's mean, as the reference has it, taken off both.
  func error(of graph: Graph) throws -> ErrorMeasure {
    ErrorMeasure(ofOutputs: try Self.scores(graph, value, rows), against: scores, columns: scores.count / rows.rowCount)
  }

  private static func scores(_ graph: Graph, _ value: String, _ rows: TrainingData) throws -> [Double] {
    try Scorer(graph, outputs: [value]).run(rows)[value]?.doubles ?? []
  }
}
