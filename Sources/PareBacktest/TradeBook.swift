/// The position in one instrument and the trades that it went through.
///
/// A trade is a stretch of one side: from flat or the other side, through any changes of size, to flat or the other
/// side. What it returned has both its sides' costs taken off.
struct TradeBook {
  private(set) var position = 0.0
  private(set) var tradedNotional = 0.0
  private(set) var trades = 0
  private(set) var winningTrades = 0
  /// Sum of the returns of trades that won, and of those that did not.
  private(set) var won = 0.0
  private(set) var lost = 0.0
  /// Sum of |position| over the steps.
  private(set) var exposure = 0.0
  /// Net return of the trade that ended last.
  private(set) var lastTrade = 0.0

  private var tradeReturn = 0.0

  /// Changes the position to `target`, each unit of notional traded costing `rate`.
  ///
  /// - Returns: the notional traded.
  mutating func trade(to target: Double, at rate: Double) -> Double {
    let traded = abs(target - position)
    tradedNotional += traded
    if position * target > 0 {
      tradeReturn -= traded * rate
    } else {
      if position != 0 { endTrade(paying: abs(position) * rate) }
      tradeReturn = -abs(target) * rate
    }
    position = target
    return traded
  }

  /// Adds what the position earned; negative for what it paid.
  mutating func earn(_ earned: Double) {
    tradeReturn += earned
  }

  /// Counts a step, or a share of one, with the position as it is.
  mutating func countStep(_ share: Double = 1) {
    exposure += share * abs(position)
  }

  private mutating func endTrade(paying leaving: Double) {
    let net = tradeReturn - leaving
    lastTrade = net
    trades += 1
    if net > 0 {
      winningTrades += 1
      won += net
    } else {
      lost += net
    }
  }
}
