/// Conversion between IEEE 754 binary16 bit patterns and Float, in integer arithmetic, so that it is the same on
/// processors (and Swift platforms) without a half-precision type.
public enum Float16Bits {
  /// Exact.
  public static func toFloat(_ half: UInt16) -> Float {
    let sign = UInt32(half & 0x8000) << 16
    let exponent = UInt32(half >> 10) & 0x1f
    let fraction = UInt32(half & 0x3ff)
    switch (exponent, fraction) {
    case (0, 0): return Float(bitPattern: sign)
    case (0, _):
      let magnitude = Float(fraction) * 0x1p-24
      return sign == 0 ? magnitude : -magnitude
    case (0x1f, _): return Float(bitPattern: sign | 0x7f80_0000 | (fraction << 13))
    default: return Float(bitPattern: sign | ((exponent + 112) << 23) | (fraction << 13))
    }
  }

  /// Rounds to nearest, ties to even; overflow gives infinity, NaN stays NaN.
  public static func fromFloat(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let sign = UInt16((bits >> 16) & 0x8000)
    if value.isNaN { return sign | 0x7e00 }
    let magnitude = value.magnitude
    if magnitude >= 65520 { return sign | 0x7c00 }
    if magnitude < 0x1p-14 {
      return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
    }
    let fraction = bits & 0x7f_ffff
    let exponent = ((bits >> 23) & 0xff) - 112
    var half = (exponent << 10) | (fraction >> 13)
    let rest = fraction & 0x1fff
    if rest > 0x1000 || (rest == 0x1000 && half & 1 == 1) { half += 1 }
    return sign | UInt16(half)
  }
}
