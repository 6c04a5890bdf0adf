import PareBacktest
import PareCompression
import PareMarket

/// How decisions become positions and positions become money.
public struct ExecutionChoice: Sendable, Hashable {
  public var sizing: Execution.Sizing
  public var calendar: Execution.Calendar
  /// Candles that a position is held after the last decision for it; 0 lets the position follow every decision. Nil is
  /// the label's horizon: what the model foretells is what is held.
  public var hold: Int?
  /// Whether each decision has its own part of the capital for as many candles as it is held, in place of one position that
  /// each decision may change.
  public var tranches: Bool
  public var size: SizeChoice
  public var rules: TradingRules
  /// The notional in the quote currency, for costs that depend on how large an order is.
  public var capital: Double

  public init(
    sizing: Execution.Sizing = .fixedNotional, calendar: Execution.Calendar = .everyDay, hold: Int? = nil,
    tranches: Bool = false, size: SizeChoice = .fixed(1), rules: TradingRules = .none, capital: Double = 1_000_000
  ) {
    self.sizing = sizing
    self.calendar = calendar
    self.hold = hold
    self.tranches = tranches
    self.size = size
    self.rules = rules
    self.capital = capital
  }

  /// - Parameter interval: of the candles, in milliseconds.
  func plan(costs: CostModel, horizon: Int, interval: Int64) -> TradingPlan {
    let execution = Execution(sizing: sizing, calendar: calendar)
    let held = hold ?? horizon
    let positions: TradingPlan.Positions =
      tranches ? .tranches(count: max(held, 1)) : .single(held == 0 ? .untilNextDecision : .candles(held))
    let candlesPerYear = calendar.daysPerYear * Double(86_400_000 / max(interval, 1))
    return TradingPlan(
      costs: costs, execution: execution, positions: positions, size: size.sizing(candlesPerYear: max(candlesPerYear, 1)),
      rules: rules, capital: capital)
  }
}

/// How large a position is, as a share of the notional.
public enum SizeChoice: Sendable, Hashable {
  case fixed(Double)
  case confidence(least: Double, most: Double)
  case volatility(target: Double, candles: Int, most: Double)
  case kelly(fraction: Double, payoff: Double, most: Double)

  func sizing(candlesPerYear: Double) -> PositionSizing {
    switch self {
    case .fixed(let size): .fixed(size)
    case .confidence(let least, let most): .confidence(least: least, most: most)
    case .volatility(let target, let candles, let most):
      .volatility(target: target, candles: candles, candlesPerYear: candlesPerYear, most: most)
    case .kelly(let fraction, let payoff, let most): .kelly(fraction: fraction, payoff: payoff, most: most)
    }
  }
}

extension ExecutionChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case sizing, calendar, hold, tranches, size, rules, capital
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init()
    let path = ParameterPath(decoder.codingPath)
    sizing = try container.wordIfPresent(forKey: .sizing) ?? sizing
    calendar = try container.wordIfPresent(forKey: .calendar) ?? calendar
    hold = try container.decodeIfPresent(Int.self, forKey: .hold)
    try path.key(CodingKeys.hold).require(
      (0...1_000_000).contains(hold ?? 0), expected: "0 to 1000000 candles", found: hold ?? 0)
    tranches = try container.decodeIfPresent(Bool.self, forKey: .tranches) ?? tranches
    size = try container.decodeIfPresent(SizeChoice.self, forKey: .size) ?? size
    rules = try container.decodeIfPresent(RulesChoice.self, forKey: .rules)?.rules ?? rules
    capital = try container.decodeIfPresent(Double.self, forKey: .capital) ?? capital
    try path.key(CodingKeys.capital).require(capital > 0 && capital.isFinite, expected: "a positive amount", found: capital)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(sizing, forKey: .sizing)
    try container.encode(calendar, forKey: .calendar)
    try container.encodeIfPresent(hold, forKey: .hold)
    if tranches { try container.encode(tranches, forKey: .tranches) }
    if size != .fixed(1) { try container.encode(size, forKey: .size) }
    if rules != .none { try container.encode(RulesChoice(rules: rules), forKey: .rules) }
    if capital != 1_000_000 { try container.encode(capital, forKey: .capital) }
  }
}

/// `size: 0.5`, or `size: {kelly: {fraction: 0.5, payoff: 1, most: 1}}`.
extension SizeChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case confidence, volatility, kelly
  }

  private enum PartKeys: String, CodingKey, CaseIterable {
    case least, most, target, candles, fraction, payoff
  }

  public init(from decoder: any Decoder) throws {
    let path = ParameterPath(decoder.codingPath)
    if let size = try? decoder.singleValueContainer().decode(Double.self) {
      try path.require(size >= 0 && size.isFinite, expected: "0 or more", found: size)
      self = .fixed(size)
      return
    }
    let (container, key) = try decoder.alternative(keyedBy: CodingKeys.self)
    let parts = try container.superDecoder(forKey: key).strictContainer(keyedBy: PartKeys.self)
    let allowed: [PartKeys] =
      switch key {
      case .confidence: [.least, .most]
      case .volatility: [.target, .candles, .most]
      case .kelly: [.fraction, .payoff, .most]
      }
    for part in parts.allKeys {
      try path.key(key).key(part).require(
        allowed.contains(part), expected: "one of " + allowed.map(\.rawValue).joined(separator: ", "), found: "'\(part.rawValue)'")
    }
    func number(_ part: PartKeys, _ standard: Double, above least: Double = 0) throws -> Double {
      let value = try parts.decodeIfPresent(Double.self, forKey: part) ?? standard
      try path.key(key).key(part).require(value >= least && value.isFinite, expected: "\(least) or more", found: value)
      return value
    }
    let most = try number(.most, 1)
    switch key {
    case .confidence:
      let least = try number(.least, 0)
      try path.key(key).key(PartKeys.most).require(most >= least, expected: "\(least) or more", found: most)
      self = .confidence(least: least, most: most)
    case .volatility:
      let candles = try parts.decodeIfPresent(Int.self, forKey: .candles) ?? 288
      try path.key(key).key(PartKeys.candles).require((3...1_000_000).contains(candles), expected: "3 to 1000000", found: candles)
      self = .volatility(target: try number(.target, 0.2), candles: candles, most: most)
    case .kelly:
      self = .kelly(fraction: try number(.fraction, 0.5), payoff: try number(.payoff, 1, above: .leastNormalMagnitude), most: most)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    if case .fixed(let size) = self {
      var container = encoder.singleValueContainer()
      try container.encode(size)
      return
    }
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .fixed: break
    case .confidence(let least, let most):
      var parts = container.nestedContainer(keyedBy: PartKeys.self, forKey: .confidence)
      try parts.encode(least, forKey: .least)
      try parts.encode(most, forKey: .most)
    case .volatility(let target, let candles, let most):
      var parts = container.nestedContainer(keyedBy: PartKeys.self, forKey: .volatility)
      try parts.encode(target, forKey: .target)
      try parts.encode(candles, forKey: .candles)
      try parts.encode(most, forKey: .most)
    case .kelly(let fraction, let payoff, let most):
      var parts = container.nestedContainer(keyedBy: PartKeys.self, forKey: .kelly)
      try parts.encode(fraction, forKey: .fraction)
      try parts.encode(payoff, forKey: .payoff)
      try parts.encode(most, forKey: .most)
    }
  }
}

/// Rules whose unknown keys are refused and that default one by one.
private struct RulesChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case sides, limits
    case stopLoss = "stop-loss"
    case takeProfit = "take-profit"
    case maximumHolding = "maximum-holding"
    case dailyLossLimit = "daily-loss-limit"
    case killSwitch = "kill-switch"
    case rebalanceBand = "rebalance-band"
  }

  enum LimitKeys: String, CodingKey, CaseIterable {
    case instrument, gross, net
  }

  let rules: TradingRules

  init(rules: TradingRules) {
    self.rules = rules
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath)
    var rules = TradingRules.none
    rules.sides = try container.wordIfPresent(forKey: .sides) ?? rules.sides
    func number(_ key: CodingKeys, below most: Double = .infinity) throws -> Double? {
      guard let value = try container.decodeIfPresent(Double.self, forKey: key) else { return nil }
      try path.key(key).require(
        value > 0 && value.isFinite && value < most,
        expected: most.isFinite ? "a fraction in 0 ..< \(Int(most)), 0 left out" : "a positive number", found: value)
      return value
    }
    rules.stopLoss = try number(.stopLoss, below: 1)
    rules.takeProfit = try number(.takeProfit)
    rules.dailyLossLimit = try number(.dailyLossLimit)
    rules.killSwitch = try number(.killSwitch)
    rules.rebalanceBand = try number(.rebalanceBand) ?? 0
    rules.maximumHolding = try container.decodeIfPresent(Int.self, forKey: .maximumHolding)
    try path.key(CodingKeys.maximumHolding).require(
      (rules.maximumHolding ?? 1) > 0, expected: "a candle or more", found: rules.maximumHolding ?? 0)
    if container.contains(.limits) {
      let limits = try container.superDecoder(forKey: .limits).strictContainer(keyedBy: LimitKeys.self)
      func limit(_ key: LimitKeys) throws -> Double? {
        guard let value = try limits.decodeIfPresent(Double.self, forKey: key) else { return nil }
        try path.key(CodingKeys.limits).key(key).require(value > 0 && value.isFinite, expected: "a positive number", found: value)
        return value
      }
      rules.limits = ExposureLimits(instrument: try limit(.instrument), gross: try limit(.gross), net: try limit(.net))
    }
    self.rules = rules
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if rules.sides != .both { try container.encode(rules.sides, forKey: .sides) }
    try container.encodeIfPresent(rules.stopLoss, forKey: .stopLoss)
    try container.encodeIfPresent(rules.takeProfit, forKey: .takeProfit)
    try container.encodeIfPresent(rules.maximumHolding, forKey: .maximumHolding)
    try container.encodeIfPresent(rules.dailyLossLimit, forKey: .dailyLossLimit)
    try container.encodeIfPresent(rules.killSwitch, forKey: .killSwitch)
    if rules.rebalanceBand > 0 { try container.encode(rules.rebalanceBand, forKey: .rebalanceBand) }
    guard rules.limits != ExposureLimits() else { return }
    var limits = container.nestedContainer(keyedBy: LimitKeys.self, forKey: .limits)
    try limits.encodeIfPresent(rules.limits.instrument, forKey: .instrument)
    try limits.encodeIfPresent(rules.limits.gross, forKey: .gross)
    try limits.encodeIfPresent(rules.limits.net, forKey: .net)
  }
}
