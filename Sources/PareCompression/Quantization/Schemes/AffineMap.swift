/// The affine map between real numbers and integers, `r ≈ S · (q − Z)`.
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

  /// Onto uint8, so that the range and 0 are covered: 0 … 255 where asymmetric, 1 … 255 about 128 where symmetric.
  public init(covering range: ClosedRange<Double>, symmetry: TensorScheme.Symmetry) {
    self.init(
      covering: range, symmetry: symmetry,
      onto: IntegerFormat(bits: 8, isSigned: false, isNarrow: symmetry == .symmetric))
  }

  /// So that the range and 0 are covered.
  ///
  /// Asymmetric: `S = (max − min) / (q_max − q_min)`, `Z = q_min − round(min / S)`. Symmetric: `S = max |r| / q`, with q the
  /// integers above the middle one, which is Z. A range of nothing but 0 gets scale 1.
  public init(covering range: ClosedRange<Double>, symmetry: TensorScheme.Symmetry, onto format: IntegerFormat) {
    let lower = min(range.lowerBound, 0)
    let upper = max(range.upperBound, 0)
    integers = format.range
    switch symmetry {
    case .asymmetric:
      scale = Self.scale((upper - lower) / Double(integers.upperBound - integers.lowerBound))
      zeroPoint = Self.zeroPoint(lower, scale, integers)
    case .symmetric:
      scale = Self.scale(max(-lower, upper) / Double(integers.upperBound - format.middle))
      zeroPoint = format.middle
    }
  }

  /// `q_min − round(lower / S)`, half to even, within the integers.
  static func zeroPoint(_ lower: Double, _ scale: Float, _ integers: ClosedRange<Int>) -> Int {
    let steps = (-lower / Double(scale)).rounded(.toNearestOrEven)
    return min(integers.lowerBound + Int(min(steps, 1e9)), integers.upperBound)
  }

  /// The integer that stands for a real number: half to even, saturating.
  public func integer(of real: Double) -> Int {
    let level = (real / Double(scale)).rounded(.toNearestOrEven) + Double(zeroPoint)
    return Int(min(max(level, Double(integers.lowerBound)), Double(integers.upperBound)))
  }

  /// `S · (q − Z)`.
  public func real(of integer: Int) -> Double { Double(scale) * Double(integer - zeroPoint) }

  /// The reals that the integers stand for.
  public var representable: ClosedRange<Double> { real(of: integers.lowerBound)...real(of: integers.upperBound) }

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
