import Foundation
import PareBacktest
import PareMarket
import PareTensor

/// Candles of one symbol or several, with what is known of where they come from.
struct MarketSource: Sendable {
  let series: [CandleSeries]
  /// In words, starting with "simulated" where they are.
  let provenance: String
  /// The truth about each series, where the market is simulated.
  let truths: [SimulatedTruth?]
  /// The simulator's summary, a figure a line.
  let summary: [String]
  /// What the one series' candles are the mid of, a snapshot each; nil where there were only candles.
  let books: BookSnapshots?

  private init(_ series: CandleSeries, _ provenance: String, truth: SimulatedTruth? = nil, summary: [String] = []) {
    self.init(series: [series], provenance: provenance, truths: [truth], summary: summary)
  }

  init(series: [CandleSeries], provenance: String, truths: [SimulatedTruth?], summary: [String], books: BookSnapshots? = nil) {
    self.series = series
    self.provenance = provenance
    self.truths = truths
    self.summary = summary
    self.books = books
  }

  /// Starts of candles, of whichever symbol, ascending and each once.
  var times: [Int64] {
    guard series.count > 1 else { return series.first?.candles.map(\.start) ?? [] }
    return Set(series.flatMap { $0.candles.map(\.start) }).sorted()
  }

  /// The candles that start within some time, as if there were no others. Symbols without any are left out.
  func sliced(_ times: Range<Int64>) -> MarketSource {
    var (kept, truths, books) = ([CandleSeries](), [SimulatedTruth?](), self.books)
    for (one, truth) in zip(series, self.truths) {
      let first = one.candles.firstIndex { $0.start >= times.lowerBound } ?? one.candles.count
      let end = one.candles.firstIndex { $0.start >= times.upperBound } ?? one.candles.count
      guard first < end else { continue }
      kept.append(CandleSeries(key: one.key, candles: Array(one.candles[first..<end]), calendar: one.calendar))
      truths.append(truth.map { $0[candles: first..<end] })
      books = books?[first..<end]
    }
    return MarketSource(series: kept, provenance: provenance, truths: truths, summary: summary, books: books)
  }

  /// Loads, fetches or simulates what an experiment asks for.
  static func load(_ file: ExperimentFile, observer: any RunObserver) async throws -> MarketSource {
    try await load(file.experiment.data, file, observer).adjusted(for: file)
  }

  /// With splits and dividends put into the prices, from each of them on: features, labels and money see what a holder has.
  private func adjusted(for file: ExperimentFile) throws -> MarketSource {
    guard let path = file.experiment.actions else { return self }
    let actions = try CorporateActionCSV.read(path: file.resolved(path))
    let adjusted = try series.map { series -> CandleSeries in
      guard let own = actions[series.key.symbol] ?? actions[""], !own.isEmpty else { return series }
      let candles = try TradedCandles(series.candles).adjusted(for: own, calendar: file.experiment.execution.calendar)
      return CandleSeries(
        key: series.key, candles: series.candles.indices.map { candles.candle($0, as: series.candles[$0]) }, calendar: series.calendar)
    }
    return MarketSource(
      series: adjusted, provenance: provenance + ", adjusted for splits and dividends", truths: truths, summary: summary)
  }

  private static func load(_ data: DataSource, _ file: ExperimentFile, _ observer: any RunObserver) async throws -> MarketSource {
    switch data {
    case .portfolio(let members):
      var sources: [MarketSource] = []
      for member in members { sources.append(try await load(member, file, observer)) }
      return MarketSource(
        series: sources.flatMap(\.series), provenance: sources.map(\.provenance).joined(separator: "; "),
        truths: sources.flatMap(\.truths), summary: sources.flatMap(\.summary))
    case .csv(let path, let symbol, let interval, let badRows):
      observer.began("read candles", units: 0)
      let (series, report) = try CandleCSV.read(
        path: file.resolved(path), symbol: symbol, interval: interval, policy: badRows)
      var words = "file \(URL(fileURLWithPath: path).lastPathComponent)"
      if !report.badRows.isEmpty { words += ", \(report.badRows.count) bad rows left out" }
      observer.ended("\(series.candles.count) candles, \(report.missing) missing")
      return MarketSource(series, words)
    case .panel(let path, let symbols, let badRows):
      return try panel(path, symbols: symbols, badRows, file, observer)
    case .simulatedPanel(let simulation):
      return try simulatedPanel(simulation, file, observer)
    case .books(let path, let symbol):
      return try books(path, symbol: symbol, file, observer)
    case .simulatedBooks(let source):
      return try simulatedBooks(source, file, observer)
    case .store(let path, let symbol, let interval):
      let store = try CandleStore(path: file.resolved(path), mustExist: true)
      let series = try stored(symbol, interval, in: store)
      return MarketSource(series, try provenance(of: series.key, in: store))
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
        series, "simulated market, seed \(file.experiment.seed)", truth: truth,
        summary: summary.text.split(separator: "\n").map(String.init))
    }
  }

  /// All symbols of a file of daily candles, or those that are named.
  private static func panel(
    _ path: String, symbols: [String]?, _ badRows: BadRowPolicy, _ file: ExperimentFile, _ observer: any RunObserver
  ) throws -> MarketSource {
    observer.began("read panel", units: 0)
    var (series, report) = try PanelCSV.read(path: file.resolved(path), policy: badRows)
    if let symbols {
      if let unknown = symbols.first(where: { name in !series.contains { $0.key.symbol == name } }) {
        throw EvaluationError("panel-symbol", subject: "data.symbols", expected: "symbols of \(path)", found: "'\(unknown)'")
      }
      series = series.filter { symbols.contains($0.key.symbol) }
    }
    var words = "file \(URL(fileURLWithPath: path).lastPathComponent)"
    if !report.badRows.isEmpty { words += ", \(report.badRows.count) bad rows left out" }
    observer.ended("\(series.count) symbols, \(report.sessions) days")
    return MarketSource(series: series, provenance: words, truths: series.map { _ in nil }, summary: [])
  }

  /// All symbols of the simulator, with the truth about each, given the candles of all.
  private static func simulatedPanel(
    _ simulation: MarketSimulation, _ file: ExperimentFile, _ observer: any RunObserver
  ) throws -> MarketSource {
    observer.began("simulate market", units: 1000)
    let market = try simulation.run(seed: file.experiment.seed)
    let share = 1 / Double(market.series.count)
    let truths = try market.series.enumerated().map { index, series in
      try market.truth(series.key.symbol, given: .allSymbols, threshold: file.experiment.label.returnThreshold) {
        observer.advanced(to: Int(1000 * share * (Double(index) + $0)), note: "what could be known of \(series.key.symbol)")
      }
    }
    observer.ended("\(simulation.candles) candles of \(market.series.count) symbols")
    return MarketSource(
      series: market.series, provenance: "simulated market of \(market.series.count) symbols, seed \(file.experiment.seed)",
      truths: truths, summary: [])
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
    return MarketSource(series, try provenance(of: summary.key, in: store))
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

extension TradedCandles {
  /// A candle with these prices, and what else another has.
  fileprivate func candle(_ index: Int, as other: Candle) -> Candle {
    var candle = other
    (candle.open, candle.high, candle.low, candle.close) = (opens[index], highs[index], lows[index], closes[index])
    candle.volume = volumes[index]
    return candle
  }
}
