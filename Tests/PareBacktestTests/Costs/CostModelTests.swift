import Foundation
import PareBacktest
import Testing

@Suite struct CostModelTests {
  private let flat = (100.0, 100.0, 100.0, 100.0)

  private func run(
    _ columns: TradedCandles, _ costs: CostModel, target: Double = 1, rules: TradingRules = .none,
    capital: Double = 1_000_000
  ) throws -> PortfolioResult {
    try PortfolioBacktest([Instrument("one", candles: columns, costs: costs)], rules: rules, capital: capital)
      .run(targets: [[Double](repeating: target, count: columns.count)])
  }

  @Test func fundingIsPaidAtItsInstantsByWhoHeldBefore() throws {
    // 30 hours from midnight: held from 01:00 to 05:00 the next day, over 08:00, 16:00 and 24:00.
    let columns = try candles([(Double, Double, Double, Double)](repeating: flat, count: 30))
    var costs = CostModel(.none, funding: .constant(rate: 0.0001))
    let long = try run(columns, costs)
    #expect(agree(long.financing, 0.0003) && agree(long.metrics.netReturn, -0.0003) && long.metrics.costs == 0)
    #expect(agree(try run(columns, costs, target: -0.5).financing, -0.00015))
    #expect(agree(long.trades[0].netReturn, -0.0003))
    // A position closed at an instant pays it, one opened then does not.
    let instants = try FundingRates(times: [1, 2, 29].map { midnight + $0 * hour }, rates: [0.1, 0.01, 0.001])
    costs.funding = .rates(instants)
    #expect(agree(try run(columns, costs).financing, 0.011))
  }

  @Test func aConstantRateIsTheFileThatSaysTheSame() throws {
    let columns = try wanderingCandles(400, seed: 3)
    let instants = (0..<60).map { midnight + 8 * hour * Int64($0) }
    let file = try FundingRates(times: instants, rates: instants.map { _ in 0.0002 })
    let constant = try run(columns, CostModel(.none, funding: .constant(rate: 0.0002)))
    let read = try run(columns, CostModel(.none, funding: .rates(file)))
    #expect(agree(constant.financing, read.financing) && constant.financing > 0)
  }

  @Test func ratesAreReadFromATable() throws {
    let path = NSTemporaryDirectory() + "funding-\(UUID().uuidString).csv"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try "time,rate\n1700006400000,0.5\n1700035200000,-0.25\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try FundingRates(file: path) == FundingRates(times: [midnight, midnight + 8 * hour], rates: [0.5, -0.25]))
    try "time,funding\n1700006400000,0.5\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(errorCode { _ = try FundingRates(file: path) } == "backtest.funding")
  }

  @Test func shortsPayForWhatTheyBorrow() throws {
    let columns = try candles([(Double, Double, Double, Double)](repeating: flat, count: 26))
    let costs = CostModel(.none, borrow: 0.0365)
    // Held for 24 hours of a year of 365 days.
    #expect(agree(try run(columns, costs, target: -1).financing, 0.0001))
    #expect(try run(columns, costs).financing == 0)
  }

  @Test func aStopWithinACandlePaysItsFundingAndNeverEarnsIt() throws {
    var prices = [(Double, Double, Double, Double)](repeating: flat, count: 12)
    prices[7] = (100, 100, 90, 95)
    let columns = try candles(prices)
    for rate in [0.001, -0.001] {
      let result = try run(
        columns, CostModel(.none, funding: .constant(rate: rate)), rules: TradingRules(stopLoss: 0.05))
      #expect(result.trades[0].exit == .stop && agree(result.financing, max(rate, 0)))
    }
  }

  @Test func slippageFollowsTheVolatilityBeforeTheFill() throws {
    // Closes 100, 102, 100, 102, …: log returns ± ln 1.02.
    let prices = (0..<8).map { index in
      let close = index.isMultiple(of: 2) ? 100.0 : 102
      return (100.0, 102.0, 100.0, close)
    }
    let columns = try candles(prices)
    let costs = CostModel(.none, slippage: .volatility(multiple: 0.5, candles: 4))
    // Long at the open of candle 5 alone, closed at that of candle 6: three returns lie in the four candles before each.
    let result = try PortfolioBacktest([Instrument("one", candles: columns, costs: costs)])
      .run(targets: [[0, 0, 0, 0, 1, 0, 0, 0]])
    let step = log(1.02)
    // Returns ±, ∓, ±: mean a third of the step, squares about it 3 · step² − step² / 3, over 2.
    let deviation = ((3 - 1.0 / 3) / 2).squareRoot() * step
    #expect(agree(result.metrics.costs, 2 * 0.5 * deviation))
    // With fewer than 3 candles before the fill it is nothing.
    let early = try PortfolioBacktest([Instrument("one", candles: columns, costs: costs)])
      .run(targets: [[1, 0, 0, 0, 0, 0, 0, 0]])
    #expect(early.metrics.costs == 0)
  }

  @Test func participationCostsTheSquareRootOfTheOrder() throws {
    let columns = try wanderingCandles(60, seed: 9, gaps: false)
    func cost(_ size: Double, capital: Double) throws -> Double {
      var targets = [Double](repeating: 0, count: 60)
      targets[40] = size
      let costs = CostModel(.none, slippage: .participation(multiple: 0.1, candles: 20))
      return try PortfolioBacktest([Instrument("one", candles: columns, costs: costs)], capital: capital)
        .run(targets: [targets]).metrics.costs
    }
    let one = try cost(1, capital: 10_000)
    #expect(one > 0)
    // Four times the order: twice the rate on four times the notional, whether by size or by capital.
    #expect(agree(try cost(4, capital: 10_000), 8 * one, within: 1e-12))
    #expect(agree(try cost(1, capital: 40_000), 2 * one, within: 1e-12))
    // Nothing can be dearer than a tenth, and where nothing is traded everything is.
    #expect(try cost(1, capital: 1e18) == 0.2)
    let silent = try TradedCandles(
      times: columns.times, opens: columns.opens, highs: columns.highs, lows: columns.lows, closes: columns.closes,
      volumes: columns.volumes.map { _ in 0 })
    var targets = [Double](repeating: 0, count: 60)
    targets[40] = 1
    let dear = try PortfolioBacktest(
      [Instrument("one", candles: silent, costs: CostModel(.none, slippage: .participation(multiple: 0.1, candles: 20)))]
    ).run(targets: [targets])
    #expect(dear.metrics.costs == 0.2)
  }

  @Test func aTakeProfitWaitsInTheBookForTheMakersFee() throws {
    let columns = try candles([flat, flat, (100, 104, 100, 103), flat])
    let costs = CostModel(try TradingCosts(fee: 5, halfSpread: 1, slippage: 1), makerFee: 2)
    let result = try run(columns, costs, rules: TradingRules(takeProfit: 0.03))
    #expect(result.trades[0].exit == .takeProfit && agree(result.metrics.costs, 0.0007 + 0.0002))
    let stopped = try run(columns, CostModel(costs.taking), rules: TradingRules(takeProfit: 0.03))
    #expect(agree(stopped.metrics.costs, 2 * 0.0007))
  }

  @Test func costsThatCannotBeAreRefused() throws {
    let columns = try candles([flat, flat, flat])
    func code(_ costs: CostModel) -> String? { errorCode { _ = try run(columns, costs) } }
    #expect(code(CostModel(makerFee: -1)) == "backtest.cost")
    #expect(code(CostModel(borrow: .nan)) == "backtest.cost")
    #expect(code(CostModel(slippage: .volatility(multiple: -1, candles: 5))) == "backtest.cost")
    #expect(code(CostModel(slippage: .participation(multiple: 1, candles: 2))) == "backtest.cost")
    #expect(code(CostModel(funding: .constant(rate: .nan))) == "backtest.funding")
    #expect(errorCode { _ = try FundingRates(times: [2, 1], rates: [0, 0]) } == "backtest.funding")
    #expect(errorCode { _ = try FundingRates(times: [1], rates: []) } == "backtest.funding")
    #expect(errorCode { _ = try FundingRates(times: [1], rates: [1]) } == "backtest.funding")
  }
}
