import CPareKernels
import PareGraph
import PareTensor

/// BatchNormalization and its gradient in passes over the channels.
///
/// Bound, with given statistics: `|ŷ − y| ≤ γ₇ · (|x − mean| · |factor| + |shift|)`, factor being scale / √(variance +
/// epsilon). Statistics of the batch are sums of n terms in 16 interleaved parts: the mean is off by at most γ_{n+1} ·
/// mean|x|, and the squared distances carry that twice.
enum BatchNormalizationForms {
  private struct Numbers: Sendable {
    let samples: Int
    let channels: Int
    let inner: Int
    let epsilon: Float
    let momentum: Float
    let isTraining: Bool

    /// Elements of a channel.
    var count: Float { Float(samples * inner) }

    init?(_ context: PreparationContext, input: Int) throws {
      let shape = try context.input(input).shape
      guard context.isFloat32, shape.elementCount > 0 else { return nil }
      (samples, channels) = (shape[0], shape[1])
      inner = shape.elementCount / (samples * channels)
      epsilon = Float(try context.node.float("epsilon", default: 1e-5))
      momentum = Float(try context.node.float("momentum", default: 0.9))
      isTraining = try context.node.int("training_mode", default: 0) != 0
    }
  }

  /// The mean and variance of every channel.
  private static func measure(
    _ x: UnsafePointer<Float>, _ numbers: Numbers, _ kernels: pare_channel_kernels, mean: UnsafeMutablePointer<Float>,
    variance: UnsafeMutablePointer<Float>
  ) {
    let (samples, channels, inner) = (numbers.samples, numbers.channels, numbers.inner)
    kernels.sums(x, mean, samples, channels, inner)
    for channel in 0..<channels { mean[channel] /= numbers.count }
    kernels.squares(x, mean, variance, samples, channels, inner)
    for channel in 0..<channels { variance[channel] /= numbers.count }
  }

  static let forward: FastForm = { context, kernels in
    guard let numbers = try Numbers(context, input: 0) else { return nil }
    let kernels = KernelPointer(kernels.channels)
    let channels = numbers.channels
    let scratch = FormScratch<Float>(count: 3 * channels, repeating: 0)
    let outputCount = context.outputs.count
    return { buffers in
      let x: UnsafePointer<Float> = buffers.input(0)
      let scale: UnsafePointer<Float> = buffers.input(1)
      var (mean, variance): (UnsafePointer<Float>, UnsafePointer<Float>) = (buffers.input(3), buffers.input(4))
      let factor = scratch.elements
      if numbers.isTraining {
        let (batchMean, batchVariance) = (scratch.elements + channels, scratch.elements + 2 * channels)
        measure(x, numbers, kernels.call, mean: batchMean, variance: batchVariance)
        for (output, old, new) in [(1, mean, batchMean), (2, variance, batchVariance)] where output < outputCount {
          let running = buffers.output(output, as: Float.self)
          for channel in 0..<channels {
            running[channel] = old[channel] * numbers.momentum + new[channel] * (1 - numbers.momentum)
          }
        }
        (mean, variance) = (UnsafePointer(batchMean), UnsafePointer(batchVariance))
      }
      for channel in 0..<channels {
        factor[channel] = scale[channel] / (variance[channel] + numbers.epsilon).squareRoot()
      }
      kernels.call.normalize(
        x, mean, factor, buffers.input(2), buffers.output(), numbers.samples, channels, numbers.inner)
    }
  }

  /// Inputs: dY, X, scale, mean and variance; gradients by the running averages are left to the reference.
  static let gradient: FastForm = { context, kernels in
    guard !context.has(5), !context.has(6), let numbers = try Numbers(context, input: 1) else { return nil }
    let kernels = KernelPointer(kernels.channels)
    let (samples, channels, inner) = (numbers.samples, numbers.channels, numbers.inner)
    let scratch = FormScratch<Float>(count: 5 * channels, repeating: 0)
    return { buffers in
      let (dy, x): (UnsafePointer<Float>, UnsafePointer<Float>) = (buffers.input(0), buffers.input(1))
      let scale: UnsafePointer<Float> = buffers.input(2)
      var (mean, variance): (UnsafePointer<Float>, UnsafePointer<Float>) = (buffers.input(3), buffers.input(4))
      let (factor, slope, shift) = (scratch.elements, scratch.elements + channels, scratch.elements + 2 * channels)
      if numbers.isTraining {
        let (batchMean, batchVariance) = (scratch.elements + 3 * channels, scratch.elements + 4 * channels)
        measure(x, numbers, kernels.call, mean: batchMean, variance: batchVariance)
        (mean, variance) = (UnsafePointer(batchMean), UnsafePointer(batchVariance))
      }
      let (dScale, dShift) = (buffers.output(1, as: Float.self), buffers.output(2, as: Float.self))
      let (dMean, dVariance) = (buffers.output(3, as: Float.self), buffers.output(4, as: Float.self))
      kernels.call.sums(dy, dShift, samples, channels, inner)
      kernels.call.products(dy, x, mean, dScale, samples, channels, inner)
      for channel in 0..<channels {
        let r = 1 / (variance[channel] + numbers.epsilon).squareRoot()
        dScale[channel] *= r
        factor[channel] = scale[channel] * r
        if numbers.isTraining {
          slope[channel] = -factor[channel] * r * (dScale[channel] / numbers.count)
          shift[channel] = -factor[channel] * (dShift[channel] / numbers.count)
          (dMean[channel], dVariance[channel]) = (0, 0)
        } else {
          dMean[channel] = -factor[channel] * dShift[channel]
          dVariance[channel] = -factor[channel] * r * dScale[channel] / 2
        }
      }
      kernels.call.combine(dy, factor, x, mean, slope, shift, buffers.output(), samples, channels, inner)
    }
  }
}
