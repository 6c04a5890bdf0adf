import PareTensor

/// A convolution in numbers, whichever way it is run.
///
/// Two sides are linked by a window: the *wide* side, over which the window slides, and the *narrow* side, with one
/// element per position. Conv reads the wide side and writes the narrow one, ConvTranspose the other way round, and so
/// do the gradients of each.
///
/// - Shapes: wide `[batch, groups · channels, inputExtents…]`, narrow `[batch, groups · filters, outputExtents…]`,
///   weights `[groups · filters, channels, kernel…]`.
package struct ConvolutionProblem: Sendable, Hashable {
  package let batch: Int
  package let groups: Int
  /// Of the wide side, per group.
  package let channels: Int
  /// Of the narrow side, per group.
  package let filters: Int
  package let geometry: WindowGeometry

  /// `narrow[f] = bias[f] + Σ weights[f, c, tap] · wide[c, …]`.
  func gather<Scalar: FloatingPointElement>(
    wide: UnsafePointer<Scalar>, weights: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    narrow: UnsafeMutablePointer<Scalar>
  ) {
    let (plane, taps) = (geometry.outputCount, geometry.tapCount)
    for sample in 0..<batch {
      for filter in 0..<groups * filters {
        let y = narrow + (sample * groups * filters + filter) * plane
        y.update(repeating: bias?[filter] ?? 0, count: plane)
        for channel in 0..<channels {
          let x = wide + wideOffset(sample, filter, channel)
          let w = weights + (filter * channels + channel) * taps
          geometry.forEachPair { output, input, tap in y[output] += w[tap] * x[input] }
        }
      }
    }
  }

  /// `wide[c] = bias[c] + Σ weights[f, c, tap] · narrow[f, …]`: the transpose of `gather`.
  func scatter<Scalar: FloatingPointElement>(
    narrow: UnsafePointer<Scalar>, weights: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    wide: UnsafeMutablePointer<Scalar>
  ) {
    let (plane, taps) = (geometry.outputCount, geometry.tapCount)
    for sample in 0..<batch {
      for channel in 0..<groups * channels {
        (wide + (sample * groups * channels + channel) * geometry.inputCount)
          .update(repeating: bias?[channel] ?? 0, count: geometry.inputCount)
      }
      for filter in 0..<groups * filters {
        let y = narrow + (sample * groups * filters + filter) * plane
        for channel in 0..<channels {
          let x = wide + wideOffset(sample, filter, channel)
          let w = weights + (filter * channels + channel) * taps
          geometry.forEachPair { output, input, tap in x[input] += w[tap] * y[output] }
        }
      }
    }
  }

  /// `weights[f, c, tap] = Σ narrow[f, …] · wide[c, …]` over samples and positions: what both have for a gradient.
  func correlate<Scalar: FloatingPointElement>(
    narrow: UnsafePointer<Scalar>, wide: UnsafePointer<Scalar>, weights: UnsafeMutablePointer<Scalar>
  ) {
    let (plane, taps) = (geometry.outputCount, geometry.tapCount)
    weights.update(repeating: 0, count: groups * filters * channels * taps)
    for sample in 0..<batch {
      for filter in 0..<groups * filters {
        let y = narrow + (sample * groups * filters + filter) * plane
        for channel in 0..<channels {
          let x = wide + wideOffset(sample, filter, channel)
          let w = weights + (filter * channels + channel) * taps
          geometry.forEachPair { output, input, tap in w[tap] += y[output] * x[input] }
        }
      }
    }
  }

  /// Where the plane of a filter's channel starts on the wide side.
  private func wideOffset(_ sample: Int, _ filter: Int, _ channel: Int) -> Int {
    ((sample * groups + filter / filters) * channels + channel) * geometry.inputCount
  }
}
