import PareGraph
import PareTensor
import PareTraining

/// Huber's loss of the values of chosen actions: `mean_i Σ_a c_ia · huber(Q_ia − y_ia)`.
///
/// With `c` one-hot it gathers the value of the action that was taken (Mnih et al. 2015, Nature 518, algorithm 1; their
/// clipped error is Huber's with δ = 1). With ones everywhere all actions are learnt at once.
///
/// - Shapes: `logits [batch, A]` are the values Q; inputs `target`, `actionWeights`, each `[batch, A]` of Float32.
public struct ActionValueLoss: Loss {
  /// δ, above 0.
  public var delta: Double

  public init(delta: Double = 1) {
    self.delta = delta
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    try AgentError.check("huber-delta", delta, delta > 0 && delta.isFinite, "a positive number")
    let type = try builder.type(of: "logits")
    let target = try builder.requiredInput("target", type)
    let weights = try builder.requiredInput("actionWeights", type)
    let difference = try builder.apply("Sub", ["logits", target])
    let clipped = try builder.apply("Clip", [difference] + builder.bounds(-delta, delta, type.elementType))
    // With c = d between −δ and δ, both pieces of Huber's are c · (d − c/2).
    let rest = try builder.apply("Sub", [difference, builder.scaled(clipped, by: 0.5)])
    let terms = try builder.apply("Mul", [weights, builder.apply("Mul", [clipped, rest])])
    return try builder.mean(builder.rowSums(terms))
  }
}

/// The clipped surrogate, negated: `−mean_i Σ_a c_ia · min(ρ_ia · A_ia, clip(ρ_ia, 1 − ε, 1 + ε) · A_ia)` with
/// `ρ = π(a) / π_old(a)`.
///
/// With `c` one-hot it is the objective of Schulman et al. 2017, arXiv:1707.06347, equation 7. With `c = π_old` it is
/// that objective's expectation over the actions, for which the advantages of all have to be known.
///
/// - Shapes: `logits [batch, A]`; inputs `oldLogProbabilities`, `advantages`, `actionWeights`, each `[batch, A]` of Float32.
public struct ClippedSurrogate: Loss {
  /// ε, in `0 < ε < 1`.
  public var clipRange: Double

  public init(clipRange: Double = 0.2) {
    self.clipRange = clipRange
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    try AgentError.check("clip-range", clipRange, clipRange > 0 && clipRange < 1, "a number between 0 and 1")
    let type = try builder.type(of: "logits")
    let old = try builder.requiredInput("oldLogProbabilities", type)
    let advantages = try builder.requiredInput("advantages", type)
    let weights = try builder.requiredInput("actionWeights", type)
    let logProbabilities = try builder.apply("LogSoftmax", ["logits"])
    let ratio = try builder.apply("Exp", [builder.apply("Sub", [logProbabilities, old])])
    let clipped = try builder.apply(
      "Clip", [ratio] + builder.bounds(1 - clipRange, 1 + clipRange, type.elementType))
    let terms = try builder.apply(
      "Min", [builder.apply("Mul", [ratio, advantages]), builder.apply("Mul", [clipped, advantages])])
    let weighted = try builder.apply("Mul", [weights, terms])
    return try builder.scaled(builder.mean(builder.rowSums(weighted)), by: -1)
  }
}

/// The negated entropy of a policy, `mean_i Σ_a π_ia · log π_ia`: what keeps it from settling too early.
///
/// - Shapes: `logits [batch, A]`; with weights an input `entropyWeights [batch, 1]`, by which each row's part is multiplied.
public struct NegativeEntropy: Loss {
  /// Whether rows have weights: a bonus that changes while learning goes on.
  public var isWeighted: Bool

  public init(isWeighted: Bool = false) {
    self.isWeighted = isWeighted
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let logProbabilities = try builder.apply("LogSoftmax", ["logits"])
    var terms = try builder.apply("Mul", [builder.apply("Softmax", ["logits"]), logProbabilities])
    if isWeighted {
      let type = try builder.type(of: "logits")
      let weights = try builder.requiredInput("entropyWeights", ValueType(type.elementType, [type.dimensions[0], 1]))
      terms = try builder.apply("Mul", [terms, weights])
    }
    return try builder.mean(builder.rowSums(terms))
  }
}

extension GraphBuilder {
  fileprivate mutating func bounds(_ low: Double, _ high: Double, _ type: ElementType) throws -> [String] {
    try [low, high].map { bound in
      try constant(type == .float64 ? Tensor(scalar: bound) : Tensor(scalar: Float(bound)), named: "bound")
    }
  }
}
