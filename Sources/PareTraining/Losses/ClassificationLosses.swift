import PareGraph
import PareTensor

/// Cross-entropy of a softmax with integer labels, a mean over the rows: `−mean_i log softmax(z_i)[label_i]`.
///
/// - Shapes: `logits [batch, K]`, `labels [batch]` of Int64 in `0 ..< K`.
public struct CrossEntropy: Loss {
  /// The value that holds the logits.
  public var logits: String
  /// The input that holds the labels; added to the graph.
  public var labels: String

  public init(logits: String = "logits", labels: String = "labels") {
    self.logits = logits
    self.labels = labels
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let type = try builder.type(of: logits)
    guard type.rank == 2 else {
      throw TrainingError("loss-input", subject: "value '\(logits)'", expected: "logits [batch, K]", found: "\(type)")
    }
    let labels = try builder.requiredInput(labels, ValueType(.int64, [type.dimensions[0]]))
    return try builder.apply(
      "SoftmaxCrossEntropyLoss", [logits, labels], attributes: ["reduction": .string("mean")])
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

  public init(logits: String = "logits", teacherLogits: String = "teacherLogits", temperature: Double = 1) {
    self.logits = logits
    self.teacherLogits = teacherLogits
    self.temperature = temperature
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
    return try builder.mean(builder.rowSums(terms))
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
  public var logits: String
  public var labels: String
  public var teacherLogits: String

  public init(
    hardWeight: Double, temperature: Double, logits: String = "logits", labels: String = "labels",
    teacherLogits: String = "teacherLogits"
  ) {
    self.hardWeight = hardWeight
    self.temperature = temperature
    self.logits = logits
    self.labels = labels
    self.teacherLogits = teacherLogits
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    guard (0...1).contains(hardWeight) else {
      throw TrainingError(
        "hard-weight", subject: "hard weight", expected: "a fraction in 0 ... 1", found: "\(hardWeight)", category: .usage)
    }
    let hard = CrossEntropy(logits: logits, labels: labels)
    let soft = KullbackLeibler(logits: logits, teacherLogits: teacherLogits, temperature: temperature)
    if hardWeight == 1 { return try hard.append(to: &builder) }
    let softTerm: (Double, any Loss) = ((1 - hardWeight) * temperature * temperature, soft)
    if hardWeight == 0 { return try WeightedSum([softTerm]).append(to: &builder) }
    return try WeightedSum([(hardWeight, hard), softTerm]).append(to: &builder)
  }
}
