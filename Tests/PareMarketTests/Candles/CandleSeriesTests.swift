import PareMarket
import Testing

@Suite struct CandleSeriesTests {
  /// UTC: a Monday in a leap year, the end of February in leap and common years, a turn of the year, the epoch.
  @Test(arguments: [
    (CandleInterval.oneWeek, 1_704_412_800_000 as Int64, 1_704_067_200_000 as Int64),
    (.oneWeek, 1_704_067_200_000, 1_704_067_200_000),
    (.oneMonth, 1_709_251_199_999, 1_706_745_600_000),  // 2024-02-29 23:59
    (.oneMonth, 1_709_251_200_000, 1_709_251_200_000),  // 2024-03-01
    (.oneMonth, 1_677_628_799_999, 1_675_209_600_000),  // 2023-02-28 23:59
    (.oneMonth, 1_704_067_199_999, 1_701_388_800_000),  // 2023-12-31 23:59
    (.oneMonth, 0, 0),
    (.oneMonth, 951_782_400_000, 949_363_200_000),  // 2000-02-29
    (.oneDay, 1_704_067_199_999, 1_703_980_800_000),
    (.fourHours, 1_704_083_000_000, 1_704_081_600_000),
  ])
  func candlesBeginOnTheGrid(_ interval: CandleInterval, _ time: Int64, _ start: Int64) {
    #expect(interval.start(containing: time) == start)
    #expect(interval.isStart(start))
    #expect(interval.start(interval.start(start, advancedBy: 1), advancedBy: -1) == start)
  }

  @Test(arguments: CandleInterval.allCases)
  func stepsAndAdvancesAgree(_ interval: CandleInterval) {
    let first = interval.start(containing: SampleCandles.start)
    for steps in [-13, -1, 0, 1, 2, 11, 12, 13, 48, 4_800] {
      let last = interval.start(first, advancedBy: steps)
      #expect(interval.isStart(last))
      #expect(interval.steps(from: first, to: last) == steps)
    }
    let fourth = interval.start(first, advancedBy: 4)
    #expect(interval.starts(in: first..<fourth) == first...interval.start(first, advancedBy: 3))
    #expect(interval.starts(in: (first + 1)..<(fourth + 1)) == interval.start(first, advancedBy: 1)...fourth)
    #expect(interval.starts(in: (first + 1)..<(first + 2)) == nil)
    #expect(interval.starts(in: first..<first) == nil)
  }

  @Test func gapsAreKnownByStartAndCount() {
    var candles = SampleCandles.make(100)
    let missing = [10, 11, 12, 50].map { candles[$0].start }
    candles.removeAll { missing.contains($0.start) }
    let series = CandleSeries(key: .sample, candles: candles)
    #expect(series.gaps == [CandleGap(start: missing[0], missing: 3), CandleGap(start: missing[3], missing: 1)])
    #expect(CandleSeries(key: .sample, candles: []).gaps.isEmpty)
  }

  @Test func aGapOverTheTurnOfAYearCountsMonths() {
    let start = SampleCandles.start
    let months = [0, 1, 14].map { SampleCandles.candle(at: CandleInterval.oneMonth.start(start, advancedBy: $0)) }
    let series = CandleSeries(key: SeriesKey(symbol: "X", interval: .oneMonth), candles: months)
    #expect(series.gaps.map(\.missing) == [12])
  }

  @Test func bothSpellingsOfAnIntervalAreRead() {
    for interval in CandleInterval.allCases {
      #expect(CandleInterval(spelling: interval.name) == interval)
      #expect(CandleInterval(spelling: interval.rawValue) == interval)
    }
    #expect(CandleInterval.allCases.map(\.name).joined(separator: " ") == "1m 3m 5m 15m 30m 1h 2h 4h 6h 12h 1d 1w 1M")
    #expect(CandleInterval(spelling: "7m") == nil)
  }

  @Test func theDigestSeesEveryValueAndTheOrder() {
    let candles = SampleCandles.make(3)
    let digest = CandleDigest(of: candles)
    #expect(digest == CandleDigest(of: candles))
    #expect(CandleDigest().description == "fnv1a64:cbf29ce484222325")
    var others = [Array(candles.reversed()), Array(candles.dropLast())]
    let changes: [(inout Candle) -> Void] = [
      { $0.start += 300_000 }, { $0.open += 1 }, { $0.high += 1 }, { $0.low -= 1 }, { $0.close += 0.1 },
      { $0.volume += 1 }, { $0.turnover = nil }, { $0.turnover = 0 },
    ]
    for change in changes {
      var other = candles
      change(&other[2])
      others.append(other)
    }
    #expect(Set(others.map { CandleDigest(of: $0) }).union([digest]).count == others.count + 1)
  }
}
