import PareGraph
import PareTensor

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
  public var temperature: Scheduled
  /// The input that holds a weight for each row; added to the graph.
  public var rowWeights: String?

  public init(
    logits: String = "logits", teacherLogits: String = "teacherLogits", temperature: Double = 1, rowWeights: String? = nil
  ) {
    self.init(logits: logits, teacherLogits: teacherLogits, temperature: .constant(temperature), rowWeights: rowWeights)
  }

  /// With a temperature that may move while training goes on.
  public init(
    logits: String = "logits", teacherLogits: String = "teacherLogits", temperature: Scheduled, rowWeights: String? = nil
  ) {
    self.logits = logits
    self.teacherLogits = teacherLogits
    self.temperature = temperature
    self.rowWeights = rowWeights
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    try temperature.validate("temperature", "temperature", "a positive number") { $0 > 0 && $0.isFinite }
    return try append(to: &builder, temperature: builder.factor(temperature, like: logits))
  }

  /// The divergence at a temperature that the graph may compute.
  func append(to builder: inout GraphBuilder, temperature: LossFactor) throws -> String {
    let teacher = try builder.requiredInput(teacherLogits, builder.type(of: logits))
    let softTeacher = try builder.scaled(teacher, byInverseOf: temperature)
    let softStudent = try builder.scaled(logits, byInverseOf: temperature)
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
  public var hardWeight: Scheduled
  /// T.
  public var temperature: Scheduled
  /// What the labels say: smoothing, and weights of classes and rows. Weights of rows hold for the teacher's part too.
  public var hard: CrossEntropy
  public var teacherLogits: String

  public init(
    hardWeight: Double, temperature: Double, hard: CrossEntropy = CrossEntropy(), teacherLogits: String = "teacherLogits"
  ) {
    self.init(
      hardWeight: .constant(hardWeight), temperature: .constant(temperature), hard: hard, teacherLogits: teacherLogits)
  }

  /// With a share and a temperature that may move while training goes on.
  public init(
    hardWeight: Scheduled, temperature: Scheduled, hard: CrossEntropy = CrossEntropy(),
    teacherLogits: String = "teacherLogits"
  ) {
    self.hardWeight = hardWeight
    self.temperature = temperature
    self.hard = hard
    self.teacherLogits = teacherLogits
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    try hardWeight.validate("hard-weight", "hard weight", "a fraction in 0 ... 1") { (0...1).contains($0) }
    if hardWeight == .constant(1) { return try hard.append(to: &builder) }
    let soft = KullbackLeibler(
      logits: hard.logits, teacherLogits: teacherLogits, temperature: temperature, rowWeights: hard.rowWeights)
    if case .constant(let alpha) = hardWeight, case .constant(let temperature) = temperature {
      let softTerm: (Double, any Loss) = ((1 - alpha) * temperature * temperature, soft)
      if alpha == 0 { return try WeightedSum([softTerm]).append(to: &builder) }
      return try WeightedSum([(alpha, hard), softTerm]).append(to: &builder)
    }
    try temperature.validate("temperature", "temperature", "a positive number") { $0 > 0 && $0.isFinite }
    return try soft.mixed(
      with: hard, share: hardWeight, temperature: builder.factor(temperature, like: hard.logits), in: &builder)
  }
}

extension KullbackLeibler {
  /// `α · hard + (1 − α) · T² · KL` at numbers that the graph may compute; without the hard part where α is always 0.
  func mixed(
    with hard: CrossEntropy, share: Scheduled, temperature: LossFactor, in builder: inout GraphBuilder
  ) throws -> String {
    let alpha = try builder.factor(share, like: logits)
    let divergence = try append(to: &builder, temperature: temperature)
    let squared = try builder.scaled(builder.scaled(divergence, by: temperature), by: temperature)
    let softTerm = try builder.scaled(squared, by: builder.complement(of: alpha))
    if share == .constant(0) { return softTerm }
    return try builder.apply("Add", [builder.scaled(hard.append(to: &builder), by: alpha), softTerm])
  }
}
