import PareMarket

/// What a price has to be multiplied with so that holding a share of before the actions goes on without a step.
///
/// 1 before the first action. At the open of the first candle of an ex-date (of the next trading day, where there is none
/// on it) one share has become `split` shares and paid the dividends; with those put into shares at that open it is worth
/// `split + dividends / open` shares, and the factor grows by as much. Nothing depends on later actions or prices.
struct AdjustmentFactors {
  private(set) var factors: [Double]

  /// - Throws: `backtest.actions` where ex-dates do not ascend.
  init(
    _ actions: [CorporateAction], on candles: TradedCandles, days: TradingDays, name: String
  ) throws(BacktestError) {
    for (one, next) in zip(actions, actions.dropFirst()) where one.exDate > next.exDate {
      throw BacktestError(
        "actions", subject: name, expected: "ascending ex-dates", found: "\(next.exDate) after \(one.exDate)")
    }
    factors = [Double](repeating: 1, count: candles.count)
    var factor = 1.0
    var next = actions[...]
    for candle in candles.times.indices {
      // Those that fall to this candle, in their order; before the first candle nothing was held.
      let day = days.day(of: candles.times[candle]).day
      var (shares, cash) = (1.0, 0.0)
      while let action = next.first, action.exDate.midnight <= day {
        shares *= action.split
        cash += shares * action.dividend
        next = next.dropFirst()
      }
      if candle > 0, shares != 1 || cash != 0 { factor *= shares + cash / candles.opens[candle] }
      factors[candle] = factor
    }
  }
}

extension TradedCandles {
  /// The candles with splits and dividends put into their prices, dividends into shares at the open of their ex-date.
  ///
  /// Prices before the first action stay as they are and later ones grow, so that nothing depends on what comes after it.
  /// Volumes shrink by as much: what a candle traded is worth the same.
  ///
  /// - Parameters:
  ///   - actions: by ascending ex-date. Those up to the first candle's day change nothing.
  ///   - calendar: which day a candle is of.
  /// - Throws: `backtest.actions` where they do not ascend; `backtest.calendar`; `backtest.prices` where adjusted prices are
  ///   beyond all numbers.
  public func adjusted(
    for actions: [CorporateAction], calendar: TradingCalendar = .everyDay
  ) throws(BacktestError) -> TradedCandles {
    let days = try TradingDays(calendar, columns: [times])
    return try scaled(by: AdjustmentFactors(actions, on: self, days: days, name: "actions").factors)
  }

  func scaled(by factors: [Double]) throws(BacktestError) -> TradedCandles {
    func scaled(_ prices: [Double]) -> [Double] { zip(prices, factors).map { $0 * $1 } }
    return try TradedCandles(
      times: times, opens: scaled(opens), highs: scaled(highs), lows: scaled(lows), closes: scaled(closes),
      volumes: zip(volumes, factors).map { $0 / $1 })
  }
}
