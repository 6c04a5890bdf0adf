/// How a candle file is laid out: its delimiter, where each column stands, the unit of its times.
///
/// It is read off the first line that is not blank, which is a header where it names a known column or holds no number
/// at all. Without a header the columns are `start,open,high,low,close,volume[,turnover]`.
struct CandleLayout {
  enum TimeUnit { case seconds, milliseconds }

  let delimiter: UInt8
  let hasHeader: Bool
  /// Columns that a row must have at least, and may have at most.
  let columnCount: ClosedRange<Int>
  /// Index of each column in a row, by `CandleColumn.rawValue`; -1 where there is none, which only turnover may be.
  let positions: [Int]
  /// Names in the header that mean nothing here.
  let ignored: [String]
  /// What the header says; nil where it does not, and the first row decides.
  let timeUnit: TimeUnit?

  /// - Throws: `.badData` for a header that lacks a column or names one twice, and for rows without a header that have
  ///   another number of columns than 6 or 7.
  init(firstLine line: UnsafeBufferPointer<UInt8>, subject: String) throws {
    delimiter =
      [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")].max { first, second in
        line.count { $0 == first } < line.count { $0 == second }
      } ?? UInt8(ascii: ",")
    let fields = line.split(separator: delimiter, omittingEmptySubsequences: false).map {
      UnsafeBufferPointer(rebasing: $0).trimmed
    }
    let names = fields.map { String(decoding: $0, as: UTF8.self).lowercased() }
    let known = names.map { Self.columns[$0] }
    hasHeader = known.contains { $0 != nil } || fields.allSatisfy { DecimalText.double($0) == nil }

    guard hasHeader else {
      guard (6...7).contains(fields.count) else {
        throw MarketError(
          "columns", subject: subject, expected: "6 or 7 columns (\(Self.order)), or a header that names them",
          found: "\(fields.count)")
      }
      columnCount = 6...7
      positions = Array(0..<6) + [fields.count == 7 ? 6 : -1]
      ignored = []
      timeUnit = nil
      return
    }

    var positions = [Int](repeating: -1, count: CandleColumn.allCases.count)
    for (index, entry) in known.enumerated() {
      guard let column = entry?.column else { continue }
      guard positions[column.rawValue] < 0 else {
        throw MarketError(
          "columns", subject: subject, expected: "one column of \(column)",
          found: "'\(names[positions[column.rawValue]])' and '\(names[index])'")
      }
      positions[column.rawValue] = index
    }
    let missing = CandleColumn.allCases.filter { $0 != .turnover && positions[$0.rawValue] < 0 }
    guard missing.isEmpty else {
      throw MarketError(
        "columns", subject: subject, expected: "columns \(Self.order)",
        found: "a header without \(missing.map(\.name).joined(separator: ", "))")
    }
    let required = positions.prefix(CandleColumn.turnover.rawValue).max() ?? 0
    columnCount = (required + 1)...max(fields.count, required + 1)
    timeUnit = known[positions[0]]?.unit
    ignored = zip(names, known).filter { $0.1 == nil }.map(\.0)
    self.positions = positions
  }

  private static let order = "start,open,high,low,close,volume[,turnover]"

  /// The names that columns go by, in lower case.
  private static let columns: [String: (column: CandleColumn, unit: TimeUnit?)] = {
    var columns: [String: (column: CandleColumn, unit: TimeUnit?)] = [:]
    func add(_ column: CandleColumn, _ names: [String], unit: TimeUnit? = nil) {
      for name in names { columns[name] = (column, unit) }
    }
    let times = ["start", "time", "timestamp", "ts", "open_time", "opentime", "start_time", "starttime", "unix"]
    add(.start, times + ["date", "datetime", "open time"])
    add(.start, times.map { $0 + "_ms" }, unit: .milliseconds)
    add(.start, times.map { $0 + "_s" }, unit: .seconds)
    add(.open, ["open", "o", "open_price", "openprice"])
    add(.high, ["high", "h", "high_price", "highprice"])
    add(.low, ["low", "l", "low_price", "lowprice"])
    add(.close, ["close", "c", "close_price", "closeprice"])
    add(.volume, ["volume", "v", "vol", "base_volume", "volume_base"])
    add(
      .turnover,
      ["turnover", "quote_volume", "quotevolume", "volume_quote", "quote_asset_volume", "quote asset volume"])
    return columns
  }()
}

extension UnsafeBufferPointer<UInt8> {
  /// Without blanks around it, and without one pair of double quotes.
  var trimmed: UnsafeBufferPointer<UInt8> {
    var rest = self[...]
    func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    while let first = rest.first, isBlank(first) { rest = rest.dropFirst() }
    while let last = rest.last, isBlank(last) { rest = rest.dropLast() }
    if rest.count >= 2, rest.first == UInt8(ascii: "\""), rest.last == UInt8(ascii: "\"") {
      rest = rest.dropFirst().dropLast()
    }
    return UnsafeBufferPointer(rebasing: rest)
  }
}
