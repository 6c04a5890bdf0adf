/// A column of a candle file, in the order that files without a header have.
public enum CandleColumn: Int, Sendable, CaseIterable, CustomStringConvertible {
  case start, open, high, low, close, volume, turnover

  /// The name in a header that Pare writes.
  public var name: String {
    switch self {
    case .start: "start_ms"
    case .open: "open"
    case .high: "high"
    case .low: "low"
    case .close: "close"
    case .volume: "volume"
    case .turnover: "turnover"
    }
  }

  public var description: String { name }
}

/// Why a row is no candle.
public enum CandleDefect: Error, Sendable, Hashable {
  /// The row has fewer columns than a candle needs, or more than the file declares.
  case columnCount(expected: String, found: Int)
  case unparsable(CandleColumn, text: String)
  case nonFinite(CandleColumn)
  case nonPositivePrice(CandleColumn, Double)
  /// Volume or turnover below zero.
  case negative(CandleColumn, Double)
  case highBelowLow(high: Double, low: Double)
  /// Open or close outside `low ... high`.
  case outsideRange(CandleColumn, Double, low: Double, high: Double)
  /// A start outside `CandleInterval.timeRange`, in milliseconds.
  case timeOutOfRange(Int64)
  /// Seconds in a file of milliseconds, or the reverse.
  case mixedTimeUnits(Int64)
  case offGrid(Int64, CandleInterval)
  /// The same start as an earlier line, with other values.
  case conflict(withLine: Int)
  /// No date, or one that does not exist, in a panel.
  case noDate(text: String)
  /// No symbol in a row of a panel.
  case noSymbol
  /// A date at which the market is closed.
  case offCalendar(CalendarDate)
}

extension CandleDefect: CustomStringConvertible {
  public var expected: String {
    switch self {
    case .columnCount(let expected, _): "\(expected) columns"
    case .unparsable(let column, _): "a number as \(column)"
    case .nonFinite(let column): "a finite \(column)"
    case .nonPositivePrice(let column, _): "a positive \(column)"
    case .negative(let column, _): "\(column) of at least 0"
    case .highBelowLow: "high not below low"
    case .outsideRange(let column, _, let low, let high): "\(column) within low … high (\(low) … \(high))"
    case .timeOutOfRange: "a start between 1970 and the year 9999"
    case .mixedTimeUnits: "all starts in seconds or all in milliseconds"
    case .offGrid(_, let interval): "a start on the \(interval.name) grid"
    case .conflict(let line): "the values that line \(line) gives for the same start"
    case .noDate: "a date from 1970 on, as 2024-12-25"
    case .noSymbol: "a symbol"
    case .offCalendar: "a date of the calendar"
    }
  }

  public var found: String {
    switch self {
    case .columnCount(_, let found): "\(found)"
    case .unparsable(_, let text), .noDate(let text): text.isEmpty ? "nothing" : "'\(text)'"
    case .nonFinite: "a value that is not finite"
    case .nonPositivePrice(_, let value), .negative(_, let value), .outsideRange(_, let value, _, _): "\(value)"
    case .highBelowLow(let high, let low): "high \(high), low \(low)"
    case .timeOutOfRange(let start), .mixedTimeUnits(let start), .offGrid(let start, _): "\(start)"
    case .conflict: "other values"
    case .noSymbol: "nothing"
    case .offCalendar(let date): "\(date)"
    }
  }

  public var description: String { "expected \(expected), found \(found)" }
}

extension Candle {
  /// The first rule that the values break; nil for a candle that can be stored and used.
  ///
  /// Rules: start within `CandleInterval.timeRange` and on the interval's grid, all values finite, prices above zero,
  /// volume and turnover not below zero, `low ≤ open, close ≤ high`.
  public func defect(on interval: CandleInterval) -> CandleDefect? {
    valueDefect ?? (interval.isStart(start) ? nil : .offGrid(start, interval))
  }

  /// The same without the grid, for when the interval is not known yet.
  var valueDefect: CandleDefect? {
    guard CandleInterval.timeRange.contains(start) else { return .timeOutOfRange(start) }
    if let defect = priceDefect(open, .open) ?? priceDefect(high, .high) ?? priceDefect(low, .low)
      ?? priceDefect(close, .close) ?? amountDefect(volume, .volume)
    {
      return defect
    }
    if let turnover, let defect = amountDefect(turnover, .turnover) { return defect }
    guard high >= low else { return .highBelowLow(high: high, low: low) }
    guard (low...high).contains(open) else { return .outsideRange(.open, open, low: low, high: high) }
    guard (low...high).contains(close) else { return .outsideRange(.close, close, low: low, high: high) }
    return nil
  }
}

private func priceDefect(_ price: Double, _ column: CandleColumn) -> CandleDefect? {
  guard price.isFinite else { return .nonFinite(column) }
  return price > 0 ? nil : .nonPositivePrice(column, price)
}

private func amountDefect(_ amount: Double, _ column: CandleColumn) -> CandleDefect? {
  guard amount.isFinite else { return .nonFinite(column) }
  return amount >= 0 ? nil : .negative(column, amount)
}
