import PareGraph
import PareTensor
import PareTraining

/// A student over panels that is to have its teacher's reasons: `{top: 0.2, distinguishing: 0.4, decoupling: 0.8, aligning: 0.8}`.
///
/// The teacher's attributions are worked out once for all rows. Of each symbol and day the share `top` of the features with the greatest
/// magnitudes are keywords; the mean shares of magnitudes over the training rows, of days of the same kind where the rows have a tensor
/// `regimes [rows, steps]`, are what the student's first weights are pulled towards. See `ExplanationRegularization`.
public struct ExplanationLesson: Sendable, Hashable {
  /// Points along the way from zeros at which slopes are taken; 1 for gradient × input.
  public var points: Int
  public var top: Double
  public var distinguishing: Double
  public var decoupling: Double
  public var aligning: Double

  public init(points: Int = 4, top: Double = 0.2, distinguishing: Double = 0.4, decoupling: Double = 0.8, aligning: Double = 0.8) {
    (self.points, self.top) = (points, top)
    (self.distinguishing, self.decoupling, self.aligning) = (distinguishing, decoupling, aligning)
  }

  func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.points).require(points, in: 1...64)
    try path.key(CodingKeys.top).require(top > 0 && top < 1, expected: "a share above 0, below 1", found: top)
    for (key, weight) in [(CodingKeys.distinguishing, distinguishing), (.decoupling, decoupling), (.aligning, aligning)] {
      try path.key(key).require(weight >= 0 && weight.isFinite, expected: "a number of at least 0", found: weight)
    }
    try path.require(distinguishing + decoupling + aligning > 0, expected: "one weight above 0", found: "none")
  }

  private var attribution: Attribution { points == 1 ? .gradientTimesInput : .integratedGradients(points: points) }

  /// - Throws: `compression.no-value` for a student without an embedding or a first layer.
  func added(to lesson: Teaching.Lesson, of student: Graph, teacher: Graph, seed: UInt64) throws -> Teaching.Lesson {
    guard lesson.training[TeacherScores.input] != nil else {
      throw CompressionError(
        "no-teacher", subject: "distillation: explanation", expected: "a teacher, so a hard-weight below 1", found: "labels alone", category: .usage)
    }
    let types = try student.inferredTypes()
    guard types["embedding"]?.rank == 4, let first = student.linearLayers.first else {
      throw CompressionError(
        "no-value", subject: "distillation: explanation", expected: "a student over panels with a value 'embedding', as S3G has",
        found: "'\(student.name)' without")
    }
    let magnitudes = try magnitudes(of: teacher, on: lesson.training, seed: seed)
    let shares = RegimeShares(magnitudes, rows: lesson.training)
    func explained(_ rows: TrainingData, _ magnitudes: Tensor) throws -> TrainingData {
      try rows.with("explanation.keywords", keywords(of: magnitudes)).with("explanation.shares", shares.byDay(of: rows, shape: magnitudes.shape))
    }
    let training = try explained(lesson.training, magnitudes)
    let validation = try lesson.validation.map { try explained($0, self.magnitudes(of: teacher, on: $0, seed: seed)) }
    let term = ExplanationRegularization(
      firstWeight: first.weight, teacherScores: TeacherScores.input, distinguishing: distinguishing, decoupling: decoupling,
      aligning: aligning, seed: seed)
    let main = lesson.loss
    return Teaching.Lesson(training: training, validation: validation, groups: lesson.groups) { WeightedSum([(1, main($0)), (1, term)]) }
  }

  private func magnitudes(of teacher: Graph, on rows: TrainingData, seed: UInt64) throws -> Tensor {
    let owed = try attribution.own(of: teacher, on: rows, seed: seed)
    return Tensor(owed.values(as: Float.self).map(abs), shape: owed.shape)
  }

  /// 1 for the greatest of each symbol and day, else 0; none where all are 0.
  private func keywords(of magnitudes: Tensor) -> Tensor {
    let (values, width) = (magnitudes.values(as: Float.self), magnitudes.shape[3])
    let count = max(Int((top * Double(width)).rounded()), 1)
    var keywords = [Float](repeating: 0, count: values.count)
    for start in stride(from: 0, to: values.count, by: width) {
      let order = (start..<start + width).sorted { (-values[$0], $0) < (-values[$1], $1) }
      for place in order.prefix(count) where values[place] > 0 { keywords[place] = 1 }
    }
    return Tensor(keywords, shape: magnitudes.shape)
  }
}

/// Mean shares of magnitudes by feature, for each kind of day.
private struct RegimeShares {
  private var shares: [Int64: [Float]] = [:]
  private let width: Int

  init(_ magnitudes: Tensor, rows: TrainingData) {
    let shape = magnitudes.shape
    width = shape[3]
    let values = magnitudes.values(as: Float.self)
    let regimes = Self.regimes(rows, days: shape[0] * shape[1])
    var sums: [Int64: [Double]] = [:]
    for (day, regime) in regimes.enumerated() {
      var sum = sums[regime] ?? [Double](repeating: 0, count: width)
      for symbol in 0..<shape[2] {
        let start = (day * shape[2] + symbol) * width
        for feature in 0..<width { sum[feature] += Double(values[start + feature]) }
      }
      sums[regime] = sum
    }
    for (regime, sum) in sums {
      let total = sum.reduce(0, +)
      shares[regime] = sum.map { Float(total > 0 ? $0 / total : 1 / Double(width)) }
    }
  }

  /// Of each day; where a kind is unknown, all features alike.
  func byDay(of rows: TrainingData, shape: Shape) -> Tensor {
    let even = [Float](repeating: 1 / Float(width), count: width)
    let values = Self.regimes(rows, days: shape[0] * shape[1]).flatMap { shares[$0] ?? even }
    return Tensor(values, shape: [shape[0], shape[1], width])
  }

  private static func regimes(_ rows: TrainingData, days: Int) -> [Int64] {
    rows["regimes"]?.values(as: Int64.self) ?? [Int64](repeating: 0, count: days)
  }
}

extension ExplanationLesson: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case points, top, distinguishing, decoupling, aligning }

  public init(from decoder: any Decoder) throws {
    let (container, defaults) = (try decoder.strictContainer(keyedBy: CodingKeys.self), ExplanationLesson())
    self.init(
      points: try container.decodeIfPresent(Int.self, forKey: .points) ?? defaults.points,
      top: try container.decodeIfPresent(Double.self, forKey: .top) ?? defaults.top,
      distinguishing: try container.decodeIfPresent(Double.self, forKey: .distinguishing) ?? defaults.distinguishing,
      decoupling: try container.decodeIfPresent(Double.self, forKey: .decoupling) ?? defaults.decoupling,
      aligning: try container.decodeIfPresent(Double.self, forKey: .aligning) ?? defaults.aligning)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(points, forKey: .points)
    try container.encode(top, forKey: .top)
    try container.encode(distinguishing, forKey: .distinguishing)
    try container.encode(decoupling, forKey: .decoupling)
    try container.encode(aligning, forKey: .aligning)
  }
}
