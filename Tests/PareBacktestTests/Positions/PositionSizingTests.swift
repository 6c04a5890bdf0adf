import Foundation
import PareBacktest
import PareTensor
import Testing

@Suite struct PositionSizingTests {
  @Test func sizesEqualTheOnesWorkedOutByHand() throws {
    let columns = try candles([(Double, Double, Double, Double)](repeating: (100, 100, 100, 100), count: 4))
    let sides: [Int8] = [1, -1, 0, 1]
    let confidences = [0.6, 1, .nan, 0.55]
    func targets(_ sizing: PositionSizing, threshold: Double = 0.6) throws -> [Double] {
      try sizing.targets(sides: sides, confidences: confidences, threshold: threshold, candles: columns)
    }
    #expect(try targets(.fixed(0.25)) == [0.25, -0.25, 0, 0.25])
    #expect(try targets(.confidence(least: 0.5, most: 2)) == [0.5, -2, 0, 0.5])
    #expect(try agree(targets(.confidence(least: 0, most: 1), threshold: 0.5)[0], 0.2))
    // Even odds: p − (1 − p) = 0.2, 1, 0.1; half of that, at most 0.4.
    let kelly = try targets(.kelly(fraction: 0.5, payoff: 1, most: 0.4))
    #expect(agree(kelly[0], 0.1) && kelly[1] == -0.4 && kelly[2] == 0 && agree(kelly[3], 0.05))
    // A payoff of a half needs two of three right.
    #expect(try targets(.kelly(fraction: 1, payoff: 0.5, most: 1)) == [0, -1, 0, 0])
  }

  @Test func theVolatilityOfAPositionIsTheTarget() throws {
    // Log returns ± ln 1.01: the sample deviation of any three in turn is √(4/3) of that.
    let prices = (0..<8).map { index in
      let close = index.isMultiple(of: 2) ? 100.0 : 101
      return (100.0, 101.0, 100.0, close)
    }
    let columns = try candles(prices)
    func targets(_ target: Double, most: Double) throws -> [Double] {
      try PositionSizing.volatility(target: target, candles: 4, candlesPerYear: 2_500, most: most)
        .targets(sides: [1, 1, 1, 1, -1, 0, 1, 1], candles: columns)
    }
    let size = 0.2 / ((4.0 / 3).squareRoot() * log(1.01) * 50)
    let found = try targets(0.2, most: 9)
    #expect(found[0] == 0 && found[1] == 0 && found[5] == 0)
    #expect(agree(found[3], size) && agree(found[4], -size) && agree(found[7], size))
    #expect(try targets(0.2, most: 0.1)[6] == 0.1)
    // Prices that do not move take all that is allowed.
    let still = try candles([(Double, Double, Double, Double)](repeating: (1, 1, 1, 1), count: 5))
    let most = try PositionSizing.volatility(target: 0.2, candles: 3, candlesPerYear: 365, most: 2)
      .targets(sides: [1, 1, 1, 1, 1], candles: still)
    #expect(most == [0, 0, 2, 2, 2])
  }

  @Test(arguments: 0..<10) func laterCandlesChangeNoEarlierSize(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let columns = try wanderingCandles(120, seed: seed)
    let cut = 5 + generator.below(columns.count - 10)
    func scaled(_ prices: [Double]) -> [Double] { prices.enumerated().map { $0.offset > cut ? 3 * $0.element : $0.element } }
    let changed = try TradedCandles(
      times: columns.times, opens: scaled(columns.opens), highs: scaled(columns.highs), lows: scaled(columns.lows),
      closes: scaled(columns.closes), volumes: columns.volumes)
    let sides = wanderingTargets(columns.count, seed: seed).map { Int8($0.rounded(.towardZero)) }
    let sizing = PositionSizing.volatility(target: 0.5, candles: 20, candlesPerYear: 8_760, most: 5)
    let before = try sizing.targets(sides: sides, candles: columns)
    #expect(try sizing.targets(sides: sides, candles: changed).prefix(cut + 1) == before.prefix(cut + 1))
  }

  @Test func sizesThatCannotBeAreRefused() throws {
    let columns = try candles([(1, 1, 1, 1), (1, 1, 1, 1)])
    func code(_ sizing: PositionSizing, _ confidences: [Double]? = [0.6, 0.6], _ sides: [Int8] = [1, 1]) -> String? {
      errorCode { _ = try sizing.targets(sides: sides, confidences: confidences, candles: columns) }
    }
    #expect(code(.fixed(1)) == nil)
    for sizing in [
      PositionSizing.fixed(-1), .fixed(.nan), .confidence(least: 1, most: 0.5),
      .volatility(target: 0.1, candles: 2, candlesPerYear: 365, most: 1), .kelly(fraction: 1, payoff: 0, most: 1),
    ] {
      #expect(code(sizing) == "backtest.sizing")
    }
    #expect(code(.kelly(fraction: 1, payoff: 1, most: 1), nil) == "backtest.sizing")
    #expect(code(.confidence(least: 0, most: 1), [0.6, 1.5]) == "backtest.sizing")
    #expect(code(.confidence(least: 0, most: 1), [0.6, .nan]) == "backtest.sizing")
    #expect(code(.fixed(1), [0.6]) == "backtest.sizing")
    #expect(code(.fixed(1), nil, [1]) == "backtest.sizing")
    #expect(code(.fixed(1), nil, [1, 2]) == "backtest.position")
  }

  @Test func tranchesHoldEachDecisionForTheHorizon() throws {
    #expect(try Tranches.overlapping([1, 0, -1, 1, 1, 1], count: 2) == [0.5, 0.5, -0.5, 0, 1, 1])
    #expect(try Tranches.overlapping([1, 0, -1], count: 1) == [1, 0, -1])
    // Whatever rounding does, nothing is left once all decisions have run out.
    let fractions = [0.1, 0.2, 0.7] + [Double](repeating: 0, count: 5)
    #expect(try Tranches.overlapping(fractions, count: 3).suffix(3) == [0, 0, 0])
    // Together they earn the mean of what each decision earns over its horizon, at a cost of its own.
    let column = try wanderingCandles(100, seed: 6, gaps: false)
    let decisions = wanderingTargets(90, seed: 6) + [Double](repeating: 0, count: 10)
    let earned = try PortfolioBacktest([Instrument("one", candles: column)])
      .run(targets: [Tranches.overlapping(decisions, count: 4)]).metrics.grossReturn
    var each = 0.0
    for (candle, decision) in decisions.enumerated() where decision != 0 {
      for step in candle..<candle + 4 { each += decision / 4 * (column.opens[step + 2] / column.opens[step + 1] - 1) }
    }
    #expect(agree(earned, each, within: 1e-10))
    #expect(errorCode { _ = try Tranches.overlapping([1], count: 0) } == "backtest.holding")
  }
}
