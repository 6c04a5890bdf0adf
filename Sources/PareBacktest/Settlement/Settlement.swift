/// When what was bought may be sold, and when the proceeds of a sale buy again, in days of the calendar.
///
/// Both are counted in positions, which are shares of the notional (of the equity when compounding): that a position is
/// brought back to its size between steps is no trade and binds nothing.
public struct Settlement: Codable, Sendable, Hashable {
  /// What was bought on a day may be sold so many days later: 1 forbids it on the day itself (T+1), 0 nothing.
  public var holdingDays: Int
  /// With a cash account, the days until proceeds buy again, 0 for at once; it never holds more than its capital, and
  /// nothing short. Nil for an account on margin.
  public var cashDays: Int?

  private enum CodingKeys: String, CodingKey {
    case holdingDays = "holding-days"
    case cashDays = "cash-days"
  }

  public init(holdingDays: Int = 0, cashDays: Int? = nil) {
    self.holdingDays = holdingDays
    self.cashDays = cashDays
  }

  /// - Throws: `backtest.rules`.
  func validate(_ sides: TradingRules.Sides) throws(BacktestError) {
    for (name, days) in [("holding-days", holdingDays), ("cash-days", cashDays ?? 0)] {
      guard (0...30).contains(days) else { throw TradingRules.refusal("settlement.\(name)", "0 to 30 days", days) }
    }
    guard cashDays == nil || sides == .longOnly else {
      throw TradingRules.refusal("sides", "long-only, for a cash account holds nothing short", sides.rawValue)
    }
  }
}
