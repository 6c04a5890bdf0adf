import Foundation
import PareBacktest
import Testing

@Suite struct TradeFiguresTests {
  private func metrics(
    _ opens: [Double], _ positions: [Int8], basisPoints: Double = 0, execution: Execution = Execution()
  ) throws -> BacktestMetrics {
    try Backtest(
      opens: opens, times: opens.indices.map { 1_700_006_400_000 + Int64($0) * 6 * 3_600_000 },
      costs: TradingCosts(fee: basisPoints, halfSpread: 0, slippage: 0), execution: execution
    ).run(positions: positions).metrics
  }

  @Test func winsAndLossesEqualTheOnesWorkedOutByHand() throws {
    // Held from 100: +10 %, flat, a short over −10 %, a long over −5 %, a long again after a pause over +20 %.
    let opens = [50.0, 100, 110, 110, 99, 94.05, 94.05, 112.86]
    let found = try metrics(opens, [1, 0, -1, 1, 0, 1], basisPoints: 10)
    #expect(found.trades == 4)
    // Each trade pays 10 basis points twice.
    #expect(agree(found.averageWin, (0.1 + 0.1 + 0.2) / 3 - 0.002))
    #expect(agree(found.averageLoss, -0.05 - 0.002))
    #expect(agree(found.profitFactor, (0.4 - 0.006) / 0.052))
    #expect(agree(found.exposure, 4.0 / 6))
    #expect(agree(found.costShare, 0.008 / 0.35))
    #expect(found.valueAtRisk == nil && found.annualGrowth == nil && found.calmar == nil && found.volatility == nil)
  }

  @Test func theFallLastsFromItsPeakUntilEquityIsBack() throws {
    // Equity after each step of six hours: 0.1, 0.05, 0.02, 0.1, 0.12, 0.10, 0.11.
    var opens = [1.0, 1]
    for earned in [0.1, -0.05, -0.03, 0.08, 0.02, -0.02, 0.01] { opens.append(opens[opens.count - 1] * (1 + earned)) }
    let found = try metrics(opens, [Int8](repeating: 1, count: 7))
    #expect(agree(found.maxDrawdown, 0.08))
    // 0.08 earned back is 0.1 but for rounding, so that it may take the step after to be back at the peak.
    #expect(found.maxDrawdownDays == 0.75 || found.maxDrawdownDays == 1)

    // What has not come back lasts until the end; a fall before anything is earned begins at the first fill.
    let falling = try metrics([1, 1, 0.9, 0.95, 0.8, 0.8], [1, 1, 1, 1])
    #expect(falling.maxDrawdownDays == 1)
    let flat = try metrics([1, 1, 0.9, 0.95, 0.8], [0, 0, 0])
    #expect(flat.maxDrawdown == 0 && flat.maxDrawdownDays == 0 && flat.exposure == 0)
    #expect(flat.profitFactor == nil && flat.averageWin == nil && flat.averageLoss == nil && flat.costShare == nil)
  }

  @Test func whatIsCompoundedFallsAsAShareOfItsPeak() throws {
    let found = try metrics(
      [1, 1, 2, 1, 1.5, 3], [1, 1, 1, 1], execution: Execution(sizing: .compounding))
    #expect(found.maxDrawdown == 0.5)
    #expect(found.maxDrawdownDays == 0.75)
  }

  @Test func everyKeyOfTheFiguresIsWritten() throws {
    let found = try metrics([1, 1, 2, 1], [0, 0])
    let json = String(decoding: try JSONEncoder().encode(found), as: UTF8.self)
    for key in ["costShare", "cagr", "volatility", "calmar", "var95", "cvar95", "profitFactor", "averageWin"] {
      #expect(json.contains("\"\(key)\":null"))
    }
    #expect(json.contains("\"averageLoss\":null") && json.contains("\"maxDrawdownDays\":0"))
    #expect(try JSONDecoder().decode(BacktestMetrics.self, from: Data(json.utf8)) == found)
  }
}
