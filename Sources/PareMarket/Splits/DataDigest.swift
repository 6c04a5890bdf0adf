/// A 64-bit fingerprint of the candles that a dataset was made from. It tells data apart; it is not cryptographic.
///
/// FNV-1a over, for each series in order: the symbol's UTF-8 bytes, a zero byte, the interval's spelling, a zero
/// byte, the number of candles, and per candle its start and the bit patterns of open, high, low, close and volume,
/// each number as eight little-endian bytes. Turnover is left out, for no feature reads it.
///
/// - Source: Fowler, Noll and Vo; 64-bit offset basis and prime as in RFC 9923.
public struct DataDigest: Sendable, Hashable, CustomStringConvertible {
  public let value: UInt64

  public init(of series: [CandleSeries]) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    func add(_ word: UInt64) {
      for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
    }
    func add(_ text: String) {
      for byte in text.utf8 { add(byte) }
      add(0 as UInt8)
    }
    for one in series {
      add(one.key.symbol)
      add(one.key.interval.rawValue)
      add(UInt64(one.candles.count))
      for candle in one.candles {
        add(UInt64(bitPattern: candle.start))
        for number in [candle.open, candle.high, candle.low, candle.close, candle.volume] { add(number.bitPattern) }
      }
    }
    value = hash
  }

  /// Sixteen hexadecimal digits.
  public var description: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension DataDigest: Codable {
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard text.utf8.count == 16, let value = UInt64(text, radix: 16) else {
      throw MarketError("digest", subject: "digest", expected: "16 hexadecimal digits", found: "'\(text)'")
    }
    self.value = value
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
