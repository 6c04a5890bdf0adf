import Foundation
import PareBacktest
import Testing

@Suite struct DelayCurveTests {
  @Test func itHasTheMoneyOfEachDelayUpToACandle() throws {
    let columns = try wanderingCandles(900, seed: 4, gaps: false)
    let targets = [wanderingTargets(900, seed: 4)]
    let backtest = try PortfolioBacktest(
      [Instrument("one", candles: columns)], delay: FillDelay(milliseconds: 5, model: .adverse))
    let curve = try DelayCurve(backtest, targets: targets)
    #expect(curve.points.map(\.milliseconds) == [0, 1_000, 10_000, 60_000, Double(hour)])
    #expect(curve.model == .adverse)
    for point in curve.points {
      let metrics = try backtest.delayed(by: point.milliseconds).run(targets: targets).metrics
      #expect(point.netReturn == metrics.netReturn && point.grossReturn == metrics.grossReturn)
      #expect(point.sharpe == metrics.sharpe && point.sharpe != nil)
    }
    let late = try PortfolioBacktest([Instrument("one", candles: columns)], lag: 1).run(targets: targets).metrics
    #expect(curve.points.last?.netReturn == late.netReturn)
    // Adverse prices are worse from the first second on.
    #expect(zip(curve.points, curve.points.dropFirst().dropLast()).allSatisfy { $0.grossReturn > $1.grossReturn })
  }

  @Test func standardDelaysAreAscendingAndEachThereOnce() {
    #expect(DelayCurve.standard(candle: 60_000) == [0, 1_000, 10_000, 60_000])
    #expect(DelayCurve.standard(candle: 5_000) == [0, 1_000, 5_000, 10_000, 60_000])
  }

  @Test func itReadsBackFromItsJSONWithEveryKey() throws {
    let columns = try wanderingCandles(50, seed: 4)
    let curve = try DelayCurve(
      PortfolioBacktest([Instrument("one", candles: columns)]), targets: [wanderingTargets(columns.count, seed: 4)],
      milliseconds: [0, 7])
    let json = try JSONEncoder().encode(curve)
    #expect(try JSONDecoder().decode(DelayCurve.self, from: json) == curve)
    #expect(String(decoding: json, as: UTF8.self).contains("\"sharpe\":null"))
  }
}
