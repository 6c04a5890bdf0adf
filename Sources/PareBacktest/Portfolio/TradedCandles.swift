import PareMarket

/// One instrument's candles as columns of equal length, checked for what a backtest takes for granted.
public struct TradedCandles: Sendable, Hashable {
  /// Starts, Unix milliseconds, strictly ascending. Gaps are allowed: a position is held across one.
  public let times: [Int64]
  public let opens: [Double]
  public let highs: [Double]
  public let lows: [Double]
  public let closes: [Double]
  /// In the instrument's own units; 0 where nothing was traded.
  public let volumes: [Double]

  public var count: Int { times.count }

  /// - Throws: `backtest.times` for columns of different lengths, starts that do not ascend, lie before 1970 or span
  ///   more than 200 years; `backtest.prices` naming the first candle with a price that is not positive and finite,
  ///   or a high or low that does not enclose open and close; `backtest.volume`.
  public init(
    times: [Int64], opens: [Double], highs: [Double], lows: [Double], closes: [Double], volumes: [Double]
  ) throws(BacktestError) {
    for column in [opens, highs, lows, closes, volumes] where column.count != times.count {
      throw BacktestError(
        "times", subject: "candles", expected: "columns of \(times.count) values", found: "\(column.count)")
    }
    try Backtest.check(times: times)
    for candle in times.indices {
      let prices = [opens[candle], highs[candle], lows[candle], closes[candle]]
      guard prices.allSatisfy({ $0 > 0 && $0.isFinite }), highs[candle] >= max(opens[candle], closes[candle]),
        lows[candle] <= min(opens[candle], closes[candle])
      else {
        throw BacktestError(
          "prices", subject: "candle \(candle)", expected: "positive prices, open and close between low and high",
          found: "open, high, low, close \(prices)")
      }
      guard volumes[candle] >= 0, volumes[candle].isFinite else {
        throw BacktestError(
          "volume", subject: "candle \(candle)", expected: "0 or more", found: "\(volumes[candle])")
      }
    }
    self.times = times
    self.opens = opens
    self.highs = highs
    self.lows = lows
    self.closes = closes
    self.volumes = volumes
  }

  private init(unchecked candles: TradedCandles, _ range: Range<Int>) {
    times = Array(candles.times[range])
    opens = Array(candles.opens[range])
    highs = Array(candles.highs[range])
    lows = Array(candles.lows[range])
    closes = Array(candles.closes[range])
    volumes = Array(candles.volumes[range])
  }

  /// The candles of a range.
  public subscript(range: Range<Int>) -> TradedCandles { TradedCandles(unchecked: self, range) }

  /// - Throws: as the other initializer.
  public init(_ candles: some Collection<Candle>) throws(BacktestError) {
    try self.init(
      times: candles.map(\.start), opens: candles.map(\.open), highs: candles.map(\.high), lows: candles.map(\.low),
      closes: candles.map(\.close), volumes: candles.map(\.volume))
  }
}
