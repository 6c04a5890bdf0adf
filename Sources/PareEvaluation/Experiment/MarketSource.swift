import Foundation
import PareMarket
import PareTensor

/// Candles with what is known of where they come from.
struct MarketSource: Sendable {
  let series: CandleSeries
  /// In words, starting with "simulated" where they are.
  let provenance: String
  /// The truth about the series, where the market is simulated.
  let truth: SimulatedTruth?
  /// The simulator's summary, a figure a line.
  let summary: [String]

  /// A range of the candles, as if there were no others.
  func sliced(_ range: Range<Int>) -> MarketSource {
    MarketSource(
      series: CandleSeries(key: series.key, candles: Array(series.candles[range])), provenance: provenance,
      truth: truth.map { $0[candles: range] }, summary: summary)
  }

  /// Loads, fetches or simulates what an experiment asks for.
  static func load(_ file: ExperimentFile, observer: any RunObserver) async throws -> MarketSource {
    switch file.experiment.data {
    case .csv(let path, let symbol, let interval, let badRows):
      observer.began("read candles", units: 0)
      let (series, report) = try CandleCSV.read(
        path: file.resolved(path), symbol: symbol, interval: interval, policy: badRows)
      var words = "file \(URL(fileURLWithPath: path).lastPathComponent)"
      if !report.badRows.isEmpty { words += ", \(report.badRows.count) bad rows left out" }
      observer.ended("\(series.candles.count) candles, \(report.missing) missing")
      return MarketSource(series: series, provenance: words, truth: nil, summary: [])
    case .store(let path, let symbol, let interval):
      let store = try CandleStore(path: file.resolved(path), mustExist: true)
      let series = try stored(symbol, interval, in: store)
      return MarketSource(series: series, provenance: try provenance(of: series.key, in: store), truth: nil, summary: [])
    case .bybit(let span):
      return try await fetch(span, file: file, observer: observer)
    case .simulation(let simulation):
      observer.began("simulate market", units: 1000)
      let market = try simulation.run(seed: file.experiment.seed)
      let series = market.series[0]
      let truth = try market.truth(
        series.key.symbol, given: simulation.leadLag.isEmpty ? .candles : .allSymbols,
        threshold: file.experiment.label.returnThreshold
      ) { observer.advanced(to: Int($0 * 1000), note: "what could be known of it") }
      let summary = try market.summary(of: truth)
      observer.ended("\(series.candles.count) candles of \(series.key.symbol)")
      return MarketSource(
        series: series, provenance: "simulated market, seed \(file.experiment.seed)", truth: truth,
        summary: summary.text.split(separator: "\n").map(String.init))
    }
  }

  /// The one series of that symbol and interval, of whichever venue.
  private static func stored(_ symbol: String, _ interval: CandleInterval, in store: CandleStore) throws -> CandleSeries {
    let keys = try store.keys()
    let matching = keys.filter { $0.symbol == symbol && $0.interval == interval }
    guard let key = matching.first, matching.count == 1 else {
      let held = keys.map { "\($0)" }.joined(separator: ", ")
      throw EvaluationError(
        "no-series", subject: store.path, expected: "one series of \(symbol) at interval \(interval.rawValue)",
        found: matching.isEmpty ? (held.isEmpty ? "an empty store" : held) : "\(matching.count) venues",
        category: .noInput)
    }
    return try store.candles(of: key)
  }

  private static func provenance(of key: SeriesKey, in store: CandleStore) throws -> String {
    let sources = try store.provenance(of: key)?.sources.map { URL(fileURLWithPath: $0.name).lastPathComponent } ?? []
    return "store (" + sources.joined(separator: ", ") + ")"
  }

  private static func fetch(
    _ span: BybitSpan, file: ExperimentFile, observer: any RunObserver
  ) async throws -> MarketSource {
    let request = BybitFetch(
      symbol: span.symbol, interval: span.interval, category: span.category,
      from: try UTCTime.milliseconds(span.from, subject: "data.bybit.from"),
      to: try UTCTime.milliseconds(span.to, subject: "data.bybit.to"))
    let store = try CandleStore(path: file.resolved(span.store))
    let summary = try await request.execute(into: store, observer: observer)
    let start = request.from
    let series = try store.candles(of: summary.key, in: start..<(request.to ?? .max))
    return MarketSource(
      series: series, provenance: try provenance(of: summary.key, in: store), truth: nil, summary: [])
  }
}

/// One call of the exchange, with progress: what an experiment and `pare fetch` share.
public struct BybitFetch: Sendable {
  public var symbol: String
  public var interval: CandleInterval
  public var category: BybitCategory
  /// Unix milliseconds; `to` is exclusive, nil for the present moment.
  public var from: Int64
  public var to: Int64?
  public var client = BybitClient.Configuration()

  public init(symbol: String, interval: CandleInterval, category: BybitCategory, from: Int64, to: Int64?) {
    self.symbol = symbol
    self.interval = interval
    self.category = category
    self.from = from
    self.to = to
  }

  public func execute(into store: CandleStore, observer: any RunObserver) async throws -> FetchSummary {
    let bybit = try BybitClient(configuration: client)
    observer.began("fetch \(symbol)", units: 1000)
    let summary = try await bybit.fetch(
      symbol: symbol, interval: interval, category: category, from: from, to: to, into: store
    ) { progress in
      let note = progress.pause.map { "waiting: \($0.reason)" } ?? "\(progress.done) of \(progress.total) candles"
      observer.advanced(to: progress.total > 0 ? 1000 * progress.done / progress.total : 1000, note: note)
    }
    observer.ended("\(summary.counts.inserted) new candles, \(summary.requests) requests")
    return summary
  }
}

/// Dates and times as people and files write them.
public enum UTCTime {
  /// `2025-01-31` or `2025-01-31T08:00:00Z`, in Unix milliseconds.
  ///
  /// - Throws: an error naming `subject`.
  public static func milliseconds(_ text: String, subject: String) throws -> Int64 {
    let isDate = text.count == 10
    guard
      let date = try? Date(isDate ? text + "T00:00:00Z" : text, strategy: .iso8601),
      abs(date.timeIntervalSince1970) < 1e11
    else {
      throw EvaluationError(
        "time", subject: subject, expected: "a date as 2025-01-31 or a time as 2025-01-31T08:00:00Z, UTC",
        found: "'\(text)'", category: .usage)
    }
    return Int64((date.timeIntervalSince1970 * 1000).rounded())
  }

  /// ISO 8601, to the minute.
  public static func text(_ milliseconds: Int64) -> String {
    let full = Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(.iso8601)
    return String(full.prefix(16)).replacingOccurrences(of: "T", with: " ")
  }
}
