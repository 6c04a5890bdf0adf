/// The affine map between real numbers and 8-bit integers, `r ≈ S · (q − Z)`.
///
/// - Bound: `|r − S·(q − Z)| ≤ S / 2` for every r in the range that the map was made for.
/// - Source: Jacob et al. 2018, arXiv:1712.05877, §2.1.
public struct AffineMap: Sendable, Hashable {
  /// S: finite, normal and above zero.
  public var scale: Float
  /// Z: the integer that stands for 0 exactly.
  public var zeroPoint: Int
  /// The integers that are used.
  public var integers: ClosedRange<Int>

  /// The map of a QuantizeLinear that yields uint8.
  init(scale: Float, zeroPoint: Int) {
    self.scale = scale
    self.zeroPoint = zeroPoint
    integers = 0...255
  }

  /// Onto uint8, so that the range and 0 are covered.
  ///
  /// Asymmetric: `S = (max − min) / 255`, `Z = −round(min / S)`. Symmetric: `S = max |r| / 127`, Z = 128 and integers
  /// 1 … 255. A range of nothing but 0 gets scale 1.
  public init(covering range: ClosedRange<Double>, symmetry: TensorScheme.Symmetry) {
    let lower = min(range.lowerBound, 0)
    let upper = max(range.upperBound, 0)
    switch symmetry {
    case .asymmetric:
      integers = 0...255
      scale = Self.scale((upper - lower) / 255)
      zeroPoint = Int(min(max((-lower / Double(scale)).rounded(.toNearestOrEven), 0), 255))
    case .symmetric:
      integers = 1...255
      scale = Self.scale(max(-lower, upper) / 127)
      zeroPoint = 128
    }
  }

  /// The reals that the integers stand for.
  public var representable: ClosedRange<Double> {
    Double(scale) * Double(integers.lowerBound - zeroPoint)...Double(scale) * Double(integers.upperBound - zeroPoint)
  }

  /// The reals that come within half a step of an integer; beyond them they saturate. A little more at either end: S is
  /// rounded to Float32, which shifts the ends of the range by up to 255 · 2⁻²⁴ steps.
  public var covered: ClosedRange<Double> {
    let margin = Double(scale) * (0.5 + 0x1p-16)
    return representable.lowerBound - margin...representable.upperBound + margin
  }

  /// A Float32 scale of that size which arithmetic can use: 1 instead of 0, and no subnormal.
  static func scale(_ size: Double) -> Float {
    size > 0 ? min(max(Float(size), .leastNormalMagnitude), .greatestFiniteMagnitude) : 1
  }
}
