import Foundation
import PareBacktest
import PareCompression
import PareTensor
import PareTraining

/// What a teacher says of every row of an experiment's data, however it came to say it.
struct TeacherOutputs: Sendable, Equatable {
  let classCount: Int
  /// Row-major `[rows × classes]`; a softmax makes probabilities of them.
  let logits: [Float]
  /// Of an ensemble, per row: how far its members' probabilities are apart, the mean over the classes of their standard deviation.
  let disagreement: [Float]?

  /// - Throws: `evaluation.teacher-outputs`, naming the first row with something that is no number.
  init(classCount: Int, logits: [Float], disagreement: [Float]? = nil, source: String) throws {
    precondition(classCount > 0 && logits.count % classCount == 0)
    if let place = logits.firstIndex(where: { !$0.isFinite }) {
      throw EvaluationError(
        "teacher-outputs", subject: "\(source): row \(place / classCount)", expected: "finite numbers", found: "\(logits[place])")
    }
    self.classCount = classCount
    self.logits = logits
    self.disagreement = disagreement
  }

  var rowCount: Int { logits.count / classCount }

  /// What it says of some rows, as of a model that is deployed.
  func scores(of rows: Range<Int>) throws -> DeployedModel.Scores {
    DeployedModel.Scores(
      probabilities: try ClassProbabilities(rows.flatMap { probabilities(ofRow: $0) }, classCount: classCount),
      logits: Array(logits[rows.lowerBound * classCount..<rows.upperBound * classCount]))
  }

  /// The softmax of a row's logits.
  func probabilities(ofRow row: Int) -> [Float] {
    let scores = logits[row * classCount..<(row + 1) * classCount]
    let peak = scores.max() ?? 0
    let weights = scores.map { exp($0 - peak) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// Training rows with the logits of each, as techniques that learn from a teacher look for them.
  ///
  /// - Parameter places: where the rows stand in the data.
  func added(to data: TrainingData, rows places: [Int]) throws -> TrainingData {
    precondition(places.count == data.rowCount)
    let picked = places.flatMap { logits[$0 * classCount..<($0 + 1) * classCount] }
    return try data.with(TeacherScores.input, Tensor(picked, shape: [places.count, classCount]))
  }
}
