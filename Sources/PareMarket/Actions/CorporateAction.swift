/// What a company does to its shares on a date: a split, a cash dividend, or both.
public struct CorporateAction: Sendable, Hashable {
  /// The first trading day on which the shares trade without what is paid, and after the split.
  public let exDate: CalendarDate
  /// Shares held after it for each one before; 1 without a split.
  public let split: Double
  /// Cash for each share held after the split, in the quote currency; 0 without a dividend.
  public let dividend: Double

  /// - Throws: `market.action` for a split outside 10⁻⁶ ... 10⁶, or a dividend that is negative or not finite.
  public init(exDate: CalendarDate, split: Double = 1, dividend: Double = 0) throws(MarketError) {
    guard split >= 1e-6, split <= 1e6 else {
      throw MarketError(
        "action", subject: "split of \(exDate)", expected: "shares after for each before, 0.000001 to 1000000",
        found: "\(split)")
    }
    guard dividend >= 0, dividend.isFinite else {
      throw MarketError("action", subject: "dividend of \(exDate)", expected: "0 or more a share", found: "\(dividend)")
    }
    self.exDate = exDate
    self.split = split
    self.dividend = dividend
  }
}

extension CorporateAction: Codable {
  private enum CodingKeys: String, CodingKey {
    case split, dividend
    case exDate = "ex-date"
  }

  /// - Throws: `market.date`, `market.action`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      exDate: container.decode(CalendarDate.self, forKey: .exDate),
      split: container.decodeIfPresent(Double.self, forKey: .split) ?? 1,
      dividend: container.decodeIfPresent(Double.self, forKey: .dividend) ?? 0)
  }
}
