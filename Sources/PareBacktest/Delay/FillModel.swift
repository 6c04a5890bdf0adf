/// What price an order meets that reaches the market within a candle, of which only four prices are known.
public enum FillModel: String, Codable, Sendable, CaseIterable {
  /// The price moves from the open to the close on a straight line in time.
  case straight
  /// A bound on the bad side: from the open towards the high for a purchase and towards the low for a sale, by the
  /// square root of the share of the candle that has passed, as the range of a random walk grows.
  case adverse

  /// The price in a candle.
  ///
  /// - Parameters:
  ///   - share: how much of the candle's time has passed, in 0 ..< 1; at 0 the price is the open.
  ///   - buying: whether the order buys.
  func price(in candles: TradedCandles, candle: Int, share: Double, buying: Bool) -> Double {
    let open = candles.opens[candle]
    switch self {
    case .straight: return open + share * (candles.closes[candle] - open)
    case .adverse:
      let worst = buying ? candles.highs[candle] : candles.lows[candle]
      return open + share.squareRoot() * (worst - open)
    }
  }
}
