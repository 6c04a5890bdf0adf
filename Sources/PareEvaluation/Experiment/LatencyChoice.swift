import PareBacktest
import PareCompression

/// From the close at which a decision is made until its order is at the market: feed, plan and order entry.
///
/// It is stated, so that figures do not depend on the machine; `plan: measured` takes the candidate's own 99th percentile.
public struct LatencyChoice: Sendable, Hashable {
  /// What the model itself takes.
  public enum Plan: Sendable, Hashable {
    case nanoseconds(Double)
    case measured
  }

  public var feedMicroseconds: Double
  public var plan: Plan
  public var orderMicroseconds: Double
  /// What an order that arrives within a candle pays.
  public var price: FillModel

  public init(
    feedMicroseconds: Double = 0, plan: Plan = .nanoseconds(0), orderMicroseconds: Double = 0, price: FillModel = .straight
  ) {
    self.feedMicroseconds = feedMicroseconds
    self.plan = plan
    self.orderMicroseconds = orderMicroseconds
    self.price = price
  }

  /// - Parameter measuredNanoseconds: the 99th percentile of one decision.
  func delay(measuredNanoseconds: Double) -> FillDelay {
    let nanoseconds = if case .nanoseconds(let stated) = plan { stated } else { measuredNanoseconds }
    return FillDelay(milliseconds: (feedMicroseconds + orderMicroseconds) / 1e3 + nanoseconds / 1e6, model: price)
  }
}

/// `{feed-us: 200, plan: measured, order-us: 300, price: adverse}`, with `plan-ns: 500` in place of `plan`.
extension LatencyChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case feed = "feed-us"
    case plan
    case planNanoseconds = "plan-ns"
    case order = "order-us"
    case price
  }

  private enum PlanWord: String, CaseIterable {
    case measured
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath)
    self.init()
    func number(_ key: CodingKeys) throws -> Double {
      let value = try container.decodeIfPresent(Double.self, forKey: key) ?? 0
      try path.key(key).require(value >= 0 && value <= 1e12, expected: "0 to 10¹²", found: value)
      return value
    }
    feedMicroseconds = try number(.feed)
    orderMicroseconds = try number(.order)
    let word: PlanWord? = try container.wordIfPresent(forKey: .plan)
    try path.key(CodingKeys.planNanoseconds).require(
      word == nil || !container.contains(.planNanoseconds), expected: "none beside 'plan'", found: "one")
    plan = word == nil ? .nanoseconds(try number(.planNanoseconds)) : .measured
    price = try container.wordIfPresent(forKey: .price) ?? price
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(feedMicroseconds, forKey: .feed)
    switch plan {
    case .nanoseconds(let stated): try container.encode(stated, forKey: .planNanoseconds)
    case .measured: try container.encode(PlanWord.measured.rawValue, forKey: .plan)
    }
    try container.encode(orderMicroseconds, forKey: .order)
    try container.encode(price, forKey: .price)
  }
}
