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
  /// Of each column.
  private let means: [Double]

  /// - Throws: `graph.scores` where the graph has no scores; what evaluating it throws.
  init(_ graph: Graph, rows: TrainingData) throws {
    value = try graph.scores().value
    self.rows = rows
    scores = try Self.scores(graph, value, rows)
    let columns = max(scores.count / rows.rowCount, 1)
    var sums = [Double](repeating: 0, count: columns)
    for (position, score) in scores.enumerated() { sums[position % columns] += score }
    means = sums.map { $0 / Double(rows.rowCount) }
  }

  /// The error of another graph's scores, each column's mean, as the reference has it, taken off both.
  func error(of graph: Graph) throws -> ErrorMeasure {
    let columns = means.count
    func centred(_ scores: [Double]) -> [Double] { scores.enumerated().map { $1 - means[$0 % columns] } }
    return ErrorMeasure(of: centred(try Self.scores(graph, value, rows)), against: centred(scores))
  }

  private static func scores(_ graph: Graph, _ value: String, _ rows: TrainingData) throws -> [Double] {
    try Scorer(graph, outputs: [value]).run(rows)[value]?.doubles ?? []
  }
}
