/// Builds longer candles, aligned to the UTC day, from consecutive shorter ones.
///
/// A longer candle is handed out only with the short candle that completes it, and only if all its parts were seen.
struct CandleAggregator: Sendable {
  private let part: Int64
  private let whole: Int64
  private var growing: Candle?

  /// - Parameters:
  ///   - part: length of the pushed candles, milliseconds.
  ///   - whole: length of the built candles, a multiple of `part`.
  init(part: Int64, whole: Int64) {
    self.part = part
    self.whole = whole
  }

  mutating func reset() { growing = nil }

  /// - Precondition: `candle` starts at 0 or later, and follows the one pushed before without a gap unless `reset()`
  ///   was called in between.
  /// - Returns: the longer candle that `candle` completes, if it completes one.
  mutating func push(_ candle: Candle) -> Candle? {
    let opening = candle.start - candle.start % whole
    if candle.start == opening {
      growing = candle
    } else if var grown = growing, grown.start == opening {
      grown.high = max(grown.high, candle.high)
      grown.low = min(grown.low, candle.low)
      grown.close = candle.close
      grown.volume += candle.volume
      growing = grown
    } else {
      return nil
    }
    guard candle.start + part == opening + whole else { return nil }
    defer { growing = nil }
    return growing
  }
}
