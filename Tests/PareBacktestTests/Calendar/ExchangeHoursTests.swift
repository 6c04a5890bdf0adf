import Foundation
import PareBacktest
import PareMarket
import Testing

func date(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }

/// `2024-03-08 14:30`, UTC, in Unix milliseconds.
func instant(_ text: String) throws -> Int64 {
  let parts = text.split(separator: " ")
  return try date(String(parts[0])).midnight + Int64(try #require(TimeOfDay(parts[1])).minutes) * 60_000
}

/// Monday to Friday.
func hours(
  _ zone: String, _ sessions: [String], holidays: [String] = [], early: [String: String] = [:]
) throws -> ExchangeHours {
  let day = try sessions.map { try #require(DaySession($0)) }
  return try ExchangeHours(
    timeZone: zone, sessions: Dictionary(uniqueKeysWithValues: Weekday.allCases.prefix(5).map { ($0, day) }),
    holidays: Set(holidays.map(date)),
    earlyCloses: Dictionary(uniqueKeysWithValues: early.map { (try date($0), try #require(TimeOfDay($1))) }))
}

@Suite struct ExchangeHoursTests {
  @Test func sessionsFollowTheClocksThere() throws {
    let newYork = try hours(
      "America/New_York", ["09:30-16:00"], holidays: ["2024-12-25"], early: ["2024-11-29": "13:00"])
    func span(_ text: String) throws -> [Range<Int64>] { try newYork.sessions(on: date(text)) }
    // Clocks go forward on 10 March and back on 3 November.
    #expect(try span("2024-03-08") == [instant("2024-03-08 14:30")..<instant("2024-03-08 21:00")])
    #expect(try span("2024-03-11") == [instant("2024-03-11 13:30")..<instant("2024-03-11 20:00")])
    #expect(try span("2024-11-04") == [instant("2024-11-04 14:30")..<instant("2024-11-04 21:00")])
    #expect(try span("2024-11-29") == [instant("2024-11-29 14:30")..<instant("2024-11-29 18:00")])
    #expect(try span("2024-12-25").isEmpty && span("2024-03-09").isEmpty && span("2024-03-10").isEmpty)
    let shanghai = try hours("Asia/Shanghai", ["09:30-11:30", "13:00-15:00"], early: ["2024-03-08": "12:00"])
    #expect(
      try shanghai.sessions(on: date("2024-03-11")) == [
        instant("2024-03-11 01:30")..<instant("2024-03-11 03:30"), instant("2024-03-11 05:00")..<instant("2024-03-11 07:00"),
      ])
    #expect(try shanghai.sessions(on: date("2024-03-08")).count == 1)
  }

  @Test func aSessionOnTheDayTheClocksChangeIsAsLongAsItWas() throws {
    let sunday = try #require(DaySession("00:00-24:00"))
    let always = try ExchangeHours(timeZone: "America/New_York", sessions: [.sunday: [sunday]])
    #expect(try always.sessions(on: date("2024-03-10")).map(\.count) == [23 * 3_600_000])
    #expect(try always.sessions(on: date("2024-11-03")).map(\.count) == [25 * 3_600_000])
    #expect(try always.sessions(on: date("2024-11-10")).map(\.count) == [24 * 3_600_000])
    // After the change at 02:00, and before noon.
    let early = try ExchangeHours(timeZone: "America/New_York", sessions: [.sunday: [#require(DaySession("04:00-06:00"))]])
    #expect(try early.sessions(on: date("2024-03-10")) == [instant("2024-03-10 08:00")..<instant("2024-03-10 10:00")])
    #expect(try early.sessions(on: date("2024-11-03")) == [instant("2024-11-03 09:00")..<instant("2024-11-03 11:00")])
  }

  @Test func anInstantBelongsToTheDateThereOrToNone() throws {
    let auckland = TradingCalendar.exchange(try hours("Pacific/Auckland", ["10:00-16:45"]))
    // 10:00 of Monday there is 21:00 of Sunday in UTC.
    let monday = try date("2024-03-11")
    #expect(try auckland.tradingDay(of: instant("2024-03-10 21:00")) == monday)
    #expect(try auckland.tradingDay(of: instant("2024-03-11 03:44")) == monday)
    #expect(try auckland.tradingDay(of: instant("2024-03-11 03:45")) == nil)
    #expect(try auckland.tradingDay(of: instant("2024-03-10 20:59")) == nil)
    let shanghai = try hours("Asia/Shanghai", ["09:30-11:30", "13:00-15:00"])
    #expect(try shanghai.tradingDay(of: instant("2024-03-11 04:00")) == nil)
    #expect(try TradingCalendar.everyDay.tradingDay(of: instant("2024-03-10 23:59")) == date("2024-03-10"))
    #expect(auckland.tradingDay(of: 0)?.day == 0 && auckland.tradingDay(of: 8 * hour) == nil)
    #expect(auckland.tradingDay(of: CandleInterval.timeRange.upperBound) == nil)
  }

  @Test func hoursThatCannotBeAreRefused() throws {
    let session = try #require(DaySession("09:30-16:00"))
    let day = try date("2024-03-11")
    func subject(_ body: () throws -> Void) -> String? {
      do { try body() } catch { return (error as? BacktestError).flatMap { $0.code == "backtest.calendar" ? $0.subject : nil } }
      return nil
    }
    func make(
      _ sessions: [Weekday: [DaySession]], zone: String = "UTC", holidays: Set<CalendarDate> = [], early: String? = nil,
      year: Double = 252
    ) throws -> String? {
      let closes = try early.map { [day: try #require(TimeOfDay($0))] } ?? [:]
      return subject {
        _ = try ExchangeHours(
          timeZone: zone, sessions: sessions, holidays: holidays, earlyCloses: closes, daysPerYear: year)
      }
    }
    let monday: [Weekday: [DaySession]] = [.monday: [session]]
    let tuesday: [Weekday: [DaySession]] = [.tuesday: [session]]
    let twice: [Weekday: [DaySession]] = [.monday: [session, session]]
    #expect(try make(monday) == nil)
    #expect(try make(monday, zone: "Mars/Olympus") == "calendar.time-zone")
    #expect(try make([:]) == "calendar.sessions")
    #expect(try make([.monday: []]) == "calendar.sessions")
    #expect(try make(twice) == "calendar.sessions.monday")
    #expect(try make(monday, early: "09:30") == "calendar.early-closes.2024-03-11")
    #expect(try make(tuesday, early: "13:00") == "calendar.early-closes.2024-03-11")
    #expect(try make(monday, holidays: [day], early: "13:00") == "calendar.early-closes.2024-03-11")
    for year in [0, 367, Double.nan] { #expect(try make(monday, year: year) == "calendar.days-per-year") }
    for text in ["16:00-09:30", "09:30", "9:30-16:00", "09:30-09:30", "09:60-16:00", "09:30-24:01", ""] {
      #expect(DaySession(text) == nil)
    }
  }

  @Test func calendarsReadBackFromTheirSpelling() throws {
    let newYork = try hours(
      "America/New_York", ["09:30-12:00", "13:00-16:00"], holidays: ["2024-12-25", "2024-07-04"], early: ["2024-11-29": "13:30"])
    for calendar in [TradingCalendar.everyDay, .sessions, .exchange(newYork)] {
      let execution = Execution(sizing: .compounding, calendar: calendar)
      #expect(try JSONDecoder().decode(Execution.self, from: JSONEncoder().encode(execution)) == execution)
    }
    func read(_ json: String) throws -> TradingCalendar {
      try JSONDecoder().decode([String: TradingCalendar].self, from: Data(#"{"calendar":\#(json)}"#.utf8))["calendar"] ?? .sessions
    }
    #expect(try read(#""every-day""#) == .everyDay && read(#""sessions""#) == .sessions)
    let short = #"{"time-zone":"UTC","sessions":{"weekdays":["08:00-16:00"],"friday":["08:00-12:00"]}}"#
    guard case .exchange(let hours) = try read(short) else { throw CancellationError() }
    #expect(hours.sessions[.monday]?.map(\.description) == ["08:00-16:00"])
    #expect(hours.sessions[.friday]?.map(\.description) == ["08:00-12:00"] && hours.daysPerYear == 252)
    for (json, subject) in [
      (#""always""#, "calendar"), (#"{"time-zone":"UTC","sessions":{"mon":["08:00-16:00"]}}"#, "calendar.sessions.mon"),
      (#"{"time-zone":"UTC","sessions":{"monday":["8-16"]}}"#, "calendar.sessions.monday[0]"),
      (#"{"time-zone":"UTC","zone":1,"sessions":{"monday":["08:00-16:00"]}}"#, "calendar.zone"),
      (#"{"time-zone":"UTC","sessions":{"monday":["08:00-16:00"]},"holidays":["x"]}"#, "calendar.holidays[0]"),
      (#"{"time-zone":"UTC","sessions":{"monday":["08:00-16:00"]},"early-closes":{"2024-03-11":"x"}}"#, "calendar.early-closes.2024-03-11"),
    ] {
      let error = #expect(throws: BacktestError.self) { try read(json) }
      #expect(error?.subject == subject && error?.expected != nil && error?.found != nil, "\(error?.description ?? json)")
    }
  }
}
