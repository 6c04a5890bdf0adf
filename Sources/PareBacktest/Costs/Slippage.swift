/// How much worse than half a spread away an order is filled, besides the fixed part in `TradingCosts.slippage`.
///
/// What moves it is taken from the candles before the one that fills; with fewer than 3 of them it is nothing.
public enum Slippage: Codable, Sendable, Hashable {
  /// Nothing besides the fixed part.
  case fixed
  /// A multiple of the deviation σ of the log returns between the latest closes.
  case volatility(multiple: Double, candles: Int)
  /// `multiple · σ · √(order / mean traded value of a candle)`: the square root law of impact. At most 10 %, which is
  /// also what an order meets where nothing was traded.
  ///
  /// - Source: Tóth et al. 2011, arXiv:1105.1694, eq. 1.
  case participation(multiple: Double, candles: Int)

  /// The most that participation costs, as a share of the notional.
  public static let most = 0.1

  func validate() throws(BacktestError) {
    switch self {
    case .fixed: return
    case .volatility(let multiple, let candles), .participation(let multiple, let candles):
      guard multiple >= 0, multiple.isFinite else {
        throw BacktestError(
          "cost", subject: "costs.slippage.multiple", expected: "0 or more", found: "\(multiple)", category: .usage)
      }
      guard (3...1_000_000).contains(candles) else {
        throw BacktestError(
          "cost", subject: "costs.slippage.candles", expected: "3 to 1000000", found: "\(candles)", category: .usage)
      }
    }
  }

  /// For a fill in each candle: what every unit of notional costs, and what it costs at an order of the whole
  /// `capital`, growing with the square root of the order.
  func rates(of candles: TradedCandles, capital: Double) -> (flat: [Double], atCapital: [Double]) {
    let none = [Double](repeating: 0, count: candles.count)
    switch self {
    case .fixed: return (none, none)
    case .volatility(let multiple, let window):
      return (TrailingMoments(candles, window: window).deviations.dropLast().map { multiple * $0 }, none)
    case .participation(let multiple, let window):
      let trailing = TrailingMoments(candles, window: window)
      let shares = zip(trailing.deviations, trailing.tradedValues).map { deviation, value in
        value > 0 ? multiple * deviation * (capital / value).squareRoot() : .infinity
      }
      return (none, candles.times.indices.map { $0 < TrailingMoments.fewest ? 0 : shares[$0] })
    }
  }
}
