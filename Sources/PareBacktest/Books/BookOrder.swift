/// An order that takes what an order book offers.
public struct BookOrder: Sendable, Hashable {
  /// When it was decided, Unix microseconds; the snapshot that holds then is what was known.
  public let decided: Int64
  /// 1 to buy, −1 to sell.
  public let side: Int8
  /// In the book's own units.
  public let quantity: Double

  /// - Throws: `backtest.book-order` for another side, or a quantity that is not positive and finite.
  public init(decided: Int64, side: Int8, quantity: Double) throws(BacktestError) {
    guard side == 1 || side == -1 else {
      throw BacktestError("book-order", subject: "order at \(decided)", expected: "side 1 or -1", found: "\(side)")
    }
    guard quantity > 0, quantity.isFinite else {
      throw BacktestError(
        "book-order", subject: "order at \(decided)", expected: "a positive quantity", found: "\(quantity)")
    }
    self.decided = decided
    self.side = side
    self.quantity = quantity
  }
}

/// What became of an order. Costs are in basis points of the mid at the decision, positive where they are paid.
public struct BookFill: Sendable, Hashable {
  /// The snapshot that it met.
  public let snapshot: Int
  /// What its levels gave: all of the order, or all that they held.
  public let filled: Double
  public let isPartial: Bool
  public let averagePrice: Double
  /// From the mid at the decision to the mid at the arrival: what happened while the order was under way.
  public let drift: Double
  /// From the mid at the arrival to the best price.
  public let halfSpread: Double
  /// From the best price to the average one.
  public let depth: Double
  /// From the mid at the decision to the average price: the sum of the three.
  public let cost: Double
}
