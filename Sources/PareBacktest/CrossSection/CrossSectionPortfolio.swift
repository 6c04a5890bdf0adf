/// A portfolio that holds the shares of highest scores, and perhaps is short those of the lowest, in equal parts: top-k with drop-n.
///
/// Scores are known at the close of day t, orders are filled at the open of day t + 1, and what is held earns from that open to the
/// next. Shares are chosen by scores alone, equal ones by their place in the panel; whether an order can be filled is known only at the
/// open. `docs/panels.md` has the rules.
///
/// - Source: the rule of replacement is that of `TopkDropoutStrategy` in Microsoft's qlib (`qlib/contrib/strategy/signal_strategy.py`),
///   with slots of equal notional in place of its cash.
public struct CrossSectionPortfolio: Sendable, Hashable {
  public enum Side: String, Codable, Sendable, CaseIterable {
    /// The best `top` shares, each 1 / top of the notional.
    case longOnly = "long-only"
    /// The best `top` long and the worst `top` short, each 1 / (2 · top) of it.
    case longShort = "long-short"
  }

  /// Slots a side.
  public var top: Int
  /// The most shares of a side that one day's scores replace, 1 to `top`; with `top` the side follows its ranks.
  public var drop: Int
  public var side: Side
  /// Sessions from the purchase of a share to its first possible sale, 1 or more; trading at opens alone keeps T+1 with 1.
  public var holdingDays: Int
  public var costs: TradingCosts
  /// Of sales, in basis points of the notional, besides `costs`; short sales pay it too.
  public var stampDuty: Double
  /// A share whose price moves by more than this in one step (0.5 for a half) earns nothing in it, for unadjusted prices then tell of a
  /// split rather than of money; nil believes every price.
  public var largestMove: Double?
  public var sizing: Execution.Sizing
  public var daysPerYear: Double

  /// - Parameter drop: nil for `top`.
  public init(
    top: Int, drop: Int? = nil, side: Side = .longOnly, holdingDays: Int = 1, costs: TradingCosts = .standard, stampDuty: Double = 0,
    largestMove: Double? = nil, sizing: Execution.Sizing = .fixedNotional, daysPerYear: Double = 252
  ) {
    (self.top, self.drop, self.side, self.holdingDays) = (top, drop ?? top, side, holdingDays)
    (self.costs, self.stampDuty, self.largestMove) = (costs, stampDuty, largestMove)
    (self.sizing, self.daysPerYear) = (sizing, daysPerYear)
  }

  /// - Throws: `backtest.cross-section-portfolio`, naming what is out of range.
  public func validate() throws(BacktestError) {
    func check(_ name: String, _ isValid: Bool, _ expected: String, _ found: String) throws(BacktestError) {
      guard isValid else {
        throw BacktestError(
          "cross-section-portfolio", subject: "portfolio.\(name)", expected: expected, found: found, category: .usage)
      }
    }
    try check("top", (1...1_000_000).contains(top), "1 share to 1000000", "\(top)")
    try check("drop", (1...max(top, 1)).contains(drop), "1 share to \(top), which is top", "\(drop)")
    try check("holding-days", (1...1_000).contains(holdingDays), "1 to 1000 sessions", "\(holdingDays)")
    try check("stamp-duty-bp", stampDuty >= 0 && stampDuty.isFinite, "0 or more basis points", "\(stampDuty)")
    try check("largest-move", (largestMove ?? 1) > 0, "a share above 0", "\(largestMove ?? 1)")
    try check("days-per-year", daysPerYear > 0 && daysPerYear.isFinite, "a number above 0", "\(daysPerYear)")
  }

  /// Follows the scores over all days of the prices.
  ///
  /// The first step runs from the open of day 1 to that of day 2, the last ends at the last open. What is held then is valued there and
  /// not sold.
  ///
  /// - Parameter scores: of the same days and symbols as the prices, each known at its day's close; NaN for none.
  /// - Throws: `backtest.cross-section-portfolio`; `backtest.panel` for scores that do not fit; `backtest.overflow` where a day's return
  ///   is beyond all numbers.
  public func run(scores: DailyPanel, prices: PanelPrices) throws(BacktestError) -> CrossSectionResult {
    try validate()
    try prices.open.check(scores, "scores")
    var result = CrossSectionResult(side: side, sizing: sizing, daysPerYear: daysPerYear)
    guard prices.days > 2 else { return result }
    let weight = 1 / Double(side == .longOnly ? top : 2 * top)
    var long = SideBook(isShort: false, symbols: prices.symbols, slots: top, drop: drop, holdingDays: holdingDays)
    var short = SideBook(isShort: true, symbols: prices.symbols, slots: top, drop: drop, holdingDays: holdingDays)
    var known = [Double](repeating: .nan, count: prices.symbols)
    prices.mark(&known, atOpenOf: 0)
    prices.mark(&known, atOpenOf: 1)
    for session in 1..<prices.days - 1 {
      let plans = plans(Array(scores[session - 1]), long, short, session)
      let (canBuy, canSell) = (prices.buyers(at: session), prices.sellers(at: session))
      let longs = long.fill(plans.long, session: session, canExit: canSell, canEnter: canBuy)
      let shorts = short.fill(plans.short, session: session, canExit: canBuy, canEnter: canSell)
      let fills = Fills(
        bought: longs.entries + shorts.exits, sold: longs.exits + shorts.entries,
        blockedBuys: longs.blockedEntries + shorts.blockedExits, blockedSells: longs.blockedExits + shorts.blockedEntries)

      let before = known
      prices.mark(&known, atOpenOf: session + 1)
      let moves = zip(before, known).map { $1 / $0 - 1 }
      let step = step(fills, weight, moves, long.held, short.held, universe: moves.indices.filter { canBuy($0) || canSell($0) })
      guard step.net.isFinite, step.benchmark.isFinite else {
        throw BacktestError(
          "overflow", subject: "day \(session)", expected: "a finite return; prices move too far for one",
          found: "\(step.net), and \(step.benchmark) of the universe")
      }
      result.append(
        step,
        trades: fills.bought.map { PanelTrade(session: session, symbol: $0, weight: weight) }
          + fills.sold.map { PanelTrade(session: session, symbol: $0, weight: -weight) })
    }
    result.stranded = (long.held + short.held).sorted().filter {
      prices.open[prices.days - 1, $0].isNaN && prices.close[prices.days - 1, $0].isNaN
    }
    return result
  }

  /// The orders of one open, by what they do to the market.
  private struct Fills {
    var bought: [Int]
    var sold: [Int]
    var blockedBuys: Int
    var blockedSells: Int
  }

  /// - Parameter moves: of each share from this open to the next; NaN where nothing is known of it.
  private func step(
    _ fills: Fills, _ weight: Double, _ moves: [Double], _ longs: [Int], _ shorts: [Int], universe: [Int]
  ) -> CrossSectionStep {
    func isBelieved(_ symbol: Int) -> Bool { abs(moves[symbol]) <= largestMove ?? .infinity }
    func sum(_ symbols: [Int]) -> Double { symbols.reduce(0) { $0 + (isBelieved($1) ? moves[$1] : 0) } }
    let gross = weight * (sum(longs) - sum(shorts))
    let rate = costs.basisPointsPerSide
    let paid = weight * (Double(fills.bought.count) * rate + Double(fills.sold.count) * (rate + stampDuty)) / 10_000
    let benchmark = universe.isEmpty ? 0 : sum(universe) / Double(universe.count)
    return CrossSectionStep(
      gross: gross, costs: paid, excess: side == .longOnly ? gross - paid - benchmark : gross - paid,
      traded: weight * Double(fills.bought.count + fills.sold.count), benchmark: benchmark,
      exposure: weight * Double(longs.count + shorts.count), longs: longs.count, shorts: shorts.count,
      blockedBuys: fills.blockedBuys, blockedSells: fills.blockedSells,
      discontinuities: (longs + shorts).count { !isBelieved($0) })
  }

  /// Both sides' plans; a share that both would take is taken by neither.
  private func plans(
    _ scores: [Double], _ long: SideBook, _ short: SideBook, _ session: Int
  ) -> (long: SideBook.Plan, short: SideBook.Plan) {
    var own = long.plan(scores, session: session, isTaken: short.holds)
    guard side == .longShort else { return (own, SideBook.Plan(exits: [], entries: [])) }
    var other = short.plan(scores, session: session, isTaken: long.holds)
    let both = Set(own.entries).intersection(other.entries)
    own.entries.removeAll(where: both.contains)
    other.entries.removeAll(where: both.contains)
    return (own, other)
  }
}
