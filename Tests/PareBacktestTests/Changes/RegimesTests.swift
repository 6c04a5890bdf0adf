import Foundation
import PareBacktest
import PareTensor
import Testing

@Suite struct RegimesTests {
  /// Candles that open and close at one price each.
  private func closing(_ closes: [Double]) throws -> TradedCandles { try candles(closes.map { ($0, $0, $0, $0) }) }

  @Test func labelsAreThoseWorkedOutByHand() throws {
    // Log returns +1, −1, +1, +1, +1, −3 times 0.01; four closes hold three of them.
    let moves = [0.01, -0.01, 0.01, 0.01, 0.01, -0.03]
    let closes = moves.reduce(into: [100.0]) { $0.append(($0.last ?? 0) * exp($1)) }
    // Deviations: of (1, −1, 1) and (−1, 1, 1) 0.011547, of (1, 1, 1) 0, of (1, 1, −3) 0.023094.
    let labels = Regimes(of: try closing(closes), cuts: try RegimeCuts(candles: 4, low: 0.01, high: 0.02)).labels
    #expect(labels[..<3].allSatisfy { $0 == nil })
    // A sum of 0.01 is within 0.011547 · √3 = 0.02, one of 0.03 beyond nothing, and −0.01 within 0.04.
    #expect(labels[3] == Regime(volatility: .middle, trend: .flat))
    #expect(labels[4] == Regime(volatility: .middle, trend: .flat))
    #expect(labels[5] == Regime(volatility: .low, trend: .up))
    #expect(labels[6] == Regime(volatility: .high, trend: .flat))
    let mirrored = Regimes(of: try closing(closes.map { 10_000 / $0 }), cuts: try RegimeCuts(candles: 4, low: 0.01, high: 0.02))
    #expect(mirrored.labels[5] == Regime(volatility: .low, trend: .down))
  }

  @Test func cutsPartTheTrainingPartIntoThirdsAndSeeNothingElse() throws {
    let columns = try wanderingCandles(900, seed: 3)
    let training = 100..<500
    let cuts = try RegimeCuts.fitted(on: columns, training: training, window: 20)
    let labels = Regimes(of: columns, cuts: cuts).labels[119..<500].map { $0?.volatility }
    for third in Regime.Volatility.allCases { #expect(abs(labels.count { $0 == third } - 127) <= 1) }
    // Other prices before and after leave the cuts alone, but for the rounding of sums.
    let factors = columns.times.indices.map { training.contains($0) ? 1 : 3 + sin(Double($0)) }
    func scaled(_ prices: [Double]) -> [Double] { zip(prices, factors).map { $0 * $1 } }
    let other = try TradedCandles(
      times: columns.times, opens: scaled(columns.opens), highs: scaled(columns.highs), lows: scaled(columns.lows),
      closes: scaled(columns.closes), volumes: columns.volumes)
    let others = try RegimeCuts.fitted(on: other, training: training, window: 20)
    #expect(agree(others.low, cuts.low, within: 1e-12) && agree(others.high, cuts.high, within: 1e-12))
    #expect(cuts.low < cuts.high)
  }

  @Test func laterCandlesLeaveEarlierLabelsAsTheyWere() throws {
    let columns = try wanderingCandles(400, seed: 8)
    let cuts = try RegimeCuts.fitted(on: columns, training: 0..<200, window: 30)
    let whole = Regimes(of: columns, cuts: cuts).labels
    let past = try TradedCandles(
      times: Array(columns.times[..<300]), opens: Array(columns.opens[..<300]), highs: Array(columns.highs[..<300]),
      lows: Array(columns.lows[..<300]), closes: Array(columns.closes[..<300]), volumes: Array(columns.volumes[..<300]))
    #expect(Regimes(of: past, cuts: cuts).labels == Array(whole[..<300]))
    #expect(Set(whole.compactMap(\.self)).count == 9)
  }

  @Test(arguments: 0..<10 as Range<UInt64>) func everyListOfRegimesSumsToTheWhole(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "sides")
    let columns = try wanderingCandles(500, seed: seed)
    let backtest = try Backtest(opens: columns.opens, times: columns.times)
    let sides = (0..<2).map { _ in (0..<columns.count - 40).map { _ in Int8(generator.below(3)) - 1 } }
    let compared = try backtest.compared(original: sides[0], candidate: sides[1], from: 10)
    let cuts = try RegimeCuts.fitted(on: columns, training: 0..<250, window: 30)
    let table = try RegimeChanges(compared, regimes: Regimes(of: columns, cuts: cuts), from: 10)
    let whole = ChangeAttribution(compared)
    #expect(table.unlabelled.decisions == 19)
    for rows in [table.volatility, table.trend, table.both] {
      func sum<Value: AdditiveArithmetic>(_ path: KeyPath<RegimeChanges.Row, Value>) -> Value {
        rows.reduce(table.unlabelled[keyPath: path]) { $0 + $1[keyPath: path] }
      }
      #expect(sum(\.decisions) == compared.steps)
      #expect(sum(\.missed) == whole.missed.decisions && sum(\.false) == whole.false.decisions)
      #expect(sum(\.reversed) == whole.reversed.decisions && sum(\.resized) == 0)
      #expect(agree(sum(\.originalNet), whole.originalNet) && agree(sum(\.candidateNet), whole.candidateNet))
    }
    #expect(table.both.count == 9 && table.both.contains { $0.decisions > 20 })
    let json = try JSONEncoder().encode(table)
    #expect(try JSONDecoder().decode(RegimeChanges.self, from: json) == table)
    #expect(String(decoding: json, as: UTF8.self).contains("\"trend\":null"))
  }

  @Test func inputThatHasNoRegimesIsRefused() throws {
    let columns = try wanderingCandles(60, seed: 8, gaps: false)
    func code(_ training: Range<Int>, _ window: Int) -> String? {
      errorCode { _ = try RegimeCuts.fitted(on: columns, training: training, window: window) }
    }
    #expect(code(0..<60, 20) == nil && code(10..<32, 20) == nil)
    #expect(code(10..<31, 20) == "backtest.too-few-candles" && code(0..<0, 3) == "backtest.too-few-candles")
    #expect(code(0..<61, 20) == "backtest.range" && code(-1..<60, 20) == "backtest.range")
    #expect(code(0..<60, 2) == "backtest.regimes" && code(0..<60, .max) == "backtest.regimes")
    for (low, high) in [(-1, 1), (2, 1), (.nan, 1), (0, .infinity)] as [(Double, Double)] {
      #expect(errorCode { _ = try RegimeCuts(candles: 5, low: low, high: high) } == "backtest.regimes")
    }
    #expect(throws: BacktestError.self) {
      try JSONDecoder().decode(RegimeCuts.self, from: Data(#"{"candles":5,"low":2,"high":1}"#.utf8))
    }
    let compared = try ComparedPositions(returns: [0, 0], original: [1, 1], candidate: [1, 1])
    let regimes = Regimes(of: columns, cuts: try RegimeCuts(candles: 5, low: 0, high: 1))
    #expect(errorCode { _ = try RegimeChanges(compared, regimes: regimes, from: 59) } == "backtest.range")
    #expect(errorCode { _ = try RegimeChanges(compared, regimes: regimes, from: 58) } == nil)
  }
}
