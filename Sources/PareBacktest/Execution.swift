/// How positions become money.
public struct Execution: Codable, Sendable, Hashable {
  /// What a position of 1 is worth.
  public enum Sizing: String, Codable, Sendable, CaseIterable {
    /// The same notional at every step; returns add up.
    case fixedNotional = "fixed-notional"
    /// The whole equity; returns multiply.
    case compounding
  }

  /// Which days exist.
  public enum Calendar: String, Codable, Sendable, CaseIterable {
    /// Every UTC day; a year has 365. A day without candles counts as a flat one.
    case everyDay = "every-day"
    /// The UTC days that have candles; a year has 252.
    case sessions

    /// Days in a year.
    public var daysPerYear: Double { self == .everyDay ? 365 : 252 }
  }

  public var sizing: Sizing
  public var calendar: Calendar

  public init(sizing: Sizing = .fixedNotional, calendar: Calendar = .everyDay) {
    self.sizing = sizing
    self.calendar = calendar
  }
}
