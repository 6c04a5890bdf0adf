/// Candle files: delimited text, plain or gzip, one candle per row.
///
/// The canonical form, which `write` produces, is
/// `start_ms,open,high,low,close,volume,turnover` with a header, turnover empty where unknown. Read are also: `;` or a
/// tab as delimiter, no header, other names and orders of the columns, further columns (ignored), no turnover, quoted
/// fields, CRLF, a byte-order mark, times in seconds.
public enum CandleCSV {
  /// Reads a file into a series, sorted and unique, and reports what was found.
  ///
  /// Rows that repeat an earlier row exactly are dropped and counted. Rows that contradict an earlier one, or break a
  /// rule of `Candle.defect(on:)`, are bad rows; of contradicting rows the first counts.
  ///
  /// - Parameters:
  ///   - interval: what the candles must be; nil takes the most common step between them.
  /// - Throws: `MarketError`: `.noInput` for a file that cannot be read; `.badData` for one without candles, with
  ///   another interval than asked, damaged, or with bad rows under `.refuse`.
  public static func read(
    path: String, symbol: String, interval: CandleInterval? = nil, venue: String = "", policy: BadRowPolicy = .refuse
  ) throws -> (series: CandleSeries, report: CandleReport) {
    var rows = try CandleRows(path: path)
    let found = try rows.interval(asked: interval, path: path)
    rows.removeRows(off: found)
    if policy == .refuse, let first = rows.bad.first {
      throw MarketError.badRow(first, of: rows.bad.count, path: path)
    }
    guard !rows.candles.isEmpty else { throw MarketError.noCandles(path, rows: rows.count, bad: rows.bad.count) }
    let series = CandleSeries(
      key: SeriesKey(symbol: symbol, interval: found, venue: venue), candles: rows.candles.map(\.candle))
    let report = CandleReport(
      path: path, rows: rows.count, accepted: series.candles.count, badRows: rows.bad,
      identicalDuplicates: rows.identicalDuplicates, outOfOrder: rows.outOfOrder, interval: found, gaps: series.gaps,
      ignoredColumns: rows.ignoredColumns)
    return (series, report)
  }
}

/// The rows of a file, on the way to a series.
private struct CandleRows {
  struct Row {
    var candle: Candle
    var line: Int
  }

  /// Rows without a defect of their own, sorted and unique by start.
  private(set) var candles: [Row] = []
  /// In the order of their lines.
  private(set) var bad: [BadRow] = []
  private(set) var count = 0
  private(set) var outOfOrder = 0
  private(set) var identicalDuplicates = 0
  private(set) var ignoredColumns: [String] = []

  init(path: String) throws {
    var reader: CandleRowReader?
    var previous = Int64.min
    try TextLines.forEach(in: path) { number, line in
      guard !line.trimmed.isEmpty else { return }
      if reader == nil {
        let layout = try CandleLayout(firstLine: line, subject: "\(path):\(number)")
        reader = CandleRowReader(layout: layout)
        ignoredColumns = layout.ignored
        if layout.hasHeader { return }
      }
      count += 1
      do throws(CandleDefect) {
        guard let candle = try reader?.candle(in: line) else { return }
        candles.append(Row(candle: candle, line: number))
        if candle.start < previous { outOfOrder += 1 }
        previous = candle.start
      } catch {
        bad.append(BadRow(line: number, defect: error))
      }
    }
    if outOfOrder > 0 {
      candles.sort { ($0.candle.start, $0.line) < ($1.candle.start, $1.line) }
    }
    removeDuplicates()
  }

  /// Leaves one row per start, the first in the file.
  private mutating func removeDuplicates() {
    var unique: [Row] = []
    unique.reserveCapacity(candles.count)
    for row in candles {
      guard let last = unique.last, last.candle.start == row.candle.start else {
        unique.append(row)
        continue
      }
      if last.candle == row.candle {
        identicalDuplicates += 1
      } else {
        bad.append(BadRow(line: row.line, defect: .conflict(withLine: last.line)))
      }
    }
    candles = unique
    bad.sort { $0.line < $1.line }
  }

  /// The interval asked for, after a look at the steps between the candles; without one asked for, what these say.
  func interval(asked: CandleInterval?, path: String) throws -> CandleInterval {
    let step = mostCommonStep
    guard let asked else {
      guard let step else {
        if let first = bad.first { throw MarketError.badRow(first, of: bad.count, path: path) }
        if candles.isEmpty { throw MarketError.noCandles(path, rows: count, bad: 0) }
        throw MarketError(
          "interval", subject: path, expected: "at least two candles to tell the interval by", found: "one")
      }
      guard let interval = CandleInterval(step: step) else {
        throw MarketError(
          "interval", subject: path, expected: "candles of a known interval", found: "a step of \(seconds(step)) s")
      }
      return interval
    }
    guard let step, CandleInterval(step: step) != asked else { return asked }
    throw MarketError(
      "wrong-interval", subject: path, expected: "candles of \(asked.name)",
      found: CandleInterval(step: step).map { "candles of \($0.name)" } ?? "a step of \(seconds(step)) s")
  }

  mutating func removeRows(off interval: CandleInterval) {
    guard !candles.allSatisfy({ interval.isStart($0.candle.start) }) else { return }
    for row in candles where !interval.isStart(row.candle.start) {
      bad.append(BadRow(line: row.line, defect: .offGrid(row.candle.start, interval)))
    }
    candles.removeAll { !interval.isStart($0.candle.start) }
    bad.sort { $0.line < $1.line }
  }

  /// The step that most neighbours are apart, in milliseconds, the shortest among equals; nil below two candles.
  private var mostCommonStep: Int64? {
    var counts: [Int64: Int] = [:]
    for (first, second) in zip(candles, candles.dropFirst()) {
      counts[second.candle.start - first.candle.start, default: 0] += 1
    }
    return counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key
  }

  private func seconds(_ milliseconds: Int64) -> String {
    milliseconds % 1000 == 0 ? "\(milliseconds / 1000)" : "\(Double(milliseconds) / 1000)"
  }
}

extension MarketError {
  static func badRow(_ row: BadRow, of count: Int, path: String) -> MarketError {
    let more = count == 1 ? "" : " (\(count) bad rows in all)"
    return MarketError(
      "bad-row", subject: "\(path):\(row.line)", expected: row.defect.expected, found: row.defect.found + more)
  }

  static func noCandles(_ path: String, rows: Int, bad: Int) -> MarketError {
    MarketError(
      "no-candles", subject: path, expected: "at least one candle",
      found: rows == 0 ? "no rows" : "\(rows) rows, \(bad) of them bad")
  }
}
