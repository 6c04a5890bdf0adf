import PareTensor

/// `Y = (X − mean) / √(variance + epsilon) · scale + B`, each channel by itself.
///
/// Mean and variance are inputs 3 and 4; with `training_mode` they are those of the batch (the variance over the whole
/// population, not the sample), and the inputs are running averages of them, which come out updated.
///
/// - Inputs: `X [N, C, D1, …]`; scale, B, mean and variance `[C]`.
/// - Outputs: Y; in training mode optionally `running_mean` and `running_var [C]`, `input · momentum + batch · (1 −
///   momentum)`.
/// - Source: ONNX BatchNormalization; Ioffe and Szegedy 2015, arXiv:1502.03167.
public enum BatchNormalization: FloatingPointOperator {
  public static let name: OperatorName = "BatchNormalization"
  public static let inputCount = 5...5
  public static let outputCount = 1...3
  public static let weightInputs: Set<Int> = [1, 2]
  public static let attributeNames = ["epsilon", "momentum", "training_mode"]

  static func epsilon(_ node: Node) throws -> Double { try node.float("epsilon", default: 1e-5) }
  static func momentum(_ node: Node) throws -> Double { try node.float("momentum", default: 0.9) }
  static func isTraining(_ node: Node) throws -> Bool { try node.int("training_mode", default: 0) != 0 }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.channelInputs(1..<5)
    _ = (try epsilon(context.node), try momentum(context.node))
    guard try isTraining(context.node) || context.node.outputs.count == 1 else {
      throw GraphError(
        "output-count", node: context.node, expected: "one output, or training_mode 1",
        found: "\(context.node.outputs.count) outputs")
    }
    return [x, try context.input(3), try context.input(4)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let node = context.node
    let layout = ChannelLayout(try context.input(0).shape)
    let isTraining = try isTraining(node)
    let epsilon = Scalar(try epsilon(node))
    let momentum = Scalar(try momentum(node))
    let outputCount = context.outputs.count
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let (scale, shift) = (buffers.input(1, as: Scalar.self), buffers.input(2, as: Scalar.self))
      let (oldMean, oldVariance) = (buffers.input(3, as: Scalar.self), buffers.input(4, as: Scalar.self))
      let y = buffers.output(as: Scalar.self)
      for channel in 0..<layout.channels {
        var statistics = ChannelStatistics(mean: oldMean[channel], variance: oldVariance[channel])
        if isTraining {
          statistics = ChannelStatistics(x, layout, channel: channel)
          if outputCount > 1 {
            buffers.output(1, as: Scalar.self)[channel] = oldMean[channel] * momentum + statistics.mean * (1 - momentum)
          }
          if outputCount > 2 {
            buffers.output(2, as: Scalar.self)[channel] =
              oldVariance[channel] * momentum + statistics.variance * (1 - momentum)
          }
        }
        let factor = scale[channel] / (statistics.variance + epsilon).squareRoot()
        layout.forEach(channel: channel) { y[$0] = (x[$0] - statistics.mean) * factor + shift[channel] }
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    let node = context.node
    func outputGradient(_ index: Int, _ context: GradientContext) -> String? {
      index < context.outputGradients.count ? context.outputGradients[index] : nil
    }
    let (byMean, byVariance) = (outputGradient(1, context), outputGradient(2, context))
    guard context.outputGradient != nil || byMean != nil || byVariance != nil else { return context.noGradients }
    let dy = try context.outputGradient ?? context.apply(ZerosLike.name, [node.inputs[0]])
    return try context.applyAll(
      BatchNormalizationGradient.name,
      [dy, node.inputs[0], node.inputs[1], node.inputs[3], node.inputs[4], byMean ?? "", byVariance ?? ""],
      node.attributes, outputCount: 5)
  }
}

/// Mean and variance of one channel.
struct ChannelStatistics<Scalar: FloatingPointElement> {
  let mean: Scalar
  let variance: Scalar

  init(mean: Scalar, variance: Scalar) {
    self.mean = mean
    self.variance = variance
  }

  /// Of the elements: the mean first, then the mean of the squared distances from it.
  init(_ x: UnsafePointer<Scalar>, _ layout: ChannelLayout, channel: Int) {
    let count = Scalar(layout.channelCount)
    var sum: Scalar = 0
    layout.forEach(channel: channel) { sum += x[$0] }
    let mean = sum / count
    var squares: Scalar = 0
    layout.forEach(channel: channel) { squares += (x[$0] - mean) * (x[$0] - mean) }
    self.init(mean: mean, variance: squares / count)
  }
}
