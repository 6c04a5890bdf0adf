extension BacktestMetrics {
  /// - Throws: `backtest.overflow` where a figure is beyond all numbers; prices or targets are then.
  func checkFinite(_ daily: [DailyReturn]) throws(BacktestError) {
    let figures: [(String, Double?)] = [
      ("gross return", grossReturn), ("net return", netReturn), ("costs", costs), ("cost share", costShare),
      ("traded notional", tradedNotional), ("break-even cost", breakEvenBasisPoints), ("CAGR", annualGrowth),
      ("volatility", volatility), ("Sharpe", sharpe), ("Sortino", sortino), ("Calmar", calmar), ("max drawdown", maxDrawdown),
      ("VaR", valueAtRisk), ("CVaR", expectedShortfall), ("turnover", turnover), ("exposure", exposure),
      ("profit factor", profitFactor), ("average win", averageWin), ("average loss", averageLoss),
      ("a day's gross return", daily.first { !$0.gross.isFinite }?.gross),
      ("a day's net return", daily.first { !$0.net.isFinite }?.net),
    ]
    for (name, figure) in figures {
      guard let figure, !figure.isFinite else { continue }
      throw BacktestError(
        "overflow", subject: name, expected: "a finite number; prices or targets are too large or too small for one",
        found: "\(figure)")
    }
  }
}
