/// Turns lines into candles, by a layout. One value reads one file, since the first row may decide the unit of time.
struct CandleRowReader {
  let layout: CandleLayout
  private(set) var timeUnit: CandleLayout.TimeUnit?
  /// Where the fields of the current line end.
  private var ends: [Int] = []

  init(layout: CandleLayout) {
    self.layout = layout
    timeUnit = layout.timeUnit
  }

  /// The candle on a line.
  ///
  /// - Throws: what is wrong with the row, apart from the grid, which needs the interval.
  mutating func candle(in line: UnsafeBufferPointer<UInt8>) throws(CandleDefect) -> Candle {
    ends.removeAll(keepingCapacity: true)
    for index in line.indices where line[index] == layout.delimiter { ends.append(index) }
    ends.append(line.count)
    guard layout.columnCount.contains(ends.count) else {
      let range = layout.columnCount
      throw .columnCount(
        expected: range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)",
        found: ends.count)
    }
    let candle = Candle(
      start: try start(in: line),
      open: try number(.open, in: line), high: try number(.high, in: line), low: try number(.low, in: line),
      close: try number(.close, in: line), volume: try number(.volume, in: line),
      turnover: try turnover(in: line))
    if let defect = candle.valueDefect { throw defect }
    return candle
  }

  private func field(_ column: CandleColumn, in line: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
    let position = layout.positions[column.rawValue]
    guard ends.indices.contains(position) else { return nil }
    return UnsafeBufferPointer(rebasing: line[(position == 0 ? 0 : ends[position - 1] + 1)..<ends[position]]).trimmed
  }

  private func number(
    _ column: CandleColumn, in line: UnsafeBufferPointer<UInt8>
  ) throws(CandleDefect) -> Double {
    guard let text = field(column, in: line), let value = DecimalText.double(text) else {
      throw .unparsable(column, text: field(column, in: line).map(quotable) ?? "")
    }
    return value
  }

  private func turnover(in line: UnsafeBufferPointer<UInt8>) throws(CandleDefect) -> Double? {
    guard let text = field(.turnover, in: line), !text.isEmpty else { return nil }
    return try number(.turnover, in: line)
  }

  /// The start in milliseconds. Below 10¹¹ a time is taken for seconds (10¹¹ s is the year 5138, 10¹¹ ms is 1973),
  /// unless the header names the unit.
  private mutating func start(in line: UnsafeBufferPointer<UInt8>) throws(CandleDefect) -> Int64 {
    let text = field(.start, in: line)
    var time = text.flatMap { DecimalText.integer($0) }
    if time == nil {  // some writers put whole numbers as 1.7e12 or 1700000000000.0
      time = text.flatMap { DecimalText.double($0) }.flatMap { Int64(exactly: $0) }
    }
    guard let time else { throw .unparsable(.start, text: text.map(quotable) ?? "") }
    let unit: CandleLayout.TimeUnit = time < 100_000_000_000 ? .seconds : .milliseconds
    if layout.timeUnit == nil {
      guard timeUnit == nil || timeUnit == unit else { throw .mixedTimeUnits(time) }
      timeUnit = unit
    }
    guard timeUnit == .seconds else { return time }
    let (milliseconds, overflow) = time.multipliedReportingOverflow(by: 1000)
    if overflow { throw .timeOutOfRange(time) }
    return milliseconds
  }
}

/// The text of a field, fit for one line of a message.
private func quotable(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
  let text = String(decoding: bytes.prefix(40), as: UTF8.self)
  let printable = text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : String($0) }.joined()
  return bytes.count > 40 ? printable + "…" : printable
}
