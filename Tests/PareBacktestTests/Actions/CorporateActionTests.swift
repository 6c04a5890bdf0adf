import PareBacktest
import PareMarket
import PareTensor
import Testing

@Suite struct CorporateActionTests {
  private let day = 24 * hour
  private let flat = (100.0, 100.0, 100.0, 100.0)

  private func date(_ days: Int) -> CalendarDate { CalendarDate(utc: midnight).advanced(by: days) }

  private func run(
    _ column: TradedCandles, _ targets: [Double], _ actions: [CorporateAction], rules: TradingRules = .none,
    sizing: Execution.Sizing = .fixedNotional, costs: CostModel? = nil
  ) throws -> PortfolioResult {
    let instrument = Instrument("one", candles: column, costs: try costs ?? basisPoints(0), actions: actions)
    return try PortfolioBacktest([instrument], rules: rules, execution: Execution(sizing: sizing)).run(targets: [targets])
  }

  /// Raw candles of a day each: those of a price without actions, cut down by what the actions take out of it.
  private func raw(_ whole: TradedCandles, _ actions: [CorporateAction]) throws -> TradedCandles {
    var (shares, cash) = (1.0, 0.0)
    var next = actions[...]
    var columns: [[Double]] = [[], [], [], []]
    for candle in whole.times.indices {
      while let action = next.first, action.exDate.midnight <= whole.times[candle] {
        shares *= action.split
        cash += action.dividend * shares
        next = next.dropFirst()
      }
      for (place, price) in [whole.opens, whole.highs, whole.lows, whole.closes].enumerated() {
        columns[place].append((price[candle] - cash) / shares)
      }
    }
    return try TradedCandles(
      times: whole.times, opens: columns[0], highs: columns[1], lows: columns[2], closes: columns[3], volumes: whole.volumes)
  }

  private func randomActions(_ generator: inout SeededGenerator, days: Int) throws -> [CorporateAction] {
    var actions: [CorporateAction] = []
    for index in 0..<days where generator.below(9) == 0 {
      let split = [1, 1, 2, 0.5, 1.5][generator.below(5)]
      actions.append(
        try CorporateAction(exDate: date(index), split: split, dividend: split == 1 || generator.below(3) == 0 ? 0.3 : 0))
    }
    return actions
  }

  @Test func holdersGetTheDividendAndShortsPayIt() throws {
    // 100 falls to 98 on the second day, which pays 3.
    var prices = [(Double, Double, Double, Double)](repeating: flat, count: 48)
    for index in 24..<48 { prices[index] = (98, 98, 98, 98) }
    let column = try candles(prices)
    let dividend = [try CorporateAction(exDate: date(1), dividend: 3)]
    for side in [1.0, -1, 0.5] {
      let result = try run(column, [Double](repeating: side, count: 48), dividend)
      #expect(agree(result.metrics.netReturn, side * 0.01))
      #expect(result.trades.count == 1 && result.trades[0].exitPrice == 98)
      // What was paid for the shares, the dividend taken off: 98 after a gain of a percent.
      #expect(agree(result.trades[0].entryPrice, 98 / 1.01))
    }
    #expect(agree(try run(column, [Double](repeating: 1, count: 48), []).metrics.netReturn, -0.02))
    // Who buys at the ex-date's open gets nothing.
    let late = (0..<48).map { $0 < 23 ? 0.0 : 1 }
    #expect(try run(column, late, dividend).metrics.netReturn == 0)
  }

  @Test(arguments: 0..<10) func aSplitChangesNothingButThePrices(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let whole = try wanderingCandles(400, seed: seed)
    let actions = try randomActions(&generator, days: 18).map { try CorporateAction(exDate: $0.exDate, split: $0.split) }
    let targets = wanderingTargets(whole.count, seed: seed)
    let rules = TradingRules(stopLoss: 0.03, takeProfit: 0.04, maximumHolding: 15)
    let costs = CostModel(.standard, slippage: .volatility(multiple: 0.1, candles: 10))
    let before = try run(whole, targets, [], rules: rules, costs: costs)
    let after = try run(raw(whole, actions), targets, actions, rules: rules, costs: costs)
    #expect(agree(after.metrics.netReturn, before.metrics.netReturn, within: 1e-9))
    #expect(after.trades.map(\.exit) == before.trades.map(\.exit) && after.trades.map(\.left) == before.trades.map(\.left))
    #expect(zip(after.trades, before.trades).allSatisfy { agree($0.netReturn, $1.netReturn, within: 1e-9) })
    #expect(zip(after.daily, before.daily).allSatisfy { agree($0.net, $1.net, within: 1e-9) })
  }

  @Test(arguments: 0..<20) func itIsTheMoneyOfSharesAndCash(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let whole = try wanderingCandles(400, seed: seed)
    let actions = try randomActions(&generator, days: 18)
    let column = try raw(whole, actions)
    let targets = wanderingTargets(column.count, seed: seed)
    let result = try run(column, targets, actions)
    // Every step buys its position's worth of shares anew, and holds them and the cash that they pay to the next open.
    var earned = 0.0
    for candle in 1..<column.count - 1 {
      var (shares, cash) = (targets[candle - 1] / column.opens[candle], 0.0)
      let (from, to) = (column.times[candle] / day, column.times[candle + 1] / day)
      for action in actions where action.exDate.midnight / day > from && action.exDate.midnight / day <= to {
        shares *= action.split
        cash += shares * action.dividend
      }
      earned += shares * column.opens[candle + 1] + cash - targets[candle - 1]
    }
    #expect(agree(result.metrics.grossReturn, earned, within: 1e-10))
    // Held throughout, with dividends put into shares at the open that they are paid at, it is the growth of what is held.
    let held = try run(column, [Double](repeating: 1, count: column.count), actions, sizing: .compounding)
    var shares = 1 / column.opens[1]
    for candle in 1..<column.count - 1 {
      let (from, to) = (column.times[candle] / day, column.times[candle + 1] / day)
      var (factor, cash) = (1.0, 0.0)
      for action in actions where action.exDate.midnight / day > from && action.exDate.midnight / day <= to {
        factor *= action.split
        cash += factor * action.dividend
      }
      shares *= factor + cash / column.opens[candle + 1]
    }
    let last = try #require(column.opens.last)
    #expect(agree(held.metrics.netReturn, shares * last - 1, within: 1e-10))
  }

  @Test(arguments: 0..<10) func adjustedPricesMakeTheSameMoney(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let whole = try wanderingCandles(400, seed: seed)
    let actions = try randomActions(&generator, days: 18)
    let column = try raw(whole, actions)
    let targets = wanderingTargets(column.count, seed: seed)
    let rules = TradingRules(stopLoss: 0.03, takeProfit: 0.04)
    let adjusted = try column.adjusted(for: actions)
    let (one, other) = (try run(column, targets, actions, rules: rules), try run(adjusted, targets, [], rules: rules))
    #expect(one.metrics == other.metrics && one.daily == other.daily && one.trades.count == other.trades.count)
    // What a candle traded is worth the same, and the past does not depend on what comes.
    for candle in adjusted.times.indices {
      let value = column.volumes[candle] * column.closes[candle]
      #expect(agree(adjusted.volumes[candle] * adjusted.closes[candle] / value, 1, within: 1e-9))
    }
    let first = actions.first { $0.exDate.midnight > column.times[0] }
    let limit = first?.exDate.midnight ?? .max
    let untouched = column.times.indices.filter { column.times[$0] < limit }
    #expect(untouched.allSatisfy { adjusted.closes[$0] == column.closes[$0] })
    #expect(!untouched.isEmpty)
  }

  @Test func levelsFollowTheShares() throws {
    // Two for one on the second day: a stop 2 % below 100 is one 2 % below 50.
    var prices = [(Double, Double, Double, Double)](repeating: flat, count: 48)
    for index in 24..<48 { prices[index] = (50, 50, 49.5, 50) }
    prices[30] = (50, 50, 48, 49)
    let result = try run(
      candles(prices), [Double](repeating: 1, count: 48), [CorporateAction(exDate: date(1), split: 2)],
      rules: TradingRules(stopLoss: 0.02))
    #expect(result.trades.map(\.exit) == [.stop] && result.trades[0].left == midnight + 30 * hour)
    #expect(agree(result.trades[0].exitPrice, 49) && agree(result.trades[0].entryPrice, 50))
    #expect(agree(result.metrics.netReturn, -0.02))
  }

  @Test func actionsOutsideTheCandlesDoNothingAndThoseInAGapWait() throws {
    // Three days, the second without candles.
    let hours: [Int64] = Array(0..<24) + Array(48..<72)
    let times = hours.map { midnight + $0 * hour }
    let prices = times.map { $0 < midnight + day ? 100.0 : 60 }
    let column = try TradedCandles(
      times: times, opens: prices, highs: prices, lows: prices, closes: prices, volumes: prices.map { _ in 0 })
    let long = [Double](repeating: 1, count: 48)
    func action(_ days: Int, _ split: Double, _ dividend: Double = 0) throws -> CorporateAction {
      try CorporateAction(exDate: date(days), split: split, dividend: dividend)
    }
    let idle = try [action(-5, 3), action(0, 7, 9), action(3, 2)]
    #expect(agree(try run(column, long, idle).metrics.netReturn, -0.4))
    // A dividend of 2 on a share, then three for two: 1.5 · 60 + 2.
    #expect(agree(try run(column, long, [action(1, 1, 2), action(2, 1.5)]).metrics.netReturn, -0.08))
    let error = #expect(throws: BacktestError.self) { try run(column, long, [action(2, 2), action(1, 2)]) }
    #expect(error?.code == "backtest.actions" && error?.subject == "one" && error?.found != nil)
    let huge = try (0..<60).map { _ in try action(2, 1e6) }
    #expect(errorCode { _ = try run(column, long, huge) } == "backtest.prices")
  }

  @Test func anExDateIsTheExchangesDate() throws {
    let calendar = TradingCalendar.exchange(try hours("Pacific/Auckland", ["10:00-16:45"]))
    let opens = try ["2024-03-10 21:00", "2024-03-11 21:00"].map(instant)
    let times = opens.flatMap { open in (0..<7).map { open + Int64($0) * hour } }
    let prices = times.indices.map { $0 < 7 ? 100.0 : 50 }
    let column = try TradedCandles(
      times: times, opens: prices, highs: prices, lows: prices, closes: prices, volumes: prices.map { _ in 0 })
    let split = try CorporateAction(exDate: CalendarDate(utc: instant("2024-03-12 00:00")), split: 2)
    let instrument = Instrument("one", candles: column, costs: try basisPoints(0), actions: [split])
    let result = try PortfolioBacktest([instrument], execution: Execution(calendar: calendar))
      .run(targets: [[Double](repeating: 1, count: 14)])
    #expect(agree(result.metrics.netReturn, 0))
    #expect(try column.adjusted(for: [split], calendar: calendar).closes == prices.map { _ in 100 })
  }
}
