import Foundation
import PareBacktest
import Testing

private let nan = Double.nan

/// Cases of a few shares, worked out by hand. Rows are days; the first step runs from the open of day 1 to that of day 2.
@Suite struct CrossSectionPortfolioTests {
  private func costs(_ basisPoints: Double) throws -> TradingCosts {
    try TradingCosts(fee: basisPoints, halfSpread: 0, slippage: 0)
  }

  /// Trades as `(session, symbol, weight)`.
  private func trades(_ result: CrossSectionResult) -> [[Double]] {
    result.trades.map { [Double($0.session), Double($0.symbol), $0.weight] }
  }

  @Test func theBestShareIsHeldFromOneOpenToTheNext() throws {
    let panel = RandomPanel(
      scores: [[3, 2, 1], [1, 2, 3], [9, 0, 0], [9, 0, 0]],
      open: [[10, 20, 5], [10, 20, 5], [11, 20, 5], [12, 20, 6]])
    let result = try panel.run(CrossSectionPortfolio(top: 1, costs: costs(10), stampDuty: 5))
    let (first, second) = (result.steps[0], result.steps[1])
    #expect(result.steps.count == 2)
    #expect(agree(first.gross, 0.1) && agree(first.costs, 0.001) && first.traded == 1)
    #expect(agree(first.benchmark, 0.1 / 3) && agree(first.excess, 0.1 - 0.001 - 0.1 / 3))
    // Sold at 15 basis points, bought at 10.
    #expect(agree(second.gross, 0.2) && agree(second.costs, 0.0025) && second.traded == 2)
    #expect(agree(second.benchmark, (12.0 / 11 - 1 + 0.2) / 3))
    #expect(trades(result) == [[1, 0, 1], [2, 2, 1], [2, 0, -1]])
    let figures = result.figures
    #expect(figures.days == 2 && agree(figures.netReturn, 0.3 - 0.0035) && agree(figures.grossReturn, 0.3))
    #expect(agree(figures.turnover, 1.5) && figures.holdings == 1 && agree(figures.breakEvenBasisPoints, 1_000))
    #expect(figures.annualReturn == nil && figures.sharpe == nil && figures.maxDrawdown == 0)
  }

  @Test func aDayReplacesNoMoreThanItMayDrop() throws {
    let day = [1.0, 2, 3, 4]
    let panel = RandomPanel(scores: [[4, 3, 2, 1], day, day, day, day], open: [[Double]](repeating: [1, 1, 1, 1], count: 5))
    let result = try panel.run(CrossSectionPortfolio(top: 2, drop: 1, costs: .none))
    // First the two best; then the worst of {A, B, D} goes for D, then the worst of {B, D, C} for C.
    #expect(trades(result) == [[1, 0, 0.5], [1, 1, 0.5], [2, 3, 0.5], [2, 0, -0.5], [3, 2, 0.5], [3, 1, -0.5]])
    #expect(result.steps.map(\.longs) == [2, 2, 2])
  }

  @Test func aPurchaseAtTheLimitLeavesItsSlotInCash() throws {
    var panel = RandomPanel(scores: [[3, 2, 1], [3, 2, 1], [3, 2, 1], [3, 2, 1]], open: [[1, 1, 1], [2, 2, 2], [3, 3, 3], [6, 3, 3]])
    panel.canBuy[1][0] = false
    let result = try panel.run(CrossSectionPortfolio(top: 1, costs: .none))
    #expect(result.steps.map(\.gross) == [0, 1] && result.steps.map(\.longs) == [0, 1])
    #expect(result.steps.map(\.blockedBuys) == [1, 0] && trades(result) == [[2, 0, 1]])
    // A sale would have been possible, so the share belongs to the universe.
    #expect(agree(result.steps[0].benchmark, 0.5))
  }

  @Test func aSaleThatIsNotFilledStandsUntilItIs() throws {
    var panel = RandomPanel(
      scores: [[3, 2, 1], [1, 2, 3], [9, 2, 3], [9, 2, 3], [9, 2, 3]],
      open: [[1, 1, 1], [1, 1, 1], [2, 1, 2], [3, 1, 4], [3, 1, 8]])
    panel.canSell[2][0] = false
    let result = try panel.run(CrossSectionPortfolio(top: 1, costs: .none))
    // The share stays, and its slot has no room for the third; the day after it goes whatever its score says now.
    #expect(trades(result) == [[1, 0, 1], [3, 2, 1], [3, 0, -1]])
    #expect(result.steps.map(\.gross) == [1, 0.5, 1] && result.steps.map(\.blockedSells) == [0, 1, 0])
    #expect(result.steps.map(\.blockedBuys) == [0, 0, 0])
  }

  @Test func aSuspendedShareKeepsItsCloseAndTheGapComesWhenItResumes() throws {
    var panel = RandomPanel(
      scores: [[Double]](repeating: [2, 1], count: 6), open: [[10, 1], [10, 1], [nan, 1], [nan, 1], [8.4, 1], [8.4, 1]])
    panel.close = [[10, 1], [10.5, 1], [nan, 1], [nan, 1], [8.4, 1], [8.4, 1]]
    let result = try panel.run(CrossSectionPortfolio(top: 1, costs: .none))
    let gross = result.steps.map(\.gross)
    #expect(agree(gross[0], 0.05) && gross[1] == 0 && agree(gross[2], -0.2) && gross[3] == 0)
    #expect(result.stranded.isEmpty && result.trades.count == 1)
    // The universe holds only what trades at the open.
    #expect(result.steps.map(\.benchmark)[1...] == [0, 0, 0] && agree(result.steps[0].benchmark, 0.025))
    #expect(agree(result.figures.maxDrawdown, 0.2) && agree(result.figures.netReturn, -0.15))
  }

  @Test func aDelistedShareKeepsItsLastValueAndIsReported() throws {
    var panel = RandomPanel(
      scores: [[2, 1], [2, 1], [nan, 1], [nan, 1], [nan, 1]], open: [[10, 1], [10, 1], [nan, 1], [nan, 1], [nan, 1]])
    panel.close = [[10, 1], [9, 1], [nan, 1], [nan, 1], [nan, 1]]
    let result = try panel.run(CrossSectionPortfolio(top: 1, costs: .none))
    #expect(agree(result.steps[0].gross, -0.1) && result.steps.dropFirst().allSatisfy { $0.gross == 0 && $0.longs == 1 })
    // Without a score it is the worst: its sale is asked for at each later open.
    #expect(result.steps.map(\.blockedSells) == [0, 0, 1] && result.stranded == [0] && result.figures.stranded == 1)
  }

  @Test func longAndShortHaveHalfTheGrossEach() throws {
    let panel = RandomPanel(
      scores: [[3, 2, 1], [1, 2, 3], [0, 0, 0], [0, 0, 0]], open: [[10, 10, 10], [10, 10, 10], [11, 10, 8], [11, 10, 4]])
    let result = try panel.run(CrossSectionPortfolio(top: 1, side: .longShort, costs: costs(10), stampDuty: 5))
    #expect(agree(result.steps[0].gross, 0.05 + 0.1) && result.steps[0].exposure == 1 && result.steps[0].traded == 1)
    // Half bought at 10, half sold at 15; the universe is no benchmark of it.
    #expect(agree(result.steps[0].costs, 0.00125) && result.steps[0].excess == result.steps[0].net)
    // What one side held is no candidate of the other on the day; both then want the second, and neither takes it.
    #expect(result.steps[1].longs == 0 && result.steps[1].shorts == 0 && result.steps[1].gross == 0 && result.steps[1].traded == 1)
  }

  @Test func whatBothSidesWantNeitherTakes() throws {
    let few = RandomPanel(scores: [[3, 2, 1], [3, 2, 1], [3, 2, 1]], open: [[1, 1, 1], [1, 1, 1], [2, 1, 0.5]])
    let result = try few.run(CrossSectionPortfolio(top: 2, side: .longShort, costs: .none))
    #expect(trades(result) == [[1, 0, 0.25], [1, 2, -0.25]] && agree(result.steps[0].gross, 0.25 + 0.125))
  }

  @Test func equalScoresGoByTheOrderOfTheSymbols() throws {
    let equal = RandomPanel(scores: [[Double]](repeating: [5, 5, 5, 5], count: 5), open: [[Double]](repeating: [1, 2, 3, 4], count: 5))
    let long = try equal.run(CrossSectionPortfolio(top: 2, drop: 1, costs: .none))
    #expect(trades(long) == [[1, 0, 0.5], [1, 1, 0.5]])
    // Both sides ask for the same shares, and scores that say nothing hold nothing.
    #expect(try equal.run(CrossSectionPortfolio(top: 2, side: .longShort, costs: .none)).trades.isEmpty)
  }

  @Test func aMoveBeyondBeliefEarnsNothingAndIsCounted() throws {
    let panel = RandomPanel(scores: [[2, 1], [2, 1], [2, 1]], open: [[10, 10], [10, 10], [4.9, 11]])
    let result = try panel.run(CrossSectionPortfolio(top: 1, costs: .none, largestMove: 0.5))
    #expect(result.steps[0].gross == 0 && result.steps[0].discontinuities == 1 && agree(result.steps[0].benchmark, 0.05))
    #expect(agree(try panel.run(CrossSectionPortfolio(top: 1, costs: .none)).steps[0].gross, -0.51))
  }

  @Test func aShareStaysForItsHoldingDays() throws {
    let panel = RandomPanel(
      scores: [[2, 1], [1, 2], [1, 2], [1, 2], [1, 2], [1, 2]], open: [[Double]](repeating: [1, 1], count: 6))
    func sale(_ days: Int) throws -> Int? {
      try panel.run(CrossSectionPortfolio(top: 1, holdingDays: days, costs: .none)).trades.first { $0.weight < 0 }?.session
    }
    #expect(try sale(1) == 2 && sale(2) == 3 && sale(4) == nil)
  }

  @Test func figuresOfAYearNeedTwentyDays() throws {
    // The better of two shares gains 1 % on even days and 2 % on odd ones, the other nothing.
    var price = 1.0
    let open = (0..<42).map { day in
      defer { price *= day.isMultiple(of: 2) ? 1.01 : 1.02 }
      return [price, 1]
    }
    let panel = RandomPanel(scores: [[Double]](repeating: [1, 0], count: 42), open: open)
    let result = try panel.run(CrossSectionPortfolio(top: 1, costs: .none))
    let figures = result.figures
    #expect(agree(figures.annualReturn, 0.015 * 252) && agree(figures.annualBenchmark, 0.0075 * 252))
    #expect(agree(figures.annualExcess, 0.0075 * 252))
    // 40 days of two values: sample deviation 0.005 · √(40/39), of the excess half of it.
    let deviation = 0.005 * (40.0 / 39).squareRoot()
    #expect(agree(figures.sharpe, 0.015 / deviation * 252.0.squareRoot(), within: 1e-10))
    #expect(agree(figures.informationRatio, 0.0075 / (deviation / 2) * 252.0.squareRoot(), within: 1e-10))
    let compounding = try panel.run(CrossSectionPortfolio(top: 1, costs: .none, sizing: .compounding)).figures
    #expect(agree(compounding.netReturn, pow(1.01 * 1.02, 20) - 1, within: 1e-10) && agree(figures.netReturn, 0.6))
    let daily = try result.daily(on: (0..<42).map { Int64($0) * 86_400_000 })
    #expect(daily.count == 40 && daily[0].day == 86_400_000 && daily.map(\.net) == result.steps.map(\.net))
    #expect(errorCode { _ = try result.daily(on: [1, 2]) } == "backtest.days")
    let nothing = try RandomPanel(scores: [[1], [1]], open: [[1], [1]]).run(CrossSectionPortfolio(top: 1)).figures
    let text = String(decoding: try JSONEncoder().encode(nothing), as: UTF8.self)
    #expect(text.contains(#""sharpe":null"#) && text.contains(#""breakEvenBp":null"#))
  }

  @Test func whatCannotBeIsRefused() throws {
    let panel = RandomPanel(scores: [[1, 2], [1, 2], [1, 2]], open: [[1, 1], [1, 1], [1, 1]])
    for portfolio in [
      CrossSectionPortfolio(top: 0), .init(top: -3), .init(top: 2, drop: 3), .init(top: 2, drop: 0), .init(top: 1, holdingDays: 0),
      .init(top: 1, stampDuty: -1), .init(top: 1, largestMove: 0), .init(top: 1, largestMove: .nan), .init(top: 1, daysPerYear: 0),
    ] {
      #expect(errorCode { _ = try panel.run(portfolio) } == "backtest.cross-section-portfolio")
    }
    let good = try PanelPrices(symbols: 2, open: [1, 1], close: [1, nan])
    let narrow = try DailyPanel(symbols: 1, values: [1.0, 2])
    #expect(errorCode { _ = try CrossSectionPortfolio(top: 1).run(scores: narrow, prices: good) } == "backtest.panel")
    #expect(errorCode { _ = try PanelPrices(symbols: 2, open: [1, 0], close: [1, 1]) } == "backtest.price")
    #expect(errorCode { _ = try PanelPrices(symbols: 2, open: [1, 1], close: [-1, 1]) } == "backtest.price")
    #expect(errorCode { _ = try PanelPrices(symbols: 2, open: [1, 1], close: [1]) } == "backtest.panel")
    #expect(errorCode { _ = try PanelPrices(symbols: 2, open: [1, 1], close: [1, 1], canBuy: [true]) } == "backtest.panel")
    var far = panel
    (far.open[1], far.open[2]) = ([1e-300, 1e-300], [1e300, 1e300])
    #expect(errorCode { _ = try far.run(CrossSectionPortfolio(top: 1)) } == "backtest.overflow")
    #expect(try RandomPanel(scores: [[1], [1]], open: [[1], [1]]).run(CrossSectionPortfolio(top: 1)).steps.isEmpty)
  }
}
