import Foundation
import PareBacktest
import Testing

@Suite struct PairedComparisonTests {
  /// Days through the backtest's own door: one candle a day, held long with costs of nothing.
  private func daily(_ returns: [Double]) throws -> [DailyReturn] {
    var opens = [1.0, 1]
    for earned in returns { opens.append(opens[opens.count - 1] * (1 + earned)) }
    return try Backtest(
      opens: opens, times: opens.indices.map { Int64($0) * 86_400_000 }, costs: .none
    ).run(positions: [Int8](repeating: 1, count: returns.count)).daily
  }

  private let original = PeerSeries.persistent(seed: 31, count: 400, memory: 0.2)

  private func compare(_ change: (Int, Double) -> Double, margin: Double) throws -> PairedComparison {
    let changed = original.enumerated().map { change($0.offset, $0.element) }
    return try PairedComparison(
      original: daily(original), candidate: daily(changed), margin: margin, daysPerYear: 365)
  }

  @Test func theSameDecisionsAreKept() throws {
    let same = try compare({ $1 }, margin: 0)
    #expect(same.verdict == .kept)
    #expect(same.difference.lower == 0 && same.difference.upper == 0 && same.sharpeDifference.estimate == 0)
    #expect(same.bootstrap.meanBlock == 1 && same.bootstrap.resamples == 2_000)
  }

  @Test func aLossIsJudgedAgainstTheMargin() throws {
    var noise = PeerSeries(seed: 77)
    let shifts = (0..<400).map { _ in -0.001 + 0.0005 * noise.bell() }
    let lost = try compare({ $1 + shifts[$0] }, margin: 0.0005)
    #expect(lost.verdict == .lost)
    // Mean −0.001, deviation of a mean 0.0005 · √(1/3) / 20.
    #expect(agree(lost.difference.estimate, shifts.reduce(0, +) / 400, within: 1e-12))
    let width = try #require(lost.difference.upper) - #require(lost.difference.lower)
    #expect(width > 3 * 0.0000144 && width < 5 * 0.0000144)
    #expect(try #require(lost.sharpeDifference.upper) < 0)
    #expect(try compare({ $1 + shifts[$0] }, margin: 0.002).verdict == .kept)
    #expect(try compare({ $1 + shifts[$0] }, margin: 0.001).verdict == .undetermined)
  }

  @Test func pairingSeesWhatTwoIntervalsDoNot() throws {
    let paired = try compare({ $1 + ($0.isMultiple(of: 2) ? -0.0004 : -0.0002) }, margin: 0)
    #expect(paired.verdict == .lost)
    let mean: ([Double]) -> Double? = { $0.reduce(0, +) / Double($0.count) }
    let alone = ConfidenceInterval(mean(original), resamples: paired.bootstrap.distribution(of: original, mean))
    #expect(!alone.excludes((mean(original) ?? 0) - 0.0003))
  }

  @Test func fewDaysDetermineNothing() throws {
    let few = try PairedComparison(
      original: daily(Array(original.prefix(10))), candidate: daily(original.prefix(10).map { $0 - 1e-3 }), margin: 0,
      daysPerYear: 365)
    #expect(few.verdict == .undetermined && few.difference.lower == nil)
  }

  @Test func otherDaysAreRefused() throws {
    let days = try daily(original)
    for candidate in [Array(days.dropLast()), Array(days.dropFirst()) + [days[0]]] {
      #expect(throws: BacktestError.self) {
        try PairedComparison(original: days, candidate: candidate, margin: 0, daysPerYear: 365)
      }
    }
    for margin in [-1, Double.nan, .infinity] {
      #expect(throws: BacktestError.self) {
        try PairedComparison(original: days, candidate: days, margin: margin, daysPerYear: 365)
      }
    }
  }
}
