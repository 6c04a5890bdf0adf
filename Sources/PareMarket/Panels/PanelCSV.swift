/// Daily panels: comma-separated, plain or gzip, a row per date and symbol.
///
/// The header names `date` (`2024-12-25`), `symbol`, `open`, `high`, `low`, `close` and `volume`, in any order; further
/// columns are ignored and reported. Rows may come in any order, and not every symbol needs every date.
public enum PanelCSV {
  /// Reads a file into a series per symbol, in the order of their names, and reports what was found.
  ///
  /// A daily candle runs from midnight UTC of its date to the next: its row is known at the close of that day, and a
  /// decision on it is filled at the open of the next session. Rows that repeat an earlier row exactly are dropped and
  /// counted. Rows that contradict an earlier one, or break a rule of `Candle.defect(on:)`, are bad rows; of
  /// contradicting rows the first counts.
  ///
  /// - Parameters:
  ///   - calendar: when the market is open; rows at other dates are bad. Nil takes every date at which some symbol has a
  ///     good row.
  /// - Throws: `MarketError` that names the line: `panel-columns`, `bad-row` under `.refuse`; `no-candles`, `unreadable`
  ///   and what else reading a file can meet.
  public static func read(
    path: String, venue: String = "", calendar: SessionCalendar? = nil, policy: BadRowPolicy = .refuse
  ) throws -> (series: [CandleSeries], report: PanelReport) {
    let rows = try PanelRows(path: path, calendar: calendar)
    if policy == .refuse, let first = rows.bad.first {
      throw MarketError.badRow(first, of: rows.bad.count, path: path)
    }
    let accepted = rows.bySymbol.values.reduce(0) { $0 + $1.count }
    guard accepted > 0 else { throw MarketError.noCandles(path, rows: rows.count, bad: rows.bad.count) }
    let dates = try calendar ?? SessionCalendar(starts: Set(rows.bySymbol.values.joined().map(\.candle.start)).sorted())
    let series = rows.bySymbol.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.map { symbol, rows in
      CandleSeries(
        key: SeriesKey(symbol: symbol, interval: .oneDay, venue: venue), candles: rows.map(\.candle), calendar: dates)
    }
    let report = PanelReport(
      path: path, rows: rows.count, accepted: accepted, badRows: rows.bad, identicalDuplicates: rows.identicalDuplicates,
      outOfOrder: rows.outOfOrder, symbols: series.count, sessions: dates.count, ignoredColumns: rows.ignoredColumns)
    return (series, report)
  }
}

/// What was found in a panel.
public struct PanelReport: Sendable, Hashable {
  public let path: String
  /// Rows that are not blank and no header.
  public let rows: Int
  /// Rows that became candles.
  public let accepted: Int
  /// Rows left out, in the order of their lines.
  public let badRows: [BadRow]
  /// Rows left out because an earlier row says exactly the same.
  public let identicalDuplicates: Int
  /// Rows whose date lies before that of the symbol's row above.
  public let outOfOrder: Int
  public let symbols: Int
  /// Of the calendar.
  public let sessions: Int
  /// Columns in the header that mean nothing here.
  public let ignoredColumns: [String]

  /// Cells of the grid of sessions and symbols that have no candle.
  public var missing: Int { symbols * sessions - accepted }
}

/// The rows of a panel, on the way to its series.
private struct PanelRows {
  struct Row {
    var candle: Candle
    var line: Int
  }

  /// Rows without a defect of their own, sorted and unique by start.
  private(set) var bySymbol: [String: [Row]] = [:]
  /// In the order of their lines.
  private(set) var bad: [BadRow] = []
  private(set) var count = 0
  private(set) var outOfOrder = 0
  private(set) var identicalDuplicates = 0
  private(set) var ignoredColumns: [String] = []

  init(path: String, calendar: SessionCalendar?) throws {
    var layout: PanelLayout?
    try TextLines.forEach(in: path) { number, line in
      guard !line.trimmed.isEmpty else { return }
      guard let layout else {
        let found = try PanelLayout(header: line, subject: "\(path):\(number)")
        ignoredColumns = found.ignored
        layout = found
        return
      }
      count += 1
      do throws(CandleDefect) {
        let (symbol, candle) = try layout.row(in: line)
        if let calendar, calendar.index(of: candle.start) == nil {
          throw .offCalendar(CalendarDate(utc: candle.start))
        }
        bySymbol[symbol, default: []].append(Row(candle: candle, line: number))
      } catch {
        bad.append(BadRow(line: number, defect: error))
      }
    }
    for symbol in bySymbol.keys.sorted() { sort(symbol) }
    bad.sort { $0.line < $1.line }
  }

  /// Sorts a symbol's rows and leaves one per start, the first in the file.
  private mutating func sort(_ symbol: String) {
    var rows = bySymbol[symbol] ?? []
    let misplaced = zip(rows, rows.dropFirst()).count { $0.candle.start > $1.candle.start }
    if misplaced > 0 { rows.sort { ($0.candle.start, $0.line) < ($1.candle.start, $1.line) } }
    outOfOrder += misplaced
    var unique: [Row] = []
    unique.reserveCapacity(rows.count)
    for row in rows {
      if let last = unique.last, last.candle.start == row.candle.start {
        if last.candle == row.candle {
          identicalDuplicates += 1
        } else {
          bad.append(BadRow(line: row.line, defect: .conflict(withLine: last.line)))
        }
      } else {
        unique.append(row)
      }
    }
    bySymbol[symbol] = unique
  }
}

/// Which field of a row is what.
private struct PanelLayout {
  /// Date, symbol, then the numbers.
  private static let names = ["date", "symbol"] + numbers.map(\.name)
  private static let numbers: [CandleColumn] = [.open, .high, .low, .close, .volume]

  /// Where each of `names` stands in a row.
  private let positions: [Int]
  private let columnCount: Int
  let ignored: [String]

  init(header: UnsafeBufferPointer<UInt8>, subject: String) throws(MarketError) {
    let found = DelimitedFields.split(header).map { $0.lowercased() }
    let positions = Self.names.compactMap { found.firstIndex(of: $0) }
    guard positions.count == Self.names.count, Set(found).count == found.count else {
      throw MarketError(
        "panel-columns", subject: subject, expected: "a header with \(Self.names.joined(separator: ", ")), once each",
        found: found.prefix(8).joined(separator: ", "))
    }
    self.positions = positions
    columnCount = found.count
    ignored = found.filter { !Self.names.contains($0) }
  }

  func row(in line: UnsafeBufferPointer<UInt8>) throws(CandleDefect) -> (symbol: String, candle: Candle) {
    let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard fields.count == columnCount else { throw .columnCount(expected: "\(columnCount)", found: fields.count) }
    func field(_ place: Int) -> UnsafeBufferPointer<UInt8> {
      UnsafeBufferPointer(rebasing: fields[positions[place]]).trimmed
    }
    func text(_ place: Int) -> String { String(decoding: field(place).prefix(40), as: UTF8.self) }
    func number(_ place: Int) throws(CandleDefect) -> Double {
      guard let value = DecimalText.double(field(place + 2)) else {
        throw .unparsable(Self.numbers[place], text: text(place + 2))
      }
      return value
    }
    guard let date = CalendarDate(text(0)) else { throw .noDate(text: text(0)) }
    let symbol = String(decoding: field(1), as: UTF8.self)
    guard !symbol.isEmpty else { throw .noSymbol }
    let candle = Candle(
      start: date.midnight, open: try number(0), high: try number(1), low: try number(2), close: try number(3),
      volume: try number(4))
    if let defect = candle.defect(on: .oneDay) { throw defect }
    return (symbol, candle)
  }
}
