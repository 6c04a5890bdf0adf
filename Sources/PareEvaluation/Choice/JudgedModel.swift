/// What objectives and the choice see of a model: the validation part and what running it costs, never the test part.
public protocol JudgedModel {
  var name: String { get }
  var role: CandidateResult.Role { get }
  var validation: Measures { get }
  /// Bytes of the artifact, and those resident in the plan.
  var bytes: Int { get }
  var planBytes: Int { get }
  /// Trainable numbers, zeros included.
  var parameters: Int { get }
  /// Of one decision; nil where that is not known.
  var multiplyAdds: Int? { get }
  /// What a decision takes; nil where that is not known.
  var decisionNanoseconds: Double? { get }
  /// The 99th percentile of the same.
  var tailNanoseconds: Double? { get }
  /// Whether it is one artifact that can be put to work.
  var isDeployable: Bool { get }
  /// Whether no other is at least as good in every objective and better in one.
  var pareto: Bool { get set }
  var withinBudget: Bool { get set }
}

extension JudgedModel {
  public var isDeployable: Bool { true }
}

extension CandidateResult: JudgedModel {
  /// The median of the clock's.
  public var decisionNanoseconds: Double? { latencyNs?.p50 }
  public var tailNanoseconds: Double? { latencyNs?.p99 }
  /// A teacher may be several models, or none.
  public var isDeployable: Bool { artifact != nil }
}
