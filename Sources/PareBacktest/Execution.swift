/// How positions become money.
public struct Execution: Codable, Sendable, Hashable {
  /// What a position of 1 is worth.
  public enum Sizing: String, Codable, Sendable, CaseIterable {
    /// The same notional at every step; returns add up.
    case fixedNotional = "fixed-notional"
    /// The whole equity; returns multiply.
    case compounding
  }

  public var sizing: Sizing
  public var calendar: TradingCalendar

  public init(sizing: Sizing = .fixedNotional, calendar: TradingCalendar = .everyDay) {
    self.sizing = sizing
    self.calendar = calendar
  }
}
