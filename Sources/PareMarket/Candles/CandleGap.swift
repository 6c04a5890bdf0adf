/// A run of candles that a series lacks between two that it has.
public struct CandleGap: Sendable, Hashable {
  /// Start of the first missing candle, Unix milliseconds.
  public let start: Int64
  /// How many candles are missing, at least 1.
  public let missing: Int

  public init(start: Int64, missing: Int) {
    self.start = start
    self.missing = missing
  }
}

extension CandleSeries {
  /// What is missing between the first candle and the last, oldest first.
  public var gaps: [CandleGap] {
    if let calendar {
      return zip(candles, candles.dropFirst()).compactMap { first, second in
        let place = calendar.lowerBound(of: first.start + 1)
        let missing = calendar.lowerBound(of: second.start) - place
        return missing > 0 ? CandleGap(start: calendar.starts[place], missing: missing) : nil
      }
    }
    var finder = GapFinder(interval: key.interval)
    return candles.compactMap { finder.gap(before: $0.start) }
  }
}

/// Finds the gaps in starts that come one at a time, ascending and on the grid.
struct GapFinder {
  let interval: CandleInterval
  private var last: Int64?

  init(interval: CandleInterval) {
    self.interval = interval
  }

  /// What is missing between the start before this one and this one.
  mutating func gap(before start: Int64) -> CandleGap? {
    defer { last = start }
    guard let last else { return nil }
    let missing = interval.steps(from: last, to: start) - 1
    return missing > 0 ? CandleGap(start: interval.start(last, advancedBy: 1), missing: missing) : nil
  }
}
