import Foundation
import PareMarket
import PareTensor
import Testing

@Suite struct StandardizationTests {
  private static let features: [Feature] = [.return(1), .volatility(5), .statistic(.shareOfRises, 3), .volumeRatio(4)]

  private func sections(_ series: [CandleSeries], window: Int = 1) throws -> CrossSections {
    let data = try MarketDataset(
      series: series, schema: FeatureSchema(interval: .oneDay, features: Self.features, window: window),
      label: LabelDefinition(.forwardReturn, horizon: 3))
    return try CrossSections(of: data, rows: 0..<data.rowCount)
  }

  private func panel(_ symbols: [String] = (0..<9).map { "S\($0)" }) throws -> [CandleSeries] {
    try DailyPanel.series(symbols, sessions: 160, seed: 31, missing: ["S3": [70, 90, 110], "S5": Set(0..<40), "S7": Set(120..<160)])
  }

  @Test(arguments: [1, 4]) func numbersAreZScoresOfTheSymbolsThatAreThere(window: Int) throws {
    let plain = try sections(panel(), window: window)
    let found = plain.standardized(clip: 1.5)
    #expect(found.mask == plain.mask && found.times == plain.times && found.shape == plain.shape && found.labels == plain.labels)
    #expect(found.rows == plain.rows && found.symbols == plain.symbols)
    let width = plain.width
    var clipped = 0
    for time in 0..<plain.timeCount {
      let present = (time * 9..<time * 9 + 9).filter { plain.mask[$0] }
      for number in 0..<width {
        let values = present.map { Double(plain.features[$0 * width + number]) }
        let mean = values.reduce(0, +) / Double(values.count)
        let deviation = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count) - mean * mean).squareRoot()
        for (cell, value) in zip(present, values) {
          let score = Set(values).count == 1 ? 0 : (value - mean) / deviation
          let bounded = min(max(score, -1.5), 1.5)
          if bounded != score { clipped += 1 }
          #expect(abs(Double(found.features[cell * width + number]) - bounded) < 1e-5)
        }
      }
    }
    #expect(clipped > 100 && plain.mask.contains(false))
    for cell in plain.mask.indices where !plain.mask[cell] {
      #expect(found.features[cell * width..<(cell + 1) * width].allSatisfy { $0 == 0 })
    }
    // Three deviations unless told otherwise.
    #expect(plain.standardized().features.allSatisfy { abs($0) <= 3 } && plain.standardized().features.contains { abs($0) > 1.5 })
  }

  @Test(arguments: [1, 3]) func permutingTheSymbolsPermutesTheBits(window: Int) throws {
    let series = try panel()
    let one = try sections(series, window: window)
    let (scores, returns) = (one.standardized(), one.returnsZScored)
    let width = one.width
    var differences = 0
    for seed in 0..<6 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var order = Array(0..<9)
      for place in order.indices.reversed() { order.swapAt(place, generator.below(place + 1)) }
      let other = try sections(order.map { series[$0] }, window: window)
      let (otherScores, otherReturns) = (other.standardized(), other.returnsZScored)
      #expect(other.times == one.times)
      for time in 0..<one.timeCount {
        for (place, symbol) in order.enumerated() {
          let (from, to) = (time * 9 + symbol, time * 9 + place)
          let (expected, found) = (scores.features[from * width..<(from + 1) * width], otherScores.features[to * width..<(to + 1) * width])
          #expect(expected.map(\.bitPattern) == found.map(\.bitPattern))
          #expect(returns[from].bitPattern == otherReturns[to].bitPattern)
          if from != to { differences += 1 }
        }
      }
    }
    #expect(differences > 1_000)
  }

  @Test func whoIsAbsentInfluencesNobody() throws {
    // S5 and S7 are away for a while: with and without them the others are the same there, to the bit.
    let series = try panel()
    let all = try sections(series)
    let fewer = try sections(series.filter { $0.key.symbol != "S5" })
    let (one, other) = (all.standardized(), fewer.standardized())
    var compared = 0
    for (time, moment) in fewer.times.enumerated() {
      let there = try #require(all.times.firstIndex(of: moment))
      guard !all.mask[there * 9 + 5] else { continue }
      for (place, symbol) in fewer.symbols.enumerated() {
        let from = there * 9 + (all.symbols.firstIndex(of: symbol) ?? 0)
        #expect(one.features[from * 4..<from * 4 + 4] == other.features[(time * 8 + place) * 4..<(time * 8 + place) * 4 + 4])
        #expect(all.returnsZScored[from].bitPattern == fewer.returnsZScored[time * 8 + place].bitPattern)
        compared += 1
      }
    }
    #expect(compared > 200)
  }

  @Test func returnsAreZScoresOfTheirTime() throws {
    let found = try sections(panel())
    let scores = found.returnsZScored
    var (known, none) = (0, 0)
    for time in 0..<found.timeCount {
      let cells = (time * 9..<time * 9 + 9).filter { !found.forwardReturns[$0].isNaN }
      guard cells.count >= 3 else {
        #expect((time * 9..<time * 9 + 9).allSatisfy { scores[$0].isNaN })
        none += 1
        continue
      }
      let values = cells.map { scores[$0] }
      #expect(abs(values.reduce(0, +)) < 1e-9 && abs(values.reduce(0) { $0 + $1 * $1 } / Double(values.count) - 1) < 1e-9)
      #expect(cells.sorted { scores[$0] < scores[$1] } == cells.sorted { found.forwardReturns[$0] < found.forwardReturns[$1] })
      for cell in time * 9..<time * 9 + 9 where found.forwardReturns[cell].isNaN { #expect(scores[cell].isNaN) }
      known += 1
    }
    #expect(known > 100 && none == 4)
  }

  @Test func equalValuesAndFewReturnsAreDefined() throws {
    // The same candles under three names: no number differs, and no return.
    let one = try DailyPanel.series(["A"], sessions: 120, seed: 5)[0]
    let equal = ["A", "B", "C"].map {
      CandleSeries(key: SeriesKey(symbol: $0, interval: .oneDay), candles: one.candles, calendar: one.calendar)
    }
    let same = try sections(equal)
    #expect(same.standardized().features.allSatisfy { $0 == 0 } && same.returnsZScored.allSatisfy { $0.isNaN })
    // Two symbols have z-scores of ±1 as features; two returns are too few to learn from.
    let two = try sections(DailyPanel.series(["A", "B"], sessions: 120, seed: 5))
    #expect(two.returnsZScored.allSatisfy { $0.isNaN })
    #expect(two.standardized().features.allSatisfy { $0 == 0 || abs(abs($0) - 1) < 1e-6 })
    // A time at which one is alone.
    let alone = try sections(DailyPanel.series(["A", "B", "C"], sessions: 120, seed: 5, missing: ["B": Set(0..<60), "C": Set(0..<60)]))
    #expect(alone.mask[0] && !alone.mask[1] && alone.standardized().features[..<12].allSatisfy { $0 == 0 })
  }

  @Test func changingTheFutureLeavesPastScoresBitIdentical() throws {
    let series = try panel()
    let one = try sections(series)
    let moment = one.times[60]
    let other = try sections(series.map { $0.disturbed(after: moment) })
    let known = 61 * 9 * one.width
    #expect(one.times == other.times)
    let (before, after) = (one.standardized(), other.standardized())
    #expect(before.features[..<known].map(\.bitPattern) == after.features[..<known].map(\.bitPattern))
    #expect(before.features[known...] != after.features[known...])
  }
}
