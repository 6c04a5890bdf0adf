import PareTensor

/// The negative log-likelihood of integer labels under given log-probabilities: for each label l, `−w[l] · X[l]`, with
/// weights w of 1 unless given; 0 where the label is `ignore_index`. The `reduction` as `SoftmaxCrossEntropyLoss` has it.
///
/// - Inputs: X `[N, C, …]`, labels `[N, …]` of int32 or int64, optionally weights `[C]`.
/// - Throws while running: `graph.label` for a label outside `0 ..< C`.
/// - Source: ONNX NegativeLogLikelihoodLoss.
public enum NegativeLogLikelihoodLoss: FloatingPointOperator {
  public static let name: OperatorName = "NegativeLogLikelihoodLoss"
  public static let inputCount = 2...3
  public static let attributeNames = ["reduction", "ignore_index"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    [try CrossEntropy.lossType(context, scores: 0)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let problem = try CrossEntropy(context, scores: 0)
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let loss = buffers.output(as: Scalar.self)
      var sum: Scalar = 0
      var weights: Scalar = 0
      try problem.forEachLabel(buffers, Scalar.self) { row, line, label, weight in
        let term = label.map { -weight * x[line + $0 * problem.lines.inner] } ?? 0
        if problem.reduction == .none { loss[row] = term }
        sum += term
        weights += weight
      }
      switch problem.reduction {
      case .none: break
      case .sum: loss[0] = sum
      case .mean: loss[0] = sum / weights
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dLoss = context.outputGradient else { return context.noGradients }
    let node = context.node
    return context.onlyByFirst(
      try context.apply(NegativeLogLikelihoodLossGradient.name, [dLoss] + node.inputs, node.attributes))
  }
}

/// `dX = −dLoss · w[l]` at the label l, over the sum of the weights for the reduction `mean`; 0 elsewhere.
///
/// Inputs: dLoss, then those of the loss; its attributes.
public enum NegativeLogLikelihoodLossGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.NegativeLogLikelihoodLossGradient"
  public static let inputCount = 3...4
  public static let attributeNames = NegativeLogLikelihoodLoss.attributeNames

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (given, expected) = (try context.input(0), try CrossEntropy.lossType(context, scores: 1))
    guard given == expected else {
      throw GraphError("shape", node: context.node, expected: "the gradient by a loss \(expected)", found: "\(given)")
    }
    return [try context.input(1)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let problem = try CrossEntropy(context, scores: 1)
    let count = context.outputs[0].shape.elementCount
    return { buffers in
      let dLoss = buffers.input(0, as: Scalar.self)
      let dx = buffers.output(as: Scalar.self)
      let scale = try problem.scale(buffers, dLoss)
      dx.update(repeating: 0, count: count)
      try problem.forEachLabel(buffers, Scalar.self) { row, line, label, weight in
        guard let label else { return }
        dx[line + label * problem.lines.inner] = -weight * (problem.reduction == .none ? dLoss[row] : scale)
      }
    }
  }
}
