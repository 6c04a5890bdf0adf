/// What trading one side costs, in basis points of the notional traded.
public struct TradingCosts: Codable, Sendable, Hashable {
  /// The venue's commission.
  public let fee: Double
  /// From the middle of the book to the price that fills.
  public let halfSpread: Double
  /// How much worse than that the fill is.
  public let slippage: Double

  private enum CodingKeys: String, CodingKey {
    case fee = "fee-bp"
    case halfSpread = "half-spread-bp"
    case slippage = "slippage-bp"
  }

  /// - Throws: `backtest.cost`, naming the first that is negative or not finite. (Rebates are not modelled: a fill
  ///   that earns one waits in the book, and this backtest never waits.)
  public init(fee: Double, halfSpread: Double, slippage: Double) throws(BacktestError) {
    for (name, value) in [("fee-bp", fee), ("half-spread-bp", halfSpread), ("slippage-bp", slippage)] {
      guard value >= 0, value.isFinite else {
        throw BacktestError(
          "cost", subject: "costs.\(name)", expected: "0 or more basis points", found: "\(value)", category: .usage)
      }
    }
    self.fee = fee
    self.halfSpread = halfSpread
    self.slippage = slippage
  }

  private init(checkedFee fee: Double, _ halfSpread: Double, _ slippage: Double) {
    self.fee = fee
    self.halfSpread = halfSpread
    self.slippage = slippage
  }

  /// 2 + 0.5 + 0.5: 3 basis points a side. A venue's own fee belongs in the experiment.
  public static let standard = TradingCosts(checkedFee: 2, 0.5, 0.5)
  /// Gross: nothing costs anything.
  public static let none = TradingCosts(checkedFee: 0, 0, 0)

  /// The sum of the three, in basis points.
  public var basisPointsPerSide: Double { fee + halfSpread + slippage }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      fee: container.decode(Double.self, forKey: .fee),
      halfSpread: container.decode(Double.self, forKey: .halfSpread),
      slippage: container.decode(Double.self, forKey: .slippage))
  }
}
