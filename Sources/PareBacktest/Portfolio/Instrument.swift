import PareMarket

/// Something that a portfolio trades.
public struct Instrument: Sendable, Hashable {
  /// What trades and messages call it.
  public let name: String
  public let candles: TradedCandles
  public let costs: CostModel
  /// What half the spread is multiplied by for orders in each candle; nil leaves it as the costs say.
  public let spreadMultiples: [Double]?
  /// So many candles at the beginning are only looked back at, by costs and sizes; nothing is decided on them.
  public let history: Int
  /// Splits and dividends that the prices do not have in them yet, by ascending ex-date; none where they are adjusted.
  public let actions: [CorporateAction]

  public init(
    _ name: String, candles: TradedCandles, costs: CostModel = CostModel(), spreadMultiples: [Double]? = nil, history: Int = 0,
    actions: [CorporateAction] = []
  ) {
    precondition(history >= 0, "no candle before the first")
    self.name = name
    self.candles = candles
    self.costs = costs
    self.spreadMultiples = spreadMultiples
    self.history = history
    self.actions = actions
  }

  /// - Throws: `backtest.cost`, `backtest.funding`.
  func validate() throws(BacktestError) {
    try costs.validate()
    guard let spreadMultiples else { return }
    guard spreadMultiples.count == candles.count, spreadMultiples.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      throw BacktestError(
        "cost", subject: "\(name), spread multiples", expected: "0 or more for each of \(candles.count) candles",
        found: "\(spreadMultiples.first { !($0 >= 0 && $0.isFinite) }.map { "\($0)" } ?? "\(spreadMultiples.count)")")
    }
  }
}
