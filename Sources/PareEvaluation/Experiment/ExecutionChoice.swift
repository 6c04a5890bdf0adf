import PareBacktest
import PareCompression
import PareMarket

/// How decisions become positions and positions become money.
public struct ExecutionChoice: Sendable, Hashable {
  public var sizing: Execution.Sizing
  public var calendar: TradingCalendar
  /// Candles that a position is held after the last decision for it; 0 lets the position follow every decision. Nil is
  /// the label's horizon: what the model foretells is what is held.
  public var hold: Int?
  /// Whether each decision has its own part of the capital for as many candles as it is held, in place of one position that
  /// each decision may change.
  public var tranches: Bool
  /// Weights of the whole cross-section in place of a position for each decision.
  public var portfolio: PortfolioChoice?
  public var size: SizeChoice
  public var rules: TradingRules
  /// The notional in the quote currency, for costs that depend on how large an order is.
  public var capital: Double
  public var latency: LatencyChoice

  public init(
    sizing: Execution.Sizing = .fixedNotional, calendar: TradingCalendar = .everyDay, hold: Int? = nil,
    tranches: Bool = false, size: SizeChoice = .fixed(1), rules: TradingRules = .none, capital: Double = 1_000_000,
    latency: LatencyChoice = LatencyChoice()
  ) {
    self.sizing = sizing
    self.calendar = calendar
    self.hold = hold
    self.tranches = tranches
    self.size = size
    self.rules = rules
    self.capital = capital
    self.latency = latency
  }

  /// - Parameter interval: of the candles, in milliseconds.
  func plan(costs: CostModel, horizon: Int, interval: Int64) -> TradingPlan {
    let execution = Execution(sizing: sizing, calendar: calendar)
    let held = hold ?? horizon
    let layer = portfolio.map { TradingPlan.Positions.portfolio($0.layer, every: $0.every ?? max(held, 1), candles: $0.candles) }
    let positions: TradingPlan.Positions =
      layer ?? (tranches ? .tranches(count: max(held, 1)) : .single(held == 0 ? .untilNextDecision : .candles(held)))
    let candlesPerYear = calendar.daysPerYear * Double(86_400_000 / max(interval, 1))
    return TradingPlan(
      costs: costs, execution: execution, positions: positions, size: size.sizing(candlesPerYear: max(candlesPerYear, 1)),
      rules: rules, capital: capital, delay: latency.delay(measuredNanoseconds: 0))
  }
}

extension ExecutionChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case sizing, calendar, hold, tranches, portfolio, size, rules, capital, latency
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init()
    let path = ParameterPath(decoder.codingPath)
    sizing = try container.wordIfPresent(forKey: .sizing) ?? sizing
    calendar = try container.decodeIfPresent(TradingCalendar.self, forKey: .calendar) ?? calendar
    hold = try container.decodeIfPresent(Int.self, forKey: .hold)
    try path.key(CodingKeys.hold).require(
      (0...1_000_000).contains(hold ?? 0), expected: "0 to 1000000 candles", found: hold ?? 0)
    tranches = try container.decodeIfPresent(Bool.self, forKey: .tranches) ?? tranches
    portfolio = try container.decodeIfPresent(PortfolioChoice.self, forKey: .portfolio)
    for key in [CodingKeys.tranches, .size] {
      try path.key(key).require(portfolio == nil || !container.contains(key), expected: "none beside 'portfolio', which says it all", found: "one")
    }
    size = try container.decodeIfPresent(SizeChoice.self, forKey: .size) ?? size
    rules = try container.decodeIfPresent(RulesChoice.self, forKey: .rules)?.rules ?? rules
    capital = try container.decodeIfPresent(Double.self, forKey: .capital) ?? capital
    try path.key(CodingKeys.capital).require(capital > 0 && capital.isFinite, expected: "a positive amount", found: capital)
    latency = try container.decodeIfPresent(LatencyChoice.self, forKey: .latency) ?? latency
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(sizing, forKey: .sizing)
    try container.encode(calendar, forKey: .calendar)
    try container.encodeIfPresent(hold, forKey: .hold)
    if tranches { try container.encode(tranches, forKey: .tranches) }
    try container.encodeIfPresent(portfolio, forKey: .portfolio)
    if size != .fixed(1) { try container.encode(size, forKey: .size) }
    if rules != .none { try container.encode(RulesChoice(rules: rules), forKey: .rules) }
    if capital != 1_000_000 { try container.encode(capital, forKey: .capital) }
    if latency != LatencyChoice() { try container.encode(latency, forKey: .latency) }
  }
}
