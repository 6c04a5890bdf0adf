/// A 64-bit fingerprint of candles, to tell whether two runs saw the same data.
///
/// FNV-1a over the rows in order; of each row the little-endian bytes of `start`, of the bit patterns of open, high,
/// low, close and volume, and of turnover, whose absence is eight bytes of ones. It is not cryptographic: it finds
/// accidents, and nobody should rely on it against intent.
///
/// - Source: Fowler, Noll, Vo; offset basis 14695981039346656037, prime 1099511628211.
public struct CandleDigest: Sendable, Hashable, CustomStringConvertible {
  public private(set) var value: UInt64 = 14_695_981_039_346_656_037

  public init() {}

  public init(of candles: some Sequence<Candle>) {
    for candle in candles { update(with: candle) }
  }

  /// Takes in the next row.
  public mutating func update(with candle: Candle) {
    mix(UInt64(bitPattern: candle.start))
    mix(candle.open.bitPattern)
    mix(candle.high.bitPattern)
    mix(candle.low.bitPattern)
    mix(candle.close.bitPattern)
    mix(candle.volume.bitPattern)
    mix(candle.turnover?.bitPattern ?? .max)
  }

  /// `fnv1a64:` and 16 hexadecimal digits.
  public var description: String {
    let digits = String(value, radix: 16)
    return "fnv1a64:" + String(repeating: "0", count: 16 - digits.count) + digits
  }

  private mutating func mix(_ word: UInt64) {
    var rest = word
    for _ in 0..<8 {
      value = (value ^ (rest & 0xff)) &* 1_099_511_628_211
      rest >>= 8
    }
  }
}
