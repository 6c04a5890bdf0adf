import PareTensor

/// A 64-bit fingerprint of the candles that a dataset was made from. It tells data apart; it is not cryptographic.
///
/// FNV-1a over, for each series in order: the symbol's UTF-8 bytes, a zero byte, the interval's spelling, a zero
/// byte, the number of candles, and per candle its start and the bit patterns of open, high, low, close and volume,
/// each number as eight little-endian bytes. Turnover is left out, for no feature reads it.
public struct DataDigest: Sendable, Hashable, CustomStringConvertible {
  public let value: UInt64

  public init(of series: [CandleSeries]) {
    self.init(Self.fingerprint(of: series))
  }

  /// Of the candles of a book's mid, then of the book: its levels, and the bit patterns of its prices and quantities.
  init(of series: CandleSeries, books: BookSnapshots) {
    var fingerprint = Self.fingerprint(of: [series])
    fingerprint.add(UInt64(books.levels))
    for column in [books.bidPrices, books.bidQuantities, books.askPrices, books.askQuantities] {
      column.withUnsafeBytes { fingerprint.add($0) }
    }
    self.init(fingerprint)
  }

  private init(_ fingerprint: Fingerprint) {
    value = fingerprint.value
  }

  private static func fingerprint(of series: [CandleSeries]) -> Fingerprint {
    var fingerprint = Fingerprint()
    for one in series {
      for text in [one.key.symbol, one.key.interval.rawValue] {
        fingerprint.add(text)
        fingerprint.add(UInt8(0))
      }
      fingerprint.add(UInt64(one.candles.count))
      for candle in one.candles {
        fingerprint.add(UInt64(bitPattern: candle.start))
        for number in [candle.open, candle.high, candle.low, candle.close, candle.volume] {
          fingerprint.add(number.bitPattern)
        }
      }
    }
    return fingerprint
  }

  /// Sixteen hexadecimal digits.
  public var description: String { Fingerprint.digits(of: value) }
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
