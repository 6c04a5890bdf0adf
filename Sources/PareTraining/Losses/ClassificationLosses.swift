import PareGraph
import PareTensor

/// Cross-entropy of a softmax with integer labels, a mean over the rows: `mean_i w_i · l_i` with
/// `l_i = −(1 − ε) · log softmax(z_i)[label_i] − ε/K · Σ_k log softmax(z_i)[k]`.
///
/// The row's weight `w_i` is its class's times its own, 1 where neither is given. The sum is divided by the number of
/// rows and not by the sum of the weights, so that every row counts the same in whatever batch it comes.
///
/// - Shapes: `logits [batch, K]`, `labels [batch]` of Int64 in `0 ..< K`, weights of rows `[batch]` of Float32.
/// - Source: label smoothing is that of Szegedy et al. 2016, arXiv:1512.00567, §7, with a uniform prior.
public struct CrossEntropy: Loss {
  /// The value that holds the logits.
  public var logits: String
  /// The input that holds the labels; added to the graph.
  public var labels: String
  /// ε, in `0 ..< 1`: the share of the target that is spread over all classes.
  public var labelSmoothing: Double
  /// A weight of at least 0 for each class.
  public var classWeights: [Double]?
  /// The input that holds a weight for each row; added to the graph.
  public var rowWeights: String?

  public init(
    logits: String = "logits", labels: String = "labels", labelSmoothing: Double = 0, classWeights: [Double]? = nil,
    rowWeights: String? = nil
  ) {
    self.logits = logits
    self.labels = labels
    self.labelSmoothing = labelSmoothing
    self.classWeights = classWeights
    self.rowWeights = rowWeights
  }

  /// Weights under which each class counts the same: `rows / (K · rows of the class)`, 0 for a class without rows.
  ///
  /// - Parameter labels: one per row; what is not in `0 ..< classCount` counts for nothing.
  public static func balancedWeights(_ labels: Tensor, classCount: Int) -> [Double] {
    var counts = [Double](repeating: 0, count: classCount)
    for label in labels.doubles where label >= 0 && label < Double(classCount) { counts[Int(label)] += 1 }
    let present = Double(counts.count { $0 > 0 })
    let total = counts.reduce(0, +)
    return counts.map { $0 > 0 ? total / (present * $0) : 0 }
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let type = try builder.type(of: logits)
    guard type.rank == 2 else {
      throw TrainingError("loss-input", subject: "value '\(logits)'", expected: "logits [batch, K]", found: "\(type)")
    }
    guard (0..<1).contains(labelSmoothing) else {
      throw TrainingError(
        "label-smoothing", subject: "label smoothing", expected: "a share in 0 ..< 1", found: "\(labelSmoothing)",
        category: .usage)
    }
    let labels = try builder.requiredInput(labels, ValueType(.int64, [type.dimensions[0]]))
    if labelSmoothing == 0, classWeights == nil, rowWeights == nil {
      return try builder.apply(
        "SoftmaxCrossEntropyLoss", [logits, labels], attributes: ["reduction": .string("mean")])
    }
    var rows = try builder.apply(
      "SoftmaxCrossEntropyLoss", [logits, labels], attributes: ["reduction": .string("none")])
    if labelSmoothing > 0 {
      let spread = try builder.rowMeans(builder.apply("LogSoftmax", [logits]))
      rows = try builder.apply(
        "Sub", [builder.scaled(rows, by: 1 - labelSmoothing), builder.scaled(spread, by: labelSmoothing)])
    }
    if let weights = try classWeightTensor(type) {
      let weights = try builder.apply("Gather", [builder.constant(weights, named: "classWeights"), labels])
      rows = try builder.apply("Mul", [rows, weights])
    }
    return try builder.mean(rows, weightedBy: rowWeights)
  }

  private func classWeightTensor(_ type: ValueType) throws -> Tensor? {
    guard let classWeights else { return nil }
    let expected = type.dimensions[1].fixedValue
    guard classWeights.allSatisfy({ $0 >= 0 && $0.isFinite }), expected == nil || expected == classWeights.count else {
      throw TrainingError(
        "class-weights", subject: "class weights", expected: "\(type.dimensions[1]) numbers of at least 0",
        found: "\(classWeights)", category: .usage)
    }
    return type.elementType == .float64 ? Tensor(classWeights) : Tensor(classWeights.map { Float($0) })
  }
}

/// Kullback and Leibler's divergence of two softened softmaxes, a mean over the rows:
/// `mean_i Σ_k p_ik · (log p_ik − log q_ik)` with `p = softmax(teacher / T)`, `q = softmax(student / T)`.
///
/// - Shapes: both logits `[batch, K]`. The teacher's are an input, through which no gradient flows.
public struct KullbackLeibler: Loss {
  /// The value that holds the student's logits.
  public var logits: String
  /// The input that holds the teacher's; added to the graph.
  public var teacherLogits: String
  /// `T > 0`.
  public var temperature: Double
  /// The input that holds a weight for each row; added to the graph.
  public var rowWeights: String?

  public init(
    logits: String = "logits", teacherLogits: String = "teacherLogits", temperature: Double = 1, rowWeights: String? = nil
  ) {
    self.logits = logits
    self.teacherLogits = teacherLogits
    self.temperature = temperature
    self.rowWeights = rowWeights
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    guard temperature > 0, temperature.isFinite else {
      throw TrainingError(
        "temperature", subject: "temperature", expected: "a positive number", found: "\(temperature)", category: .usage)
    }
    let teacher = try builder.requiredInput(teacherLogits, builder.type(of: logits))
    let softTeacher = try builder.scaled(teacher, by: 1 / temperature)
    let softStudent = try builder.scaled(logits, by: 1 / temperature)
    let p = try builder.apply("Softmax", [softTeacher])
    let logP = try builder.apply("LogSoftmax", [softTeacher])
    let logQ = try builder.apply("LogSoftmax", [softStudent])
    let terms = try builder.apply("Mul", [p, builder.apply("Sub", [logP, logQ])])
    return try builder.mean(builder.rowSums(terms), weightedBy: rowWeights)
  }
}

/// Learning from labels and from a teacher at once: `α · cross-entropy + (1 − α) · T² · KL(teacher_T ‖ student_T)`.
///
/// The factor T² keeps the gradient of the soft part from shrinking as 1/T².
///
/// - Shapes: as `CrossEntropy` and `KullbackLeibler`. With `α = 1` no teacher, and with `α = 0` no label is asked for.
/// - Source: Hinton, Vinyals and Dean 2015, arXiv:1503.02531, §2.
public struct DistillationLoss: Loss {
  /// α, in `0 ... 1`: the share of the labels.
  public var hardWeight: Double
  /// T.
  public var temperature: Double
  /// What the labels say: smoothing, and weights of classes and rows. Weights of rows hold for the teacher's part too.
  public var hard: CrossEntropy
  public var teacherLogits: String

  public init(
    hardWeight: Double, temperature: Double, hard: CrossEntropy = CrossEntropy(), teacherLogits: String = "teacherLogits"
  ) {
    self.hardWeight = hardWeight
    self.temperature = temperature
    self.hard = hard
    self.teacherLogits = teacherLogits
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    guard (0...1).contains(hardWeight) else {
      throw TrainingError(
        "hard-weight", subject: "hard weight", expected: "a fraction in 0 ... 1", found: "\(hardWeight)", category: .usage)
    }
    let soft = KullbackLeibler(
      logits: hard.logits, teacherLogits: teacherLogits, temperature: temperature, rowWeights: hard.rowWeights)
    if hardWeight == 1 { return try hard.append(to: &builder) }
    let softTerm: (Double, any Loss) = ((1 - hardWeight) * temperature * temperature, soft)
    if hardWeight == 0 { return try WeightedSum([softTerm]).append(to: &builder) }
    return try WeightedSum([(hardWeight, hard), softTerm]).append(to: &builder)
  }
}
