import GRDB

/// What a store has of a series.
public struct CandleCoverage: Sendable, Hashable {
  /// Start of the first and of the last candle.
  public let first: Int64
  public let last: Int64
  public let rows: Int
  /// What is missing between them, oldest first.
  public let gaps: [CandleGap]
}

/// Where the candles of a series come from.
public struct SeriesProvenance: Sendable, Hashable {
  /// One of the places that delivered rows.
  public struct Source: Sendable, Hashable {
    /// A file's path, or a service with its address.
    public let name: String
    /// Span of starts that it delivered.
    public let first: Int64
    public let last: Int64
    /// Rows that were new or other than stored when it delivered them.
    public let rows: Int
  }

  public let key: SeriesKey
  public let coverage: CandleCoverage
  /// Of all rows as stored, in order.
  public let digest: CandleDigest
  /// By name.
  public let sources: [Source]
}

extension CandleStore {
  /// First, last, number and gaps of a series; nil where the store has none of it.
  public func coverage(of key: SeriesKey) throws -> CandleCoverage? {
    var tally = CoverageTally(interval: key.interval)
    try forEachStart(of: key, in: nil) { tally.add($0) }
    return tally.coverage
  }

  /// What a series lacks between its first candle and its last, oldest first.
  public func gaps(of key: SeriesKey) throws -> [CandleGap] {
    try coverage(of: key)?.gaps ?? []
  }

  /// Where a series comes from, with a digest of its rows; nil where the store has none of it.
  public func provenance(of key: SeriesKey) throws -> SeriesProvenance? {
    var tally = CoverageTally(interval: key.interval)
    var digest = CandleDigest()
    try forEachCandle(of: key, in: nil) {
      tally.add($0.start)
      digest.update(with: $0)
    }
    guard let coverage = tally.coverage else { return nil }
    let sources = try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT name, first, last, rows FROM source
          WHERE series = (SELECT id FROM series WHERE symbol = ? AND interval = ? AND venue = ?) ORDER BY name
          """, arguments: [key.symbol, key.interval.rawValue, key.venue]
      ).map { row in
        guard let name = String.fromDatabaseValue(row[0]), let first = Int64.fromDatabaseValue(row[1]),
          let last = Int64.fromDatabaseValue(row[2]), let rows = Int.fromDatabaseValue(row[3])
        else { throw self.damaged("a source of \(key) that is not valid") }
        return SeriesProvenance.Source(name: name, first: first, last: last, rows: rows)
      }
    }
    return SeriesProvenance(key: key, coverage: coverage, digest: digest, sources: sources)
  }

  /// The runs of starts in `span` that are not stored, oldest first; what lies before and after the stored ones counts.
  public func missingStarts(of key: SeriesKey, in span: Range<Int64>) throws -> [ClosedRange<Int64>] {
    guard let wanted = key.interval.starts(in: span) else { return [] }
    var missing: [ClosedRange<Int64>] = []
    var next = wanted.lowerBound
    try forEachStart(of: key, in: span) { start in
      if start > next { missing.append(next...key.interval.start(start, advancedBy: -1)) }
      next = key.interval.start(start, advancedBy: 1)
    }
    if next <= wanted.upperBound { missing.append(next...wanted.upperBound) }
    return missing
  }

  private func forEachStart(of key: SeriesKey, in span: Range<Int64>?, _ body: (Int64) -> Void) throws {
    try read { db in
      var previous = Int64.min
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT start FROM candle
          WHERE series = (SELECT id FROM series WHERE symbol = ? AND interval = ? AND venue = ?)
            AND start >= ? AND start < ?
          ORDER BY start
          """,
        arguments: [
          key.symbol, key.interval.rawValue, key.venue, span?.lowerBound ?? .min, span?.upperBound ?? .max,
        ])
      while let row = try rows.next() {
        guard let start = Int64.fromDatabaseValue(row[0]), start > previous,
          CandleInterval.timeRange.contains(start), key.interval.isStart(start)
        else { throw self.damaged("a start of \(key) after \(previous) that is not valid") }
        previous = start
        body(start)
      }
    }
  }
}

/// Coverage of starts that come one at a time, ascending.
private struct CoverageTally {
  private var finder: GapFinder
  private var first: Int64?
  private var last: Int64?
  private var rows = 0
  private var gaps: [CandleGap] = []

  init(interval: CandleInterval) {
    finder = GapFinder(interval: interval)
  }

  mutating func add(_ start: Int64) {
    if first == nil { first = start }
    last = start
    rows += 1
    if let gap = finder.gap(before: start) { gaps.append(gap) }
  }

  var coverage: CandleCoverage? {
    guard let first, let last else { return nil }
    return CandleCoverage(first: first, last: last, rows: rows, gaps: gaps)
  }
}
