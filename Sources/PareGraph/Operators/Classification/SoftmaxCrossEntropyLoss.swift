import PareTensor

/// The cross-entropy of integer labels under the softmax of scores.
///
/// For each label l, `loss = −w[l] · logsoftmax(scores)[l]`, with weights w of 1 unless given; 0 where the label is
/// `ignore_index`. The `reduction` is `none`, `sum` or `mean` (the default: the sum over the sum of the weights of the
/// labels that count, so NaN where none does).
///
/// - Inputs: scores `[N, C, …]`, labels `[N, …]` of int32 or int64, optionally weights `[C]`.
/// - Outputs: the loss, `[N, …]` or a scalar; optionally the log-probabilities `[N, C, …]`.
/// - Throws while running: `graph.label` for a label outside `0 ..< C`.
/// - Source: ONNX SoftmaxCrossEntropyLoss.
public enum SoftmaxCrossEntropyLoss: FloatingPointOperator {
  public static let name: OperatorName = "SoftmaxCrossEntropyLoss"
  public static let inputCount = 2...3
  public static let outputCount = 1...2
  public static let attributeNames = ["reduction", "ignore_index"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let scores = try context.floatingPointInput(0)
    return [try CrossEntropy.lossType(context, scores: 0), scores]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let problem = try CrossEntropy(context, scores: 0)
    let hasLogProbabilities = context.outputs.count > 1
    return { buffers in
      let scores = buffers.input(0, as: Scalar.self)
      let loss = buffers.output(as: Scalar.self)
      let lines = problem.lines
      var sum: Scalar = 0
      var weights: Scalar = 0
      try problem.forEachLabel(buffers, Scalar.self) { row, line, label, weight in
        let normalizer = CrossEntropy.logSumExp(scores + line, extent: lines.extent, step: lines.inner)
        if hasLogProbabilities {
          let logProbabilities = buffers.output(1, as: Scalar.self)
          for index in 0..<lines.extent {
            let position = line + index * lines.inner
            logProbabilities[position] = scores[position] - normalizer
          }
        }
        // Written out, so that what is ignored counts as 0 even where its scores are NaN.
        let term = label.map { weight * (normalizer - scores[line + $0 * lines.inner]) } ?? 0
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
    let node = context.node
    var byScores: String?
    if let dLoss = context.outputGradient {
      byScores = try context.apply(SoftmaxCrossEntropyLossGradient.name, [dLoss] + node.inputs, node.attributes)
    }
    if context.outputGradients.count > 1, let dLogProbabilities = context.outputGradients[1] {
      let more = try context.apply(
        LogSoftmaxGradient.name, [dLogProbabilities, node.outputs[1]], ["axis": .int(1)])
      byScores = try byScores.map { try context.apply(Add.name, [$0, more]) } ?? more
    }
    return context.onlyByFirst(byScores)
  }
}

/// `dScores = dLoss · w[l] · (softmax(scores) − onehot(l))`, over the sum of the weights for the reduction `mean`; 0 where
/// the label is ignored.
///
/// Inputs: dLoss, then those of the loss; its attributes.
public enum SoftmaxCrossEntropyLossGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.SoftmaxCrossEntropyLossGradient"
  public static let inputCount = 3...4
  public static let attributeNames = SoftmaxCrossEntropyLoss.attributeNames

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
    return { buffers in
      let dLoss = buffers.input(0, as: Scalar.self)
      let scores = buffers.input(1, as: Scalar.self)
      let dScores = buffers.output(as: Scalar.self)
      let lines = problem.lines
      let scale = try problem.scale(buffers, dLoss)
      try problem.forEachLabel(buffers, Scalar.self) { row, line, label, weight in
        let factor = weight * (problem.reduction == .none ? dLoss[row] : scale)
        let normalizer = CrossEntropy.logSumExp(scores + line, extent: lines.extent, step: lines.inner)
        for index in 0..<lines.extent {
          let position = line + index * lines.inner
          guard let label else {
            dScores[position] = 0
            continue
          }
          dScores[position] = factor * (Scalar.exp(scores[position] - normalizer) - (index == label ? 1 : 0))
        }
      }
    }
  }
}
