import Foundation
import PareMarket
import PareTensor
import Synchronization
import Testing

@Suite struct BybitFetchTests {
  private let folder: TemporaryFolder
  private let store: CandleStore
  private static let from = SampleCandles.start
  private static let step: Int64 = 300_000

  init() throws {
    folder = try TemporaryFolder()
    store = try CandleStore(path: folder.path("candles.sqlite"))
  }

  /// Fetches BTCUSDT, 5 minutes, from the sample's start up to now, a hundred days later unless told otherwise.
  private func fetch(
    _ exchange: LocalExchange, to: Int64? = nil, wallTime: Int64 = from + 100 * 86_400_000, pageLimit: Int = 1_000,
    progress: @escaping @Sendable (FetchProgress) -> Void = { _ in }
  ) async throws -> FetchSummary {
    let store = store
    return try await exchange.run { address in
      let client = try BybitClient.local(address, clock: ManualClock(wallTime: wallTime), pageLimit: pageLimit)
      return try await client.fetch(
        symbol: "BTCUSDT", interval: .fiveMinutes, from: Self.from, to: to, into: store, progress: progress)
    }
  }

  @Test func pagesInReverseOrderBecomeAnAscendingSeries() async throws {
    let candles = SampleCandles.make(2_500)
    let exchange = LocalExchange(candles)
    let summary = try await fetch(exchange, to: Self.from + 2_500 * Self.step)
    #expect(try store.candles(of: .sample).candles == candles)
    #expect(summary.key == .sample)
    #expect(summary.counts == UpsertCounts(inserted: 2_500))
    #expect(summary.requests == 3 && summary.retries == 0 && summary.missing == 0 && !summary.leftOutUnfinished)
    #expect(exchange.queries.map(\.start) == [0, 1_000, 2_000].map { Self.from + $0 * Self.step })
    #expect(exchange.queries.map(\.end) == [999, 1_999, 2_499].map { Self.from + $0 * Self.step })
    let first = try #require(exchange.queries.first)
    #expect(first.path == "/v5/market/kline" && first.category == "linear" && first.symbol == "BTCUSDT")
    #expect(first.interval == "5" && first.limit == 1_000)
  }

  @Test func aSecondRunAsksForNothingThatIsStored() async throws {
    let end = Self.from + 700 * Self.step
    let exchange = LocalExchange(SampleCandles.make(800))
    _ = try await fetch(exchange, to: end, pageLimit: 200)
    let asked = exchange.queries.count
    let again = try await fetch(exchange, to: end, pageLimit: 200)
    #expect(exchange.queries.count == asked)
    #expect(again.requests == 0 && again.counts == UpsertCounts())
    let longer = try await fetch(exchange, to: end + 50 * Self.step, pageLimit: 200)
    #expect(longer.counts == UpsertCounts(inserted: 50))
    #expect(exchange.queries.last?.start == end)
  }

  @Test func aFetchThatFailedMidwayGoesOnWhereItStopped() async throws {
    let candles = SampleCandles.make(500)
    let end = Self.from + 500 * Self.step
    let broken = LocalExchange(candles) { number, _ in
      number == 3 ? .init(body: LocalExchange.refusal(10005, "Permission denied")) : nil
    }
    let error = try await marketError { _ = try await fetch(broken, to: end, pageLimit: 100) }
    #expect(error.category == .serviceUnavailable)
    #expect(try store.candles(of: .sample).candles == Array(candles[..<300]))

    let exchange = LocalExchange(candles)
    let summary = try await fetch(exchange, to: end, pageLimit: 100)
    #expect(exchange.queries.map(\.start) == [300, 400].map { candles[$0].start })
    #expect(summary.counts == UpsertCounts(inserted: 200))
    #expect(try store.candles(of: .sample).candles == candles)
  }

  @Test func gapsAreFilledAndNothingElseIsAskedFor() async throws {
    let candles = SampleCandles.make(300)
    try store.upsert(candles[50..<100] + candles[103..<250], into: .sample, source: "file")
    let exchange = LocalExchange(candles)
    let summary = try await fetch(exchange, to: Self.from + 300 * Self.step)
    #expect(exchange.queries.map(\.start) == [0, 100, 250].map { candles[$0].start })
    #expect(exchange.queries.map(\.end) == [49, 102, 299].map { candles[$0].start })
    #expect(summary.counts == UpsertCounts(inserted: 103))
    #expect(try store.candles(of: .sample).candles == candles)
  }

  @Test func emptyPagesArePassedOver() async throws {
    var candles = SampleCandles.make(1_000)
    candles.removeSubrange(400..<650)
    candles.removeSubrange(..<250)  // before the symbol was listed
    let summary = try await fetch(LocalExchange(candles), to: Self.from + 1_000 * Self.step, pageLimit: 100)
    #expect(try store.candles(of: .sample).candles == candles)
    #expect(summary.requests == 10 && summary.missing == 500)
    #expect(try store.gaps(of: .sample) == [CandleGap(start: Self.from + 400 * Self.step, missing: 250)])
  }

  @Test func theUnfinishedCandleIsLeftOutByTheServersClock() async throws {
    let candles = SampleCandles.make(10)
    let exchange = LocalExchange(candles, serverTime: candles[9].start + Self.step - 1)
    let summary = try await fetch(exchange)
    #expect(summary.leftOutUnfinished)
    #expect(try store.candles(of: .sample).candles == Array(candles[..<9]))
    let later = LocalExchange(candles, serverTime: candles[9].start + Self.step)
    #expect(try await !fetch(later).leftOutUnfinished)
    #expect(try store.candles(of: .sample).candles == candles)
  }

  @Test func theUnfinishedCandleIsNotAskedForByTheClockHere() async throws {
    let candles = SampleCandles.make(10)
    let exchange = LocalExchange(candles)
    _ = try await fetch(exchange, wallTime: candles[9].start + Self.step - 1)
    #expect(exchange.queries.map(\.end) == [candles[8].start])
    _ = try await fetch(exchange, wallTime: candles[0].start)
    #expect(exchange.queries.count == 1)
  }

  @Test func progressEndsAtTheTotal() async throws {
    let reports = Mutex<[FetchProgress]>([])
    let exchange = LocalExchange(SampleCandles.make(250)) { number, _ in
      number == 1 ? .init(status: 500, body: "") : nil
    }
    let summary = try await fetch(exchange, to: Self.from + 250 * Self.step, pageLimit: 100) { progress in
      reports.withLock { $0.append(progress) }
    }
    #expect(summary.retries == 1 && summary.requests == 4)
    let seen = reports.withLock { $0 }
    #expect(seen.map(\.done) == [100, 100, 200, 250])
    #expect(seen.allSatisfy { $0.total == 250 && $0.key == .sample })
    #expect(seen.map { $0.pause?.reason } == [nil, "HTTP 500", nil, nil])
  }

  @Test func aCancelledFetchKeepsItsPages() async throws {
    let candles = SampleCandles.make(500)
    let exchange = LocalExchange(candles)
    let store = store
    await #expect(throws: CancellationError.self) {
      try await exchange.run { address in
        let client = try BybitClient.local(address, pageLimit: 100)
        let task = Task {
          try await client.fetch(
            symbol: "BTCUSDT", interval: .fiveMinutes, from: Self.from, to: Self.from + 500 * Self.step, into: store
          ) { progress in
            if progress.done == 200 { withUnsafeCurrentTask { $0?.cancel() } }
          }
        }
        _ = try await task.value
      }
    }
    #expect(try store.candles(of: .sample).candles == Array(candles[..<200]))
  }

  @Test func otherCategoriesAndIntervalsAreSeriesOfTheirOwn() async throws {
    let months = SampleCandles.make(14, interval: .oneMonth)
    let exchange = LocalExchange(months)
    let store = store
    let summary = try await exchange.run { address in
      let clock = ManualClock(wallTime: CandleInterval.oneMonth.start(Self.from, advancedBy: 14))
      return try await BybitClient.local(address, clock: clock, pageLimit: 5).fetch(
        symbol: "ETHUSD", interval: .oneMonth, category: .inverse, from: Self.from, into: store)
    }
    #expect(summary.requests == 3)
    #expect(exchange.queries.first?.interval == "M" && exchange.queries.first?.category == "inverse")
    let key = SeriesKey(symbol: "ETHUSD", interval: .oneMonth, venue: "bybit/inverse")
    #expect(try store.candles(of: key).candles == months)
  }

  @Test func aSpanOrSymbolThatCannotBeIsAUsageErrorAndAsksNothing() async throws {
    let client = try BybitClient.local("http://127.0.0.1:9")
    for (from, to) in [(Self.from, Self.from), (Self.from, 0), (-1, Self.from), (0, .max)] as [(Int64, Int64)] {
      let error = try await marketError {
        _ = try await client.fetch(symbol: "BTCUSDT", interval: .oneDay, from: from, to: to, into: store)
      }
      #expect(error.category == .usage)
    }
    for symbol in ["btcusdt", "", "BTC USDT", "BTC&limit=1", "ÄUSDT"] {
      let error = try await marketError {
        _ = try await client.fetch(symbol: symbol, interval: .oneDay, from: 0, to: Self.from, into: store)
      }
      #expect(error.category == .usage, "\(symbol)")
    }
  }
}
