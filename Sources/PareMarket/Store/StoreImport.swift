/// What an import did.
public struct ImportSummary: Sendable, Hashable {
  public let key: SeriesKey
  public let report: CandleReport
  public let counts: UpsertCounts
}

extension CandleStore {
  /// Reads a candle file, as `CandleCSV.read` does, and puts it into the store.
  ///
  /// The file is judged as a whole before anything is written. Rows go in by batches, each one transaction, oldest
  /// first; a later import of the same file completes one that was interrupted.
  ///
  /// - Parameters:
  ///   - batch: rows per transaction, at least 1.
  ///   - progress: called after each transaction with rows stored so far and rows in all.
  public func importCSV(
    path file: String, symbol: String, interval: CandleInterval? = nil, venue: String = "",
    policy: BadRowPolicy = .refuse, batch: Int = 10_000,
    progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> ImportSummary {
    precondition(batch > 0, "a batch holds at least one row")
    let (series, report) = try CandleCSV.read(
      path: file, symbol: symbol, interval: interval, venue: venue, policy: policy)
    var counts = UpsertCounts()
    var done = 0
    while done < series.candles.count {
      let end = min(done + batch, series.candles.count)
      counts += try upsert(series.candles[done..<end], into: series.key, source: file)
      done = end
      try progress(done, series.candles.count)
    }
    return ImportSummary(key: series.key, report: report, counts: counts)
  }
}
