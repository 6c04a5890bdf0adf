import Foundation
import PareBacktest
import Testing

private let isAsked = ProcessInfo.processInfo.environment["PARE_CROSS_SECTION_REPORT"] != nil

/// Prints how long judging a panel takes: `PARE_CROSS_SECTION_REPORT=1 swift test -c release --filter CrossSectionTimeReport`.
@Suite(.serialized, .enabled(if: isAsked, "a report, not a test"))
struct CrossSectionTimeReport {
  @Test(arguments: [(2_500, 200), (600, 5_000)]) func secondsOfAPanel(days: Int, symbols: Int) throws {
    let panel = RandomPanel(days: days, symbols: symbols, seed: 1)
    let scores = try DailyPanel(symbols: symbols, values: panel.scores.flatMap(\.self))
    let returns = try DailyPanel(
      symbols: symbols,
      values: panel.open.indices.flatMap { day in
        (0..<symbols).map { day + 2 < days ? panel.open[day + 2][$0] / panel.open[day + 1][$0] - 1 : .nan }
      })
    let prices = try PanelPrices(
      symbols: symbols, open: panel.open.flatMap(\.self), close: panel.close.flatMap(\.self), canBuy: panel.canBuy.flatMap(\.self),
      canSell: panel.canSell.flatMap(\.self))
    let clock = ContinuousClock()
    var metrics: CrossSectionMetrics?
    let scored = try clock.measure { metrics = try CrossSectionMetrics(scores: scores, returns: returns) }
    let ordered = try clock.measure { _ = try CrossSectionMetrics.fidelity(of: scores, to: returns) }
    print("\(days) × \(symbols): metrics \(scored) (\(metrics?.pairs ?? 0) pairs), fidelity \(ordered)")
    for portfolio in [CrossSectionPortfolio(top: 50, drop: 5), CrossSectionPortfolio(top: 20, drop: 5, side: .longShort)] {
      var trades = 0
      let traded = try clock.measure { trades = try portfolio.run(scores: scores, prices: prices).trades.count }
      print("\(days) × \(symbols): \(portfolio.side.rawValue) \(traded), \(trades) trades")
    }
    let ics = [try #require(metrics).ic]
    let compared = try clock.measure {
      _ = try CoefficientComparison(student: ics, teacher: ics, horizon: 5)
      _ = try KeptShare(student: ics, teacher: ics, horizon: 5)
    }
    print("\(days) × \(symbols): comparison and share kept \(compared)")
  }
}
