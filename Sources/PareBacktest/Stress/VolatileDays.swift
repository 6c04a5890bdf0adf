import Foundation

/// The UTC days on which a market moved the most.
public struct VolatileDays: Codable, Sendable, Hashable {
  /// A day and its realized volatility: the root of the sum of squared log returns between the closes of its candles, the
  /// first of them counted from the close before.
  public struct Day: Codable, Sendable, Hashable {
    /// Midnight UTC at which it begins, Unix milliseconds.
    public let day: Int64
    public let volatility: Double
  }

  /// In the order of time.
  public let days: [Day]

  /// The share of the days with the greatest volatility, a day at least; of equal ones the earlier.
  ///
  /// They are chosen afterwards, for judging; nothing may be decided by them.
  ///
  /// - Parameters:
  ///   - share: of the days with candles, in 0 ... 1, 0 left out; rounded up to whole days.
  ///   - range: candles whose days are looked at; nil for all.
  /// - Throws: `backtest.stress` for another share; `backtest.range` for candles that do not exist, or none.
  public static func worst(
    share: Double = 0.05, of candles: TradedCandles, within range: Range<Int>? = nil
  ) throws(BacktestError) -> VolatileDays {
    guard share > 0, share <= 1 else {
      throw BacktestError(
        "stress", subject: "volatile-days.share", expected: "a share in 0 ... 1, 0 left out", found: "\(share)",
        category: .usage)
    }
    let range = range ?? 0..<candles.count
    guard !range.isEmpty, range.lowerBound >= 0, range.upperBound <= candles.count else {
      throw BacktestError(
        "range", subject: "volatile-days", expected: "candles within 0 ..< \(candles.count)", found: "\(range)")
    }
    var squares: [(day: Int64, sum: Double)] = []
    for candle in range {
      let day = midnight(of: candles.times[candle])
      if squares.last?.day != day { squares.append((day, 0)) }
      let before = candle > 0 ? candles.closes[candle - 1] : candles.opens[candle]
      let moved = log(candles.closes[candle] / before)
      squares[squares.count - 1].sum += moved * moved
    }
    // Less what a share is too large by in binary, as in `TailRisk`.
    let count = min(max(Int((share * Double(squares.count) - 1e-9).rounded(.up)), 1), squares.count)
    let greatest = squares.sorted { ($1.sum, $0.day) < ($0.sum, $1.day) }.prefix(count)
    return VolatileDays(
      days: greatest.map { Day(day: $0.day, volatility: $0.sum.squareRoot()) }.sorted { $0.day < $1.day })
  }

  /// Whether a time lies on one of the days.
  func contains(_ time: Int64) -> Bool { contains(from: time, to: time) }

  /// Whether one of the days lies between two times, or partly.
  func contains(from first: Int64, to last: Int64) -> Bool {
    days.contains { $0.day >= Self.midnight(of: first) && $0.day <= last }
  }

  private static func midnight(of time: Int64) -> Int64 { time - time % 86_400_000 }
}
