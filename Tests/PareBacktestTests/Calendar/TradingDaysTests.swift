import PareBacktest
import PareMarket
import Testing

@Suite struct TradingDaysTests {
  /// Candles of an hour at these instants, with opens that grow by a percent each.
  private func column(_ times: [Int64]) throws -> TradedCandles {
    var price = 100.0
    let opens = times.map { _ in
      price *= 1.01
      return price
    }
    return try TradedCandles(
      times: times, opens: opens, highs: opens, lows: opens, closes: opens, volumes: opens.map { _ in 1 })
  }

  private func sevenHours(_ start: Int64) -> [Int64] { (0..<7).map { start + Int64($0) * hour } }

  private func run(_ column: TradedCandles, _ calendar: TradingCalendar, _ rules: TradingRules = .none) throws -> PortfolioResult {
    try PortfolioBacktest(
      [Instrument("one", candles: column, costs: try basisPoints(0))], rules: rules, execution: Execution(calendar: calendar)
    ).run(targets: [[Double](repeating: 1, count: column.count)])
  }

  @Test func aDayIsTheDateThereThoughUTCsChangesWithinIt() throws {
    // 10:00 to 16:00 in Auckland is 21:00 to 03:00 in UTC. Monday and Tuesday, Thursday (Wednesday has no candle), Monday.
    let opens = try ["2024-03-10", "2024-03-11", "2024-03-13", "2024-03-17"].map { try instant($0 + " 21:00") }
    let times = opens.flatMap(sevenHours)
    let column = try column(times)
    let calendar = TradingCalendar.exchange(try hours("Pacific/Auckland", ["10:00-16:45"]))
    let result = try run(column, calendar)
    let days = try ["2024-03-11", "2024-03-12", "2024-03-13", "2024-03-14", "2024-03-15", "2024-03-18"].map { try date($0).midnight }
    #expect(result.daily.map(\.day) == days)
    // Steps of a percent belong to the day on which they begin: the first candle and the last only decide and close.
    let expected = [0.06, 0.07, 0, 0.07, 0, 0.06]
    #expect(zip(result.daily, expected).allSatisfy { agree($0.net, $1, within: 1e-9) })
    // The same steps by UTC: money alike, days not.
    let utc = try run(column, .sessions)
    #expect(utc.metrics.netReturn == result.metrics.netReturn && utc.metrics.days == 7)
    // And the backtest of sides agrees.
    let sides = try Backtest(
      opens: column.opens, times: column.times, costs: .none, execution: Execution(calendar: calendar)
    ).run(positions: [Int8](repeating: 1, count: column.count))
    #expect(sides.daily.map(\.day) == days)
    #expect(zip(sides.daily, result.daily).allSatisfy { agree($0.net, $1.net) })
  }

  @Test func holidaysAndWeekendsAreNoDays() throws {
    let newYork = try hours("America/New_York", ["09:30-16:00"], holidays: ["2024-07-04"])
    // Daily candles begin at midnight UTC of their date, which is the evening before in New York.
    let dates = try (0..<60).map { try date("2024-06-03").advanced(by: $0) }.filter(newYork.isTradingDay)
    let column = try column(dates.map(\.midnight))
    let result = try run(column, .exchange(newYork))
    #expect(result.daily.map(\.day) == dates.dropFirst().dropLast().map(\.midnight))
    let sessions = try run(column, .sessions)
    #expect(result.daily == sessions.daily && result.metrics == sessions.metrics)
    // Without the Monday's candle it is a flat day all the same, and a year may have other days.
    var fewer = dates.map(\.midnight)
    fewer.remove(at: 5)
    let year = try ExchangeHours(timeZone: newYork.timeZone, sessions: newYork.sessions, holidays: newYork.holidays, daysPerYear: 250)
    let other = try run(try self.column(fewer), .exchange(year))
    #expect(other.daily.map(\.day) == result.daily.map(\.day) && other.daily[4].net == 0)
    let days = other.daily.map(\.net)
    #expect(other.metrics.sharpe == RiskRatios.sharpe(daily: days, daysPerYear: 250))
  }

  @Test func aCandleOutsideTheSessionsIsRefusedByItsPlace() throws {
    let calendar = TradingCalendar.exchange(try hours("America/New_York", ["09:30-16:00"], early: ["2024-11-29": "13:00"]))
    // From 14:00 UTC, an hour in which the exchange opens.
    let inside = sevenHours(try instant("2024-11-27 14:00"))
    #expect(try run(try column(inside), calendar).metrics.days == 1)
    let late = try inside + [instant("2024-11-29 17:00"), instant("2024-11-29 18:00")]
    func error(_ body: () throws -> Void) -> BacktestError? {
      do { try body() } catch { return error as? BacktestError }
      return nil
    }
    let refused = error { _ = try run(try column(late), calendar) }
    #expect(refused?.code == "backtest.calendar" && refused?.subject == "one, candle 8")
    #expect(refused?.found == "2024-11-29 18:00 UTC" && refused?.expected?.contains("America/New_York") == true)
    let sides = error { _ = try Backtest(opens: [1, 1], times: [0, hour], execution: Execution(calendar: calendar)) }
    #expect(sides?.subject == "candle 0" && sides?.found == "1970-01-01 00:00 UTC")
    let never = error { _ = try Backtest(opens: [1, 1], times: [.max - 9, .max], execution: Execution(calendar: calendar)) }
    #expect(never?.code == "backtest.times")
  }

  @Test func theDailyLossLimitEndsWithTheDayThere() throws {
    let (first, second) = (try instant("2024-03-10 21:00"), try instant("2024-03-11 21:00"))
    let times = sevenHours(first) + sevenHours(second)
    var prices = times.map { _ in 100.0 }
    for index in 2..<14 { prices[index] = 90 }
    let column = try TradedCandles(
      times: times, opens: prices, highs: prices, lows: prices, closes: prices, volumes: prices.map { _ in 1 })
    let calendar = TradingCalendar.exchange(try hours("Pacific/Auckland", ["10:00-16:45"]))
    let rules = TradingRules(dailyLossLimit: 0.05)
    // Seen at the close of 23:00 UTC. By UTC the next day begins an hour later, in Auckland with the next session.
    #expect(try run(column, calendar, rules).trades.map(\.entered) == [times[1], times[7]])
    #expect(try run(column, .everyDay, rules).trades.map(\.entered) == [times[1]])
  }

  @Test func everyInstrumentsCandlesAreOfTheSameDays() throws {
    let calendar = TradingCalendar.exchange(try hours("America/New_York", ["09:30-16:00"]))
    let first = Array(sevenHours(try instant("2024-11-25 15:00")).prefix(6))
    let second = Array(sevenHours(try instant("2024-11-26 15:00")).prefix(3))
    let result = try PortfolioBacktest(
      [Instrument("a", candles: column(first)), Instrument("b", candles: column(second))],
      execution: Execution(calendar: calendar)
    ).run(targets: [[Double](repeating: 1, count: 6), [1, 1, 1]])
    let days = try ["2024-11-25", "2024-11-26"].map { try date($0).midnight }
    #expect(result.daily.map(\.day) == days)
    #expect(agree(result.daily.reduce(0) { $0 + $1.net }, result.metrics.netReturn))
  }
}
