import PareTensor
import RealModule

/// An exponent, whole where its type is.
enum WrittenExponent {
  case real(Double)
  case whole(magnitude: UInt64, isNegative: Bool)

  var real: Double {
    switch self {
    case .real(let value): value
    case .whole(let magnitude, let isNegative): isNegative ? -Double(magnitude) : Double(magnitude)
    }
  }
}

/// A type whose numbers have powers, and are exponents.
protocol PowerElement: NumericElement {
  var exponent: WrittenExponent { get }
  func power(_ exponent: WrittenExponent) -> Self
}

extension PowerElement {
  static func exponent(_ elements: UnsafeRawPointer, _ index: Int) -> WrittenExponent {
    elements.assumingMemoryBound(to: Self.self)[index].exponent
  }

  static func raise(
    _ elements: UnsafeRawPointer, _ index: Int, to exponent: WrittenExponent, into powers: UnsafeMutableRawPointer,
    _ position: Int
  ) {
    powers.assumingMemoryBound(to: Self.self)[position] = elements.assumingMemoryBound(to: Self.self)[index].power(exponent)
  }
}

extension PowerElement where Self: FloatingPointElement {
  var exponent: WrittenExponent { .real(Double(self)) }

  /// Computed in Float64, so that Float32 is rounded once.
  func power(_ exponent: WrittenExponent) -> Self { Self(Double(self).realPower(exponent.real)) }
}

extension PowerElement where Self: IntegerElement {
  var exponent: WrittenExponent { .whole(magnitude: UInt64(magnitude), isNegative: self < 0) }

  func power(_ exponent: WrittenExponent) -> Self {
    switch exponent {
    case .real(let value): Self(clamping: double.realPower(value))
    case .whole(let magnitude, false): wrappingPower(magnitude)
    case .whole(let magnitude, true): inversePower(magnitude)
    }
  }

  /// By squaring, the products wrapping around.
  private func wrappingPower(_ exponent: UInt64) -> Self {
    var (result, square, rest) = (1 as Self, self, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }

  /// Only 1 and −1 have an inverse that is an integer.
  private func inversePower(_ exponent: UInt64) -> Self {
    self == 1 || Self.isSigned && self == 0 &- 1 ? wrappingPower(exponent) : 0
  }
}

extension Double {
  /// The power as IEEE 754 has it: by whole exponents for negative numbers too, 1 for an exponent of 0 and for a base of 1.
  func realPower(_ exponent: Double) -> Double {
    if exponent == 0 || self == 1 { return 1 }
    if self >= 0 || isNaN || exponent.isNaN { return Double.pow(self, exponent) }
    let power = Double.pow(magnitude, exponent)
    // From 2^53 on every number is even.
    if exponent.magnitude >= 0x1p53 { return power }
    guard exponent == exponent.rounded() else { return isInfinite ? power : .nan }
    return exponent.truncatingRemainder(dividingBy: 2) == 0 ? power : -power
  }
}

extension Float: PowerElement {}
extension Double: PowerElement {}
extension Int8: PowerElement {}
extension UInt8: PowerElement {}
extension Int16: PowerElement {}
extension UInt16: PowerElement {}
extension Int32: PowerElement {}
extension UInt32: PowerElement {}
extension Int64: PowerElement {}
extension UInt64: PowerElement {}
