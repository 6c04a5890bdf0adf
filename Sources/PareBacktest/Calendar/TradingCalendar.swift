import PareMarket

/// Which days exist, and which of them an instant belongs to.
public enum TradingCalendar: Sendable, Hashable {
  /// Every UTC day; a year has 365. A day without candles counts as a flat one.
  case everyDay
  /// The UTC days that have candles; a year has 252.
  case sessions
  /// The trading days of an exchange, dated where it is. One without candles counts as a flat one; a candle outside the
  /// sessions is refused.
  case exchange(ExchangeHours)

  /// Days in a year.
  public var daysPerYear: Double {
    switch self {
    case .everyDay: 365
    case .sessions: 252
    case .exchange(let hours): hours.daysPerYear
    }
  }

  /// The trading day of an instant; nil where the market is closed.
  ///
  /// - Parameter instant: Unix milliseconds, UTC, within `CandleInterval.timeRange`.
  public func tradingDay(of instant: Int64) -> CalendarDate? {
    switch self {
    case .everyDay, .sessions: CalendarDate(utc: instant)
    case .exchange(let hours): hours.tradingDay(of: instant)
    }
  }
}

extension TradingCalendar: Codable {
  private enum Word: String {
    case everyDay = "every-day"
    case sessions
  }

  /// Reads `every-day`, `sessions`, or the mapping that `ExchangeHours` is.
  ///
  /// - Throws: `backtest.calendar`, naming the key.
  public init(from decoder: any Decoder) throws {
    guard let text = try? decoder.singleValueContainer().decode(String.self) else {
      self = .exchange(try ExchangeHours(from: decoder))
      return
    }
    switch Word(rawValue: text) {
    case .everyDay: self = .everyDay
    case .sessions: self = .sessions
    case nil:
      throw CalendarPath(decoder).refusal("every-day, sessions, or a mapping with time-zone and sessions", "'\(text)'")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .everyDay: try container.encode(Word.everyDay.rawValue)
    case .sessions: try container.encode(Word.sessions.rawValue)
    case .exchange(let hours): try container.encode(hours)
    }
  }
}
