import PareBacktest

/// How decisions become positions and positions become money.
package struct TradingPlan: Sendable {
  /// What becomes of a horizon of several candles.
  package enum Positions: Sendable, Hashable {
    /// One position, decided anew at each candle and in force as the holding says.
    case single(Holding)
    /// Each decision has a part 1/k of the capital for k candles.
    case tranches(count: Int)
    /// Weights of the whole cross-section made of alphas, the probability of the highest class less that of the lowest, at every so many
    /// decision times; volatilities and covariances are those of so many candles before.
    case portfolio(PortfolioLayer, every: Int, candles: Int)
  }

  package var costs: CostModel
  package var execution: Execution
  package var positions: Positions
  package var size: PositionSizing
  package var rules: TradingRules
  /// The notional in the quote currency.
  package var capital: Double
  /// From a decision's close until it is at the market.
  package var delay: FillDelay

  package init(
    costs: CostModel = CostModel(), execution: Execution = Execution(), positions: Positions, size: PositionSizing = .fixed(1),
    rules: TradingRules = .none, capital: Double = 1_000_000, delay: FillDelay = .none
  ) {
    self.costs = costs
    self.execution = execution
    self.positions = positions
    self.size = size
    self.rules = rules
    self.capital = capital
    self.delay = delay
  }

  /// Candles before the first decision that costs and sizes look back at.
  var lookback: Int {
    let sizing =
      switch size {
      case .volatility(_, let candles, _, _): candles
      default: 0
      }
    let slippage =
      switch costs.slippage {
      case .fixed: 0
      case .volatility(_, let candles), .participation(_, let candles): candles
      }
    var layer = 0
    if case .portfolio(_, _, let candles) = positions { layer = candles }
    return max(sizing, slippage, layer)
  }
}
