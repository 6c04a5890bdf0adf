import Foundation
import PareMarket

/// When an exchange is open: sessions by weekday in its own time, holidays, early closes.
///
/// A trading day is a date with a session. Breaks are what lies between the sessions of a day. Sessions lie within their
/// date: one that runs past midnight cannot be said.
public struct ExchangeHours: Sendable, Hashable {
  /// Name in the IANA database: `America/New_York`.
  public let timeZone: String
  /// Ascending; a weekday that is not here is closed.
  public let sessions: [Weekday: [DaySession]]
  /// Dates that are closed whatever their weekday.
  public let holidays: Set<CalendarDate>
  /// Dates on which all sessions end at a time.
  public let earlyCloses: [CalendarDate: TimeOfDay]
  /// Trading days in a year, for annualized figures.
  public let daysPerYear: Double

  private let zone: TimeZone

  /// - Throws: `backtest.calendar`, naming the key: an unknown time zone; no session at all, or sessions of a weekday that
  ///   overlap or do not ascend; an early close on no trading day or before its first session; days a year outside 1 ... 366.
  public init(
    timeZone: String, sessions: [Weekday: [DaySession]], holidays: Set<CalendarDate> = [],
    earlyCloses: [CalendarDate: TimeOfDay] = [:], daysPerYear: Double = 252
  ) throws(BacktestError) {
    try self.init(
      timeZone: timeZone, sessions: sessions, holidays: holidays, earlyCloses: earlyCloses, daysPerYear: daysPerYear,
      at: CalendarPath("calendar"))
  }

  init(
    timeZone: String, sessions: [Weekday: [DaySession]], holidays: Set<CalendarDate>,
    earlyCloses: [CalendarDate: TimeOfDay], daysPerYear: Double, at path: CalendarPath
  ) throws(BacktestError) {
    guard let zone = TimeZone(identifier: timeZone) else {
      throw path.key("time-zone").refusal("a name of the IANA database, as America/New_York", "'\(timeZone)'")
    }
    let sessions = sessions.filter { !$0.value.isEmpty }
    guard !sessions.isEmpty else { throw path.key("sessions").refusal("a session of some weekday", "none") }
    for (weekday, day) in sessions {
      guard zip(day, day.dropFirst()).allSatisfy({ $0.closes <= $1.opens }) else {
        throw path.key("sessions").key(weekday.rawValue).refusal(
          "sessions one after the other", day.map(\.description).joined(separator: ", "))
      }
    }
    guard daysPerYear >= 1, daysPerYear <= 366 else {
      throw path.key("days-per-year").refusal("1 to 366", "\(daysPerYear)")
    }
    self.timeZone = timeZone
    self.sessions = sessions
    self.holidays = holidays
    self.earlyCloses = earlyCloses
    self.daysPerYear = daysPerYear
    self.zone = zone
    for (date, time) in earlyCloses {
      guard !holidays.contains(date), let first = sessions[Self.weekday(of: date)]?.first, first.opens < time else {
        throw path.key("early-closes").key(date.description).refusal("a time after the first open of a trading day", "\(time)")
      }
    }
  }

  public func isTradingDay(_ date: CalendarDate) -> Bool {
    sessions[Self.weekday(of: date)] != nil && !holidays.contains(date)
  }

  /// The instants at which a date's sessions open and close, Unix milliseconds, ascending; none where it is closed.
  public func sessions(on date: CalendarDate) -> [Range<Int64>] {
    guard isTradingDay(date), let day = sessions[Self.weekday(of: date)] else { return [] }
    let end = earlyCloses[date]
    return day.compactMap { session in
      let closes = min(session.closes, end ?? session.closes)
      return session.opens < closes ? instant(session.opens, on: date)..<instant(closes, on: date) : nil
    }
  }

  /// The date in one of whose sessions an instant lies; nil where the exchange is closed.
  ///
  /// - Parameter instant: Unix milliseconds within `CandleInterval.timeRange`.
  public func tradingDay(of instant: Int64) -> CalendarDate? {
    // No place is more than a day away from UTC.
    let around = CalendarDate(utc: instant)
    let dates = max(around.day - 1, 0)...min(around.day + 1, CalendarDate(utc: CandleInterval.timeRange.upperBound).day)
    return dates.lazy.map(CalendarDate.init(day:)).first { date in sessions(on: date).contains { $0.contains(instant) } }
  }

  /// 1970-01-01 was a Thursday.
  static func weekday(of date: CalendarDate) -> Weekday { Weekday.allCases[(date.day + 3) % 7] }

  /// The instant at which the clocks there show a time on a date.
  private func instant(_ time: TimeOfDay, on date: CalendarDate) -> Int64 {
    let local = date.midnight / 1000 + Int64(time.minutes) * 60
    func offset(_ seconds: Int64) -> Int64 {
      Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds))))
    }
    // The offset there and then; clocks change by less than the first guess is off.
    return (local - offset(local - offset(local))) * 1000
  }
}
