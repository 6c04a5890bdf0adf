import Foundation
import PareBacktest
import PareMarket

/// What a teacher says beyond the class that it holds to be the likeliest, on labelled rows of one part: what a student can learn from
/// it that labels do not say.
///
/// - Source: Hinton, Vinyals and Dean 2015, arXiv:1503.02531, §1, for the term.
public struct DarkKnowledge: Codable, Sendable, Equatable {
  /// The teacher's targets softened by one temperature.
  public struct Softened: Codable, Sendable, Equatable {
    public var temperature: Double
    /// Mean entropy of a row's target, as a share of that of saying nothing, `log K`: 0 where targets are as hard as labels.
    public var entropy: Double
  }

  public var rows: Int
  public var classes: [String]
  /// At T = 1, 2, 4 and 8.
  public var softened: [Softened]
  /// Row-major `[label][class]`: the mean probability that the teacher gives each class on the rows of a label. What stands beside the
  /// diagonal is which classes it holds to be alike.
  public var confusion: [[Double]]
  /// By how sure the teacher is, a tenth of the rows each: how often it is right.
  public var conviction: [CalibrationBin]
  /// Of an ensemble, by how far its members are apart, a tenth of the rows each: `confidence` is the mean disagreement.
  public var disagreement: [CalibrationBin]
  /// Mean absolute gap between how sure and how often right, of the teacher.
  public var calibrationError: Double

  /// - Parameters:
  ///   - outputs: of all rows of the data.
  ///   - rows: those with a label, and the label of each.
  init(_ outputs: TeacherOutputs, rows: [Int], labels: [Int32], classes: [String]) throws {
    let count = outputs.classCount
    self.rows = rows.count
    self.classes = classes
    let logits = rows.map { Array(outputs.logits[$0 * count..<($0 + 1) * count]) }
    softened = [1.0, 2, 4, 8].map { temperature in
      let sum = logits.reduce(0.0) { $0 + Self.entropy(of: $1, temperature: temperature) }
      return Softened(temperature: temperature, entropy: sum / (Double(rows.count) * log(Double(count))))
    }
    var sums = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
    var counts = [Double](repeating: 0, count: count)
    let probabilities = rows.map { outputs.probabilities(ofRow: $0) }
    for (label, said) in zip(labels, probabilities) {
      counts[Int(label)] += 1
      for index in 0..<count { sums[Int(label)][index] += Double(said[index]) }
    }
    confusion = zip(sums, counts).map { sum, count in sum.map { count > 0 ? $0 / count : 0 } }
    let isRight = zip(labels, probabilities).map { label, said in
      said.indices.max { (said[$0], -$0) < (said[$1], -$1) } == Int(label)
    }
    let sureness = probabilities.map { Double($0.max() ?? 0) }
    conviction = Self.tenths(by: sureness, isRight: isRight)
    disagreement = outputs.disagreement.map { apart in Self.tenths(by: rows.map { Double(apart[$0]) }, isRight: isRight) } ?? []
    calibrationError = try ClassificationMetrics(
      of: ClassProbabilities(probabilities.flatMap { $0 }, classCount: count), labels: labels
    ).calibrationError
  }

  /// In nats.
  private static func entropy(of logits: [Float], temperature: Double) -> Double {
    let scaled = logits.map { Double($0) / temperature }
    let peak = scaled.max() ?? 0
    let weights = scaled.map { exp($0 - peak) }
    let sum = weights.reduce(0, +)
    return weights.reduce(0) { $1 > 0 ? $0 - $1 / sum * log($1 / sum) : $0 }
  }

  private static func tenths(by values: [Double], isRight: [Bool]) -> [CalibrationBin] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    let count = min(10, order.count)
    return (0..<count).map { part in
      let rows = order[order.count * part / count..<order.count * (part + 1) / count]
      return CalibrationBin(
        rows: rows.count, confidence: rows.reduce(0) { $0 + values[$1] } / Double(rows.count),
        accuracy: Double(rows.count { isRight[$0] }) / Double(rows.count))
    }
  }
}

/// An experiment's teacher, as the results tell of it.
public struct TeacherSummary: Codable, Sendable, Equatable {
  /// What it is, in words.
  public var words: String
  /// Whether it comes from an earlier run.
  public var wasKept: Bool
  /// The models that it consists of; none where only what it said is known.
  public var models: [String]
  public var curves: [LearningCurve]
  public var validation: DarkKnowledge
  public var test: DarkKnowledge

  init(_ teacher: TrainedTeacher, words: String, on dataset: MarketDataset) throws {
    func known(_ part: DatasetPart) throws -> DarkKnowledge {
      let rows = dataset.labelled(part)
      return try DarkKnowledge(teacher.outputs, rows: rows.rows, labels: rows.labels, classes: dataset.label.classNames)
    }
    self.words = words
    wasKept = teacher.wasKept
    models = teacher.parts.map(\.name)
    curves = teacher.curves
    validation = try known(.validation)
    test = try known(.test)
  }
}
