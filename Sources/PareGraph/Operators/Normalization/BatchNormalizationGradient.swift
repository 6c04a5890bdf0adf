import PareTensor

/// The gradients of a batch normalization.
///
/// With `x̂ = (X − mean) / √(variance + epsilon)`, `r` the reciprocal of that root, and the sums `S = Σ dY`, `T = Σ dY · x̂`
/// over the n elements of a channel:
///
///     dScale = T,  dB = S,  dMean = −scale · r · S,  dVariance = −½ · scale · r² · T,  dX = scale · r · dY
///
/// and in training mode, where mean and variance are X's own,
///
///     dX = scale · r · (dY − S / n − x̂ · T / n) + (1 − momentum) · (gM + 2 · gV · (X − mean)) / n,
///     dMean = momentum · gM,  dVariance = momentum · gV
///
/// - Inputs: dY, X, scale, mean, variance; gM and gV, the gradients by the running averages, 0 where not given.
/// - Outputs: dX, dScale, dB, dMean, dVariance.
public enum BatchNormalizationGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.BatchNormalizationGradient"
  public static let inputCount = 5...7
  public static let outputCount = 5...5
  public static let attributeNames = BatchNormalization.attributeNames

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.channelInputs(2..<5, of: 1)
    _ = try context.equalInputs(0, 1)
    for (index, subject) in [(5, 3), (6, 4)] where context.has(index) { _ = try context.equalInputs(index, subject) }
    let (scale, mean, variance) = (try context.input(2), try context.input(3), try context.input(4))
    return [x, scale, scale, mean, variance]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let node = context.node
    let layout = ChannelLayout(try context.input(1).shape)
    let isTraining = try BatchNormalization.isTraining(node)
    let epsilon = Scalar(try BatchNormalization.epsilon(node))
    let momentum = Scalar(try BatchNormalization.momentum(node))
    let (hasMeanGradient, hasVarianceGradient) = (context.has(5), context.has(6))
    return { buffers in
      let (dy, x) = (buffers.input(0, as: Scalar.self), buffers.input(1, as: Scalar.self))
      let dx = buffers.output(0, as: Scalar.self)
      let count = Scalar(layout.channelCount)
      for channel in 0..<layout.channels {
        let scale = buffers.input(2, as: Scalar.self)[channel]
        let statistics =
          isTraining
          ? ChannelStatistics(x, layout, channel: channel)
          : ChannelStatistics(
            mean: buffers.input(3, as: Scalar.self)[channel], variance: buffers.input(4, as: Scalar.self)[channel])
        let mean = statistics.mean
        let r = 1 / (statistics.variance + epsilon).squareRoot()
        var (s, t): (Scalar, Scalar) = (0, 0)
        layout.forEach(channel: channel) {
          s += dy[$0]
          t += dy[$0] * ((x[$0] - mean) * r)
        }
        buffers.output(1, as: Scalar.self)[channel] = t
        buffers.output(2, as: Scalar.self)[channel] = s
        if isTraining {
          let gm = hasMeanGradient ? buffers.input(5, as: Scalar.self)[channel] : 0
          let gv = hasVarianceGradient ? buffers.input(6, as: Scalar.self)[channel] : 0
          layout.forEach(channel: channel) {
            let distance = x[$0] - mean
            dx[$0] =
              scale * r * (dy[$0] - s / count - distance * r * (t / count))
              + (1 - momentum) * (gm + 2 * gv * distance) / count
          }
          buffers.output(3, as: Scalar.self)[channel] = momentum * gm
          buffers.output(4, as: Scalar.self)[channel] = momentum * gv
        } else {
          layout.forEach(channel: channel) { dx[$0] = scale * r * dy[$0] }
          buffers.output(3, as: Scalar.self)[channel] = -scale * r * s
          buffers.output(4, as: Scalar.self)[channel] = -scale * r * r * t / 2
        }
      }
    }
  }
}
