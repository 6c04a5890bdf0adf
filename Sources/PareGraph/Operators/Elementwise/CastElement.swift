import PareTensor

/// A number on its way from one element type to another, without loss.
enum CastNumber {
  case floating(Double)
  case signed(Int64)
  case unsigned(UInt64)

  var double: Double {
    switch self {
    case .floating(let value): value
    case .signed(let value): Double(value)
    case .unsigned(let value): Double(value)
    }
  }

  /// A Float of which a second rounding, to a type of at most 22 bits, gives what rounding the number itself would: where
  /// it is not exact, its last bit is set ("rounding to odd", Boldo and Melquiond 2008).
  var floatToRoundAgain: Float {
    let exact = double
    let nearest = Float(exact)
    guard exact.isFinite, nearest.isFinite, Double(nearest) != exact else { return nearest }
    let truncated = Double(nearest).magnitude > exact.magnitude ? Float(bitPattern: nearest.bitPattern - 1) : nearest
    return Float(bitPattern: truncated.bitPattern | 1)
  }
}

/// The in-memory form of an element type that is cast.
protocol CastElement: BitwiseCopyable {
  var number: CastNumber { get }
  init(_ number: CastNumber)
}

extension CastElement {
  static func read(_ elements: UnsafeRawPointer, _ index: Int) -> CastNumber {
    elements.assumingMemoryBound(to: Self.self)[index].number
  }

  static func write(_ number: CastNumber, _ elements: UnsafeMutableRawPointer, _ index: Int) {
    elements.assumingMemoryBound(to: Self.self)[index] = Self(number)
  }
}

extension CastElement where Self: FloatingPointElement {
  var number: CastNumber { .floating(Double(self)) }

  init(_ number: CastNumber) {
    switch number {
    case .floating(let value): self = Self(value)
    case .signed(let value): self = Self(value)
    case .unsigned(let value): self = Self(value)
    }
  }
}

extension CastElement where Self: IntegerElement {
  var number: CastNumber {
    Self.isSigned ? .signed(Int64(truncatingIfNeeded: self)) : .unsigned(UInt64(truncatingIfNeeded: self))
  }

  init(_ number: CastNumber) {
    switch number {
    case .floating(let value): self.init(clamping: value)
    case .signed(let value): self = Self(truncatingIfNeeded: value)
    case .unsigned(let value): self = Self(truncatingIfNeeded: value)
    }
  }
}

extension Float: CastElement {}
extension Double: CastElement {}
extension Int8: CastElement {}
extension UInt8: CastElement {}
extension Int16: CastElement {}
extension UInt16: CastElement {}
extension Int32: CastElement {}
extension UInt32: CastElement {}
extension Int64: CastElement {}
extension UInt64: CastElement {}

extension Bool: CastElement {
  var number: CastNumber { .unsigned(self ? 1 : 0) }

  init(_ number: CastNumber) {
    switch number {
    case .floating(let value): self = value != 0
    case .signed(let value): self = value != 0
    case .unsigned(let value): self = value != 0
    }
  }
}

/// The bits of a float16.
struct Float16Element: CastElement {
  private let bits: UInt16
  var number: CastNumber { .floating(Double(Float16Bits.toFloat(bits))) }
  init(_ number: CastNumber) { bits = Float16Bits.fromFloat(number.floatToRoundAgain) }
}

/// The bits of a bfloat16.
struct BFloat16Element: CastElement {
  private let bits: UInt16
  var number: CastNumber { .floating(Double(BFloat16Bits.toFloat(bits))) }
  init(_ number: CastNumber) { bits = BFloat16Bits.fromFloat(number.floatToRoundAgain) }
}

/// A signed integer of four bits, in a byte.
struct Int4Element: CastElement {
  private let value: Int8
  var number: CastNumber { .signed(Int64(value)) }

  init(_ number: CastNumber) {
    switch number {
    case .floating(let number): value = Int8(truncatingIfNeeded: Int64(clamping: number) << 4) >> 4
    case .signed(let number): value = Int8(truncatingIfNeeded: number << 4) >> 4
    case .unsigned(let number): value = Int8(truncatingIfNeeded: number << 4) >> 4
    }
  }
}

/// An unsigned integer of four bits, in a byte.
struct UInt4Element: CastElement {
  private let value: UInt8
  var number: CastNumber { .unsigned(UInt64(value)) }

  init(_ number: CastNumber) {
    switch number {
    case .floating(let number): value = UInt8(truncatingIfNeeded: Int64(clamping: number)) & 15
    case .signed(let number): value = UInt8(truncatingIfNeeded: number) & 15
    case .unsigned(let number): value = UInt8(truncatingIfNeeded: number) & 15
    }
  }
}
