/// Conversion between bfloat16 bit patterns (the upper half of a Float's) and Float.
public enum BFloat16Bits {
  /// Exact.
  public static func toFloat(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  /// Rounds to nearest, ties to even; overflow gives infinity, NaN stays NaN.
  public static func fromFloat(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(bits >> 16) | 0x40 }
    return UInt16((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)
  }
}

extension ElementType {
  public var isHalfPrecision: Bool { self == .float16 || self == .bfloat16 }

  /// The number of a 16-bit floating-point pattern.
  ///
  /// - Precondition: `isHalfPrecision`.
  public func float(ofBits bits: UInt16) -> Float {
    precondition(isHalfPrecision)
    return self == .float16 ? Float16Bits.toFloat(bits) : BFloat16Bits.toFloat(bits)
  }

  /// The nearest 16-bit floating-point pattern, ties to even.
  ///
  /// - Precondition: `isHalfPrecision`.
  public func bits(of value: Float) -> UInt16 {
    precondition(isHalfPrecision)
    return self == .float16 ? Float16Bits.fromFloat(value) : BFloat16Bits.fromFloat(value)
  }
}
