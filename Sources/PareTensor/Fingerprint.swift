/// A 64-bit FNV-1a hash that grows byte by byte: the same on every machine and in every process.
///
/// It tells data apart and shows accidents; it is not cryptographic, and nobody should rely on it against intent. Each
/// step can be undone, so two contents of equal length that differ in one byte never have the same fingerprint.
///
/// - Source: Fowler, Noll and Vo, with the 64-bit offset basis and prime of RFC 9923.
public struct Fingerprint: Sendable, Hashable {
  public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  public init() {}

  public mutating func add(_ byte: UInt8) {
    value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
  }

  /// Eight bytes, least significant first.
  public mutating func add(_ word: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { add(UInt8(truncatingIfNeeded: word >> shift)) }
  }

  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    for byte in bytes { add(byte) }
  }

  /// The UTF-8 bytes of a text.
  public mutating func add(_ text: String) {
    for byte in text.utf8 { add(byte) }
  }

  /// Sixteen hexadecimal digits.
  public var digits: String { Self.digits(of: value) }

  /// A value as sixteen hexadecimal digits.
  public static func digits(of value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
