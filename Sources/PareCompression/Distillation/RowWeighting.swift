import PareGraph
import PareTensor
import PareTraining
import RealModule

/// What each row counts while a student learns: `{half-life: 20000, classes: balanced}`. Rows are in order of time.
public struct RowWeighting: Sendable, Hashable {
  /// What rare classes count.
  public enum Classes: String, RecipeWord {
    /// As much as they are frequent.
    case asTheyAre = "as-they-are"
    /// Each class as much as another, however rare: of the teacher's likeliest classes, or of the labels where no teacher is asked.
    case balanced
  }

  /// Rows after which a row counts half as much as the newest; nil where all count the same.
  public var halfLife: Double?
  public var classes: Classes

  public init(halfLife: Double? = nil, classes: Classes = .asTheyAre) {
    (self.halfLife, self.classes) = (halfLife, classes)
  }

  /// The tensor that holds a weight for each row.
  static let input = "rowWeights"

  var isUsed: Bool { self != RowWeighting() }

  func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.halfLife).require(
      halfLife.map { $0 > 0 && $0.isFinite } ?? true, expected: "a number of rows above 0", found: halfLife ?? 0)
  }

  /// Training and validation rows with a weight each, whose mean over the training rows is 1. Validation rows count by their class alone,
  /// since they are all newer.
  ///
  /// - Parameter classCount: of the scores; nil where they are numbers, which have no classes.
  func added(
    to training: TrainingData, _ validation: TrainingData?, classCount: Int?
  ) throws -> (training: TrainingData, validation: TrainingData?) {
    guard isUsed else { return (training, validation) }
    var classWeights: [Double]?
    if classes == .balanced, let classCount, let states = states(of: training) {
      classWeights = CrossEntropy.balancedWeights(states, classCount: classCount)
    }
    func weights(_ rows: TrainingData, decays: Bool) -> [Double] {
      let states = classWeights == nil ? nil : states(of: rows)?.doubles
      return (0..<rows.rowCount).map { row in
        let age = Double(rows.rowCount - 1 - row)
        let decay = decays ? halfLife.map { Double.exp2(-age / $0) } ?? 1 : 1
        guard let classWeights, let states, classWeights.indices.contains(Int(states[row])) else { return decay }
        return decay * classWeights[Int(states[row])]
      }
    }
    let own = weights(training, decays: true)
    let mean = own.reduce(0, +) / Double(max(own.count, 1))
    let rows = try training.with(Self.input, Tensor(own.map { Float($0 / mean) }))
    return (rows, try validation.map { try $0.with(Self.input, Tensor(weights($0, decays: false).map { Float($0) })) })
  }

  /// The class of each row: the teacher's likeliest, else the label.
  private func states(of rows: TrainingData) -> Tensor? {
    guard let scores = rows[TeacherScores.input], scores.shape.rank == 2 else { return rows["labels"] }
    let (values, width) = (scores.doubles, scores.shape[1])
    let classes = stride(from: 0, to: values.count, by: width).map { start -> Int64 in
      var best = 0
      for index in 1..<max(width, 1) where values[start + index] > values[start + best] { best = index }
      return Int64(best)
    }
    return Tensor(classes)
  }
}

extension RowWeighting: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case classes
    case halfLife = "half-life"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      halfLife: try container.decodeIfPresent(Double.self, forKey: .halfLife),
      classes: try container.decodeIfPresent(Classes.self, forKey: .classes) ?? .asTheyAre)
  }
}
