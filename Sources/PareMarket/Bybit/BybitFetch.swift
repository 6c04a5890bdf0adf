/// How far a fetch is.
public struct FetchProgress: Sendable, Hashable {
  /// A pause before a request is sent again.
  public struct Pause: Sendable, Hashable {
    public let duration: Duration
    public let reason: String
  }

  public let key: SeriesKey
  /// Candles asked for so far, of those that the store lacked at the beginning.
  public let done: Int
  public let total: Int
  /// Set where the call reports a pause, and not a page.
  public let pause: Pause?
}

/// What a fetch did.
public struct FetchSummary: Sendable, Hashable {
  /// Where the candles are in the store.
  public let key: SeriesKey
  public let requests: Int
  /// Requests that were sent again.
  public let retries: Int
  public let counts: UpsertCounts
  /// Whether the exchange sent a candle that was not finished, which was left out.
  public let leftOutUnfinished: Bool
  /// Candles of the span that the store lacks after it, before and after the stored ones included.
  public let missing: Int
}

extension BybitClient {
  /// Completes a series in the store over a span of time.
  ///
  /// Asks, oldest first, for what the store lacks and nothing else, so that a fetch that was interrupted goes on where
  /// it stopped, gaps are filled, and one that is repeated asks for nothing but what the exchange did not have. Every
  /// page is one transaction. Candles that are not finished are neither asked for, by this machine's clock, nor stored,
  /// by the exchange's.
  ///
  /// - Parameters:
  ///   - from: start of the first candle, Unix milliseconds.
  ///   - to: candles start before this; nil for the present moment.
  ///   - progress: called after every page, and before a pause.
  /// - Throws: as `klines(_:)` and `CandleStore.upsert`. Pages that came before stay stored.
  public func fetch(
    symbol: String, interval: CandleInterval, category: BybitCategory = .linear, from: Int64, to: Int64? = nil,
    into store: CandleStore, progress: @escaping @Sendable (FetchProgress) -> Void = { _ in }
  ) async throws -> FetchSummary {
    let key = SeriesKey(symbol: symbol, interval: interval, venue: category.venue)
    let span = try span(from: from, to: to, interval: interval)
    let missing = try store.missingStarts(of: key, in: span)
    let total = missing.reduce(0) { $0 + interval.count(of: $1) }
    var call = Call(deadline: configuration.deadline.map { clock.elapsed + $0 })
    var counts = UpsertCounts()
    var done = 0
    var leftOutUnfinished = false
    for run in missing {
      for window in interval.windows(of: run, length: configuration.pageLimit) {
        let asked = done
        call.onPause = { duration, reason in
          let pause = FetchProgress.Pause(duration: duration, reason: reason)
          progress(FetchProgress(key: key, done: asked, total: total, pause: pause))
        }
        let request = KlineRequest(category: category, symbol: symbol, interval: interval, starts: window)
        let page = try await klines(request, call: &call)
        counts += try store.upsert(page.candles, into: key, source: "\(configuration.baseAddress) \(category.rawValue)")
        leftOutUnfinished = leftOutUnfinished || page.hadUnfinished
        done += interval.count(of: window)
        progress(FetchProgress(key: key, done: done, total: total, pause: nil))
      }
    }
    return FetchSummary(
      key: key, requests: call.requests, retries: call.retries, counts: counts, leftOutUnfinished: leftOutUnfinished,
      missing: total - counts.inserted)
  }

  /// The span asked for, cut where candles are not finished yet by this machine's clock.
  private func span(from: Int64, to: Int64?, interval: CandleInterval) throws -> Range<Int64> {
    guard CandleInterval.timeRange.contains(from),
      to.map({ CandleInterval.timeRange.contains($0) && $0 > from }) ?? true
    else {
      throw MarketError(
        "span", subject: "from … to", expected: "times from 1970 to the year 9999, the first before the second",
        found: "\(from) … \(to.map { "\($0)" } ?? "now")", category: .usage)
    }
    let running = interval.start(containing: clock.wallTime)
    return from..<max(from, min(to ?? running, running))
  }
}

extension CandleInterval {
  /// How many candles start in a range whose ends are starts.
  fileprivate func count(of starts: ClosedRange<Int64>) -> Int {
    steps(from: starts.lowerBound, to: starts.upperBound) + 1
  }

  /// The range cut into pieces of at most `length` candles, oldest first.
  fileprivate func windows(of starts: ClosedRange<Int64>, length: Int) -> some Sequence<ClosedRange<Int64>> {
    sequence(state: starts.lowerBound) { first -> ClosedRange<Int64>? in
      guard first <= starts.upperBound else { return nil }
      let last = min(self.start(first, advancedBy: length - 1), starts.upperBound)
      defer { first = self.start(last, advancedBy: 1) }
      return first...last
    }
  }
}
