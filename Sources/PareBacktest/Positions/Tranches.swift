/// Horizons of several candles by parts of the capital that are decided one after the other.
public enum Tranches {
  /// Gives each decision a part `1 / count` of the capital for `count` candles: the target is the mean of the latest
  /// `count` decisions, of which those before the first are 0.
  ///
  /// - Parameter count: the horizon in candles, 1 or more; 1 leaves the targets as they are.
  /// - Throws: `backtest.holding`.
  public static func overlapping(_ targets: [Double], count: Int) throws(BacktestError) -> [Double] {
    guard (1...1_000_000).contains(count) else {
      throw BacktestError(
        "holding", subject: "tranches", expected: "1 to 1000000 candles", found: "\(count)", category: .usage)
    }
    var sum = 0.0
    // Decisions in the sum that are not 0; without any the sum is 0, whatever rounding left.
    var taken = 0
    return targets.indices.map { candle in
      sum += targets[candle]
      taken += targets[candle] != 0 ? 1 : 0
      if candle >= count {
        sum -= targets[candle - count]
        taken -= targets[candle - count] != 0 ? 1 : 0
      }
      if taken == 0 { sum = 0 }
      return sum / Double(count)
    }
  }
}
