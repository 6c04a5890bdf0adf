/// Reads decimal numbers from bytes, exactly: the result is the double nearest to what is written.
enum DecimalText {
  /// The double nearest to the text: `[+-]digits[.digits][e[+-]digits]`, or a spelling of NaN or infinity.
  ///
  /// nil where the text is none of these. A number beyond the range of a double is infinite.
  ///
  /// Up to 19 digits are gathered in an integer. Where that stays within 2⁵³ and the power of ten within 10²², both
  /// are doubles without error and one multiplication or division rounds once; the rest goes to the standard library's
  /// conversion, which is exact and knows no locale.
  /// - Source: Clinger 1990, "How to read floating point numbers accurately".
  static func double(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    var index = 0
    let count = text.count
    var negative = false
    if index < count, text[index] == minus || text[index] == plus {
      negative = text[index] == minus
      index += 1
    }
    var mantissa: UInt64 = 0
    var digits = 0
    var significant = 0
    var exponent = 0
    var pastPoint = false
    scan: while index < count {
      let byte = text[index]
      switch byte {
      case zero...nine:
        digits += 1
        if significant < 19 {
          mantissa = mantissa * 10 + UInt64(byte - zero)
          if mantissa > 0 { significant += 1 }
          if pastPoint { exponent -= 1 }
        } else {
          significant += 1  // more than fits: the slow path
        }
      case point where !pastPoint:
        pastPoint = true
      default:
        break scan
      }
      index += 1
    }
    guard digits > 0 else { return nonFinite(text) }
    if index < count {
      guard text[index] | 0x20 == letterE, let written = integer(text[(index + 1)...]) else { return nil }
      exponent += Int(written)
    }
    if significant <= 19, mantissa <= 1 << 53, abs(exponent) <= 22 {
      let magnitude =
        exponent < 0 ? Double(mantissa) / powersOfTen[-exponent] : Double(mantissa) * powersOfTen[exponent]
      return negative ? -magnitude : magnitude
    }
    return Double(String(decoding: text, as: UTF8.self))
  }

  /// The double nearest to a string's number, as `double(_:)` reads it.
  static func double(_ text: String) -> Double? {
    var text = text
    return text.withUTF8 { double($0) }
  }

  /// A whole number with an optional sign, of at most 18 digits.
  static func integer(_ text: some Collection<UInt8>) -> Int64? {
    var digits = text[...]
    var negative = false
    if let first = digits.first, first == minus || first == plus {
      negative = first == minus
      digits = digits.dropFirst()
    }
    guard (1...18).contains(digits.count) else { return nil }
    var value: Int64 = 0
    for byte in digits {
      guard (zero...nine).contains(byte) else { return nil }
      value = value * 10 + Int64(byte - zero)
    }
    return negative ? -value : value
  }

  private static func nonFinite(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    guard text.count <= 9 else { return nil }
    switch String(decoding: text, as: UTF8.self).lowercased() {
    case "nan", "+nan", "-nan": return .nan
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    default: return nil
    }
  }

  private static let minus = UInt8(ascii: "-"), plus = UInt8(ascii: "+"), point = UInt8(ascii: ".")
  private static let zero = UInt8(ascii: "0"), nine = UInt8(ascii: "9"), letterE = UInt8(ascii: "e")

  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}
