import PareTensor
import RealModule

/// The constants of a selective scan on integers, from those of one in Float32: `docs/integer-arithmetic.md`, §17.
///
/// Everything is worked out in Float64 and rounded once.
package struct ScanIntegers {
  /// A tensor of 8-bit codes.
  package struct Codes {
    package var scale: Float
    package var zeroPoint: UInt8

    package init(scale: Float, zeroPoint: UInt8) {
      (self.scale, self.zeroPoint) = (scale, zeroPoint)
    }

    /// What a code stands for.
    func value(_ code: Int) -> Double { Double(scale) * Double(code - Int(zeroPoint)) }
  }

  /// `Δ = softplus(slope · x + bias)`, by channel.
  package struct Step {
    package var slope: [Double]
    package var bias: [Double]

    package init(slope: [Double], bias: [Double]) {
      (self.slope, self.bias) = (slope, bias)
    }

    func callAsFunction(_ channel: Int, _ x: Double) -> Double {
      let sum = slope[channel] * x + bias[channel]
      return max(sum, 0) + Double.log(onePlus: Double.exp(-sum.magnitude))
    }
  }

  /// `[channels, 256, states]` and `[channels, 256]`.
  package let decay, drive: [Int16]
  /// Whether a drive was too large for its state, and saturates.
  package let saturates: Bool

  /// - Parameters:
  ///   - rates: A `[states, channels]`.
  ///   - stateScale: what a unit of the state stands for.
  package init(x: Codes, step: Step, rates: [Double], states: Int, b: Codes, stateScale: Float) {
    let channels = step.slope.count
    var (decay, drive, saturates): ([Int16], [Int16], Bool) = ([], [], false)
    for channel in 0..<channels {
      for code in 0...255 {
        let value = x.value(code)
        let delta = step(channel, value)
        for state in 0..<states {
          let kept = Double.exp(delta * rates[state * channels + channel]) * 0x1p15
          decay.append(Int16(min(max(kept.rounded(.toNearestOrEven), 0), 32767)))
        }
        let driven = (delta * value * Double(b.scale) / Double(stateScale) * 0x1p8).rounded(.toNearestOrEven)
        saturates = saturates || driven.magnitude > 32767
        drive.append(Int16(min(max(driven, -32767), 32767)))
      }
    }
    (self.decay, self.drive, self.saturates) = (decay, drive, saturates)
  }

  /// The least scale of the state by which no drive saturates.
  package static func leastStateScale(x: Codes, step: Step, b: Codes) -> Float {
    var greatest = 0.0
    for channel in step.slope.indices {
      for code in 0...255 {
        let value = x.value(code)
        greatest = max(greatest, (step(channel, value) * value).magnitude)
      }
    }
    return Float(greatest * Double(b.scale) * 0x1p8 / 32766)
  }
}
