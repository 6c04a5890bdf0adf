import PareTensor

/// A 64-bit fingerprint of candles, to tell whether two runs saw the same data.
///
/// FNV-1a over the rows in order; of each row the little-endian bytes of `start`, of the bit patterns of open, high,
/// low, close and volume, and of turnover, whose absence is eight bytes of ones. It is not cryptographic (`Fingerprint`).
public struct CandleDigest: Sendable, Hashable, CustomStringConvertible {
  private var fingerprint = Fingerprint()

  public init() {}

  public init(of candles: some Sequence<Candle>) {
    for candle in candles { update(with: candle) }
  }

  /// Takes in the next row.
  public mutating func update(with candle: Candle) {
    fingerprint.add(UInt64(bitPattern: candle.start))
    fingerprint.add(candle.open.bitPattern)
    fingerprint.add(candle.high.bitPattern)
    fingerprint.add(candle.low.bitPattern)
    fingerprint.add(candle.close.bitPattern)
    fingerprint.add(candle.volume.bitPattern)
    fingerprint.add(candle.turnover?.bitPattern ?? .max)
  }

  /// `fnv1a64:` and 16 hexadecimal digits.
  public var description: String { "fnv1a64:" + fingerprint.digits }
}
