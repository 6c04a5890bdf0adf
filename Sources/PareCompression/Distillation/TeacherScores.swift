import PareGraph
import PareModels
import PareTensor
import PareTraining
import RealModule

/// What a teacher says of rows: the numbers that a student is to come close to.
package struct TeacherScores {
  /// The tensor among a student's training data that holds them. Rows that have it already need no teacher.
  package static let input = "teacherScores"

  private let teacher: Model
  private let scores: ModelScores
  private let isTheModel: Bool

  /// - Parameters:
  ///   - isTheModel: whether the student takes the teacher's place, so that both have to end in the same kind of number.
  ///   - kind: what the student yields.
  init(_ teacher: Model, isTheModel: Bool, kind: ModelScores.Kind) throws {
    self.teacher = teacher
    self.isTheModel = isTheModel
    scores = try teacher.graph.scores(as: kind)
  }

  /// The rows with the teacher's scores for each. A teacher that knows only probabilities gives their logarithms, whose
  /// softmax they are.
  func added(to rows: TrainingData) throws -> TrainingData {
    guard let given = try Scorer(teacher.graph, outputs: [scores.value]).run(rows)[scores.value] else { return rows }
    if scores.kind == .panel { return try rows.with(Self.input, Self.known(given, of: rows)) }
    guard scores.kind == .classes, given.rowsAreDistributions else { return try rows.with(Self.input, given) }
    guard !isTheModel else {
      throw CompressionError(
        "no-student", subject: "value '\(scores.value)' of model '\(teacher.graph.name)'",
        expected: "logits, or a Softmax behind them, for a student to end in", found: "probabilities that no Softmax makes")
    }
    let logarithms = given.values(as: Float.self).map { Float.log(max($0, 1e-7)) }
    return try rows.with(Self.input, Tensor(logarithms, shape: given.shape))
  }
}

extension TeacherScores {
  /// Scores of a panel, NaN for symbols that are absent and for days that nothing is learned from.
  fileprivate static func known(_ scores: Tensor, of rows: TrainingData) -> Tensor {
    var values = scores.values(as: Float.self)
    let mask = rows[Graph.panelMask]?.values(as: Float.self)
    let labels = rows["labels"]?.values(as: Float.self)
    let symbols = scores.shape[scores.shape.rank - 1]
    for day in stride(from: 0, to: values.count, by: max(symbols, 1)) {
      let cells = day..<day + symbols
      let isLearned = labels.map { labels in cells.contains { !labels[$0].isNaN } } ?? true
      for cell in cells where !isLearned || mask.map({ $0[cell] < 0.5 }) == true { values[cell] = .nan }
    }
    return Tensor(values, shape: scores.shape)
  }
}

extension Tensor {
  /// Whether each row holds numbers of at least 0 that add up to 1.
  fileprivate var rowsAreDistributions: Bool {
    guard shape.rank == 2, shape[1] > 0 else { return false }
    let values = values(as: Float.self)
    return stride(from: 0, to: values.count, by: shape[1]).allSatisfy { start in
      let row = values[start..<start + shape[1]]
      return row.allSatisfy { $0 >= 0 } && (row.reduce(0, +) - 1).magnitude < 1e-4
    }
  }
}
