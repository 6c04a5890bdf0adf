import PareBacktest
import PareCompression

/// Rules whose unknown keys are refused and that default one by one.
struct RulesChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case sides, limits, settlement
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

  enum SettlementKeys: String, CodingKey, CaseIterable {
    case holding = "holding-days"
    case cash = "cash-days"
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
    if container.contains(.settlement) {
      let parts = try container.superDecoder(forKey: .settlement).strictContainer(keyedBy: SettlementKeys.self)
      rules.settlement = Settlement(
        holdingDays: try parts.decodeIfPresent(Int.self, forKey: .holding) ?? 0,
        cashDays: try parts.decodeIfPresent(Int.self, forKey: .cash))
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
    try container.encodeIfPresent(rules.settlement, forKey: .settlement)
    guard rules.limits != ExposureLimits() else { return }
    var limits = container.nestedContainer(keyedBy: LimitKeys.self, forKey: .limits)
    try limits.encodeIfPresent(rules.limits.instrument, forKey: .instrument)
    try limits.encodeIfPresent(rules.limits.gross, forKey: .gross)
    try limits.encodeIfPresent(rules.limits.net, forKey: .net)
  }
}
