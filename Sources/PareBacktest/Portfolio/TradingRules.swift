/// What may be held, how much of it, and what ends a position besides the next decision.
///
/// Fractions of a price are of the mean price at which the position was entered, fractions of money of the notional (of
/// the equity when compounding).
public struct TradingRules: Codable, Sendable, Hashable {
  /// Which sides may be taken.
  public enum Sides: String, Codable, Sendable, CaseIterable {
    case both
    /// A decision to be short is one to be flat.
    case longOnly = "long-only"
  }

  public var sides: Sides
  /// How far the price may go against a position before it is closed.
  public var stopLoss: Double?
  /// How far the price goes for a position before it is closed.
  public var takeProfit: Double?
  /// Candles after which a position is closed.
  public var maximumHolding: Int?
  /// What a day of the calendar may lose; after it all is flat until the next one.
  public var dailyLossLimit: Double?
  /// The fall from the peak after which all is flat for good.
  public var killSwitch: Double?
  /// A change of size on the same side by less than this is not traded.
  public var rebalanceBand: Double
  public var limits: ExposureLimits
  /// When what was bought may be sold, and its proceeds buy again; nil where trading binds nothing.
  public var settlement: Settlement?

  /// No rule but the decisions themselves.
  public static let none = TradingRules()

  private enum CodingKeys: String, CodingKey {
    case sides, limits, settlement
    case stopLoss = "stop-loss"
    case takeProfit = "take-profit"
    case maximumHolding = "maximum-holding"
    case dailyLossLimit = "daily-loss-limit"
    case killSwitch = "kill-switch"
    case rebalanceBand = "rebalance-band"
  }

  public init(
    sides: Sides = .both, stopLoss: Double? = nil, takeProfit: Double? = nil, maximumHolding: Int? = nil,
    dailyLossLimit: Double? = nil, killSwitch: Double? = nil, rebalanceBand: Double = 0,
    limits: ExposureLimits = ExposureLimits(), settlement: Settlement? = nil
  ) {
    self.sides = sides
    self.stopLoss = stopLoss
    self.takeProfit = takeProfit
    self.maximumHolding = maximumHolding
    self.dailyLossLimit = dailyLossLimit
    self.killSwitch = killSwitch
    self.rebalanceBand = rebalanceBand
    self.limits = limits
    self.settlement = settlement
  }

  /// - Throws: `backtest.rules`, naming the first that cannot be.
  func validate() throws(BacktestError) {
    let fractions = [
      ("stop-loss", stopLoss, "a fraction in 0 ..< 1, 0 left out"), ("take-profit", takeProfit, "a positive number"),
      ("daily-loss-limit", dailyLossLimit, "a positive number"), ("kill-switch", killSwitch, "a positive number"),
    ]
    for (name, value, expected) in fractions {
      guard let value else { continue }
      guard value > 0, value.isFinite, name != "stop-loss" || value < 1 else {
        throw Self.refusal(name, expected, value)
      }
    }
    if let maximumHolding, maximumHolding < 1 {
      throw Self.refusal("maximum-holding", "a candle or more", maximumHolding)
    }
    guard rebalanceBand >= 0, rebalanceBand.isFinite else {
      throw Self.refusal("rebalance-band", "0 or more", rebalanceBand)
    }
    for (name, value) in [
      ("instrument", limits.instrument), ("gross", limits.gross), ("net", limits.net),
    ] {
      guard let value else { continue }
      guard value > 0, value.isFinite else { throw Self.refusal("limits.\(name)", "a positive number", value) }
    }
    try settlement?.validate(sides)
  }

  static func refusal(_ name: String, _ expected: String, _ found: some Any) -> BacktestError {
    BacktestError("rules", subject: "rules.\(name)", expected: expected, found: "\(found)", category: .usage)
  }
}
