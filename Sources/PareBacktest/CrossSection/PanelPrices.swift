/// What shares cost at each session's open and close, and which side of them could be traded at the open.
///
/// A share without an open did not trade at it: it is suspended, not yet listed or delisted, and no order of it is filled.
///
/// - Shapes: all `[days × symbols]`, row-major.
public struct PanelPrices: Sendable {
  public let open: DailyPanel
  public let close: DailyPanel
  /// Whether a purchase at the open is filled: false at an open at the upper limit, and without an open.
  public let canBuy: [Bool]
  /// Whether a sale at the open is filled: false at an open at the lower limit, and without an open.
  public let canSell: [Bool]

  /// - Parameters:
  ///   - open: above 0; NaN where the share did not trade.
  ///   - close: above 0; NaN where there is none.
  ///   - canBuy: nil for wherever there is an open.
  ///   - canSell: nil for wherever there is an open.
  /// - Throws: `backtest.panel` for other sizes, `backtest.price` for a price that is not above 0, with its day and symbol.
  public init(
    symbols: Int, open: [Double], close: [Double], canBuy: [Bool]? = nil, canSell: [Bool]? = nil
  ) throws(BacktestError) {
    self.open = try DailyPanel(symbols: symbols, values: open)
    self.close = try DailyPanel(symbols: symbols, values: close)
    try self.open.check(self.close, "closes")
    for (name, prices) in [("open", open), ("close", close)] {
      if let cell = prices.firstIndex(where: { $0 <= 0 }) {
        throw BacktestError(
          "price", subject: "\(name) of day \(cell / symbols), symbol \(cell % symbols)", expected: "a price above 0, or NaN for none",
          found: "\(prices[cell])")
      }
    }
    for (name, flags) in [("canBuy", canBuy), ("canSell", canSell)] {
      if let flags, flags.count != open.count {
        throw BacktestError("panel", subject: name, expected: "\(open.count) cells", found: "\(flags.count)")
      }
    }
    let hasOpen = open.map { !$0.isNaN }
    func tradable(_ flags: [Bool]?) -> [Bool] { flags.map { zip($0, hasOpen).map { $0 && $1 } } ?? hasOpen }
    (self.canBuy, self.canSell) = (tradable(canBuy), tradable(canSell))
  }

  public var days: Int { open.days }
  public var symbols: Int { open.symbols }

  /// Whether a purchase of a symbol is filled at the open of a session.
  func buyers(at session: Int) -> (Int) -> Bool {
    { canBuy[session * symbols + $0] }
  }

  func sellers(at session: Int) -> (Int) -> Bool {
    { canSell[session * symbols + $0] }
  }

  /// Moves each share's last known price on to the open of a session: that open, else the close before it, else what was known.
  ///
  /// - Parameter known: at the open of the session before; NaN where nothing was yet.
  func mark(_ known: inout [Double], atOpenOf session: Int) {
    for symbol in 0..<symbols {
      let opening = open[session, symbol]
      if !opening.isNaN {
        known[symbol] = opening
      } else if session > 0 {
        let closing = close[session - 1, symbol]
        if !closing.isNaN { known[symbol] = closing }
      }
    }
  }
}
