import Foundation
import PareMarket
import Testing

@Suite struct PriceLimitTests {
  private func series(_ prices: [(open: Double, close: Double)]) -> CandleSeries {
    CandleSeries(
      key: SeriesKey(symbol: "600000", interval: .oneDay),
      candles: prices.enumerated().map { index, price in
        Candle(
          start: Int64(index) * 86_400_000, open: price.open, high: max(price.open, price.close),
          low: min(price.open, price.close), close: price.close, volume: 1)
      })
  }

  @Test(arguments: [
    // Half a tick is rounded up on both sides, whatever binary fractions make of it.
    (10.05, 9.05, 11.06), (10.00, 9.00, 11.00), (9.95, 8.96, 10.95), (10.15, 9.14, 11.17), (3.33, 3.00, 3.66),
    (0.05, 0.05, 0.06), (1234.55, 1111.10, 1358.01), (4.35, 3.92, 4.79), (6.15, 5.54, 6.77),
  ]) func limitsAreRoundedHalfUpToTheTick(close: Double, lower: Double, upper: Double) throws {
    let found = try #require(try PriceLimit().prices(after: close))
    #expect(abs(found.lower - lower) < 1e-9 && abs(found.upper - upper) < 1e-9, "\(found)")
  }

  @Test func everyLimitUpTo100IsThatOfWholeNumbers() throws {
    let (ten, five) = (try PriceLimit(share: 0.1), try PriceLimit(share: 0.05))
    for cents in 1...10_000 {
      let close = Double("\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)") ?? 0
      let (a, b) = (try #require(ten.prices(after: close)), try #require(five.prices(after: close)))
      // In tenths and in twentieths of a cent.
      #expect(Int((a.upper * 100).rounded()) == (cents * 11 + 5) / 10 && Int((a.lower * 100).rounded()) == (cents * 9 + 5) / 10)
      #expect(Int((b.upper * 100).rounded()) == (cents * 21 + 10) / 20 && Int((b.lower * 100).rounded()) == (cents * 19 + 10) / 20)
    }
  }

  @Test func daysAreSealedWhereTheirPriceIsTheLimit() throws {
    // Limits after 10.05: 9.05 and 11.06; after 11.06: 9.95 and 12.17; after 9.95: 8.96 and 10.95; after 5: 4.5 and 5.5.
    let days = try PriceLimit().days(of: series([
      (10, 10.05), (11.06, 11.06), (12.16, 9.95), (8.96, 10.95), (9.86, 5), (5.5, 4.5),
    ]))
    #expect(days.opensAtUpper == [false, true, false, false, false, true])
    #expect(days.opensAtLower == [false, false, false, true, true, false])
    #expect(days.closesAtUpper == [false, true, false, true, false, false])
    // A fall by half (5 after 10.95) is a split and no limit.
    #expect(days.closesAtLower == [false, false, true, false, false, true])
    #expect(try PriceLimit().days(of: series([])).opensAtUpper.isEmpty)
  }

  @Test func aPanelHasAnAnswerForEachDayAndSymbol() throws {
    let one = series([(10, 10), (11, 11), (11.2, 12.1)])
    // The second day is missing: the third counts from the first.
    let two = CandleSeries(
      key: SeriesKey(symbol: "600001", interval: .oneDay), candles: [one.candles[0], Candle(
        start: 2 * 86_400_000, open: 9, high: 11, low: 9, close: 11, volume: 1)])
    let limit = try PriceLimit()
    let (starts, days) = limit.days(of: [one, two])
    #expect(starts == [0, 86_400_000, 172_800_000])
    #expect(days.opensAtUpper == [false, false, true, false, false, false])
    #expect(days.opensAtLower == [false, false, false, false, false, true])
    #expect(days.closesAtUpper == [false, false, true, false, true, true])
    #expect(days.closesAtLower == [false, false, false, false, false, false])
    #expect(limit.days(of: [CandleSeries]()).starts.isEmpty)
  }

  @Test func pricesBeyondCountingHaveNoLimit() throws {
    let limit = try PriceLimit()
    for close in [Double.infinity, .nan, 0, -1, 1e300, 0.001] { #expect(limit.prices(after: close) == nil) }
    #expect(try PriceLimit().days(of: series([(1e300, 1e300), (1.1e300, 1.1e300)])) == limit.days(of: series([(1, 1), (2, 2)])))
  }

  @Test func boundsAreNamed() throws {
    for share in [0, 1, -0.1, .nan, 0.10005, 1e-9] {
      let error = try marketError { _ = try PriceLimit(share: share) }
      #expect("\(error)" == "price-limit.share: expected a multiple of 0.0001 between 0 and 1, found \(share)")
    }
    for tick in [0, -0.01, .nan, .infinity] {
      #expect(try marketError { _ = try PriceLimit(tick: tick) }.subject == "price-limit.tick")
    }
    #expect(throws: Never.self) { try PriceLimit(share: 0.0999) }
  }

  @Test(.enabled(if: RealPanelTests.isThere)) func theCSI500ClosesAtItsLimits() throws {
    let (series, _) = try PanelCSV.read(path: RealPanelTests.folder + "csi500-daily.csv.gz", policy: .skip)
    let limit = try PriceLimit()
    var (upper, lower, beyond, unexplained) = (0, 0, 0, 0)
    for one in series {
      let days = limit.days(of: one)
      upper += days.closesAtUpper.count { $0 }
      lower += days.closesAtLower.count { $0 }
      for index in one.candles.indices.dropFirst() {
        let (close, before) = (one.candles[index].close, one.candles[index - 1].close)
        if abs(close / before - 1) > 0.105 { beyond += 1 }
        // Within half a tick of the limit before rounding, and yet not sealed.
        let isNear = abs(abs(close - before) - before / 10) < 0.0049
        if isNear, !days.closesAtUpper[index], !days.closesAtLower[index] { unexplained += 1 }
      }
    }
    #expect(unexplained == 0)
    #expect(upper > 1_000 && lower > 500 && beyond < 300, "\(upper) up, \(lower) down, \(beyond) beyond")
  }
}
