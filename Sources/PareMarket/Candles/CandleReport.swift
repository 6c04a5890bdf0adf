/// A row of a file that is no candle, or contradicts another.
public struct BadRow: Sendable, Hashable, CustomStringConvertible {
  /// Line number from 1, the header counted.
  public let line: Int
  public let defect: CandleDefect

  public init(line: Int, defect: CandleDefect) {
    self.line = line
    self.defect = defect
  }

  public var description: String { "line \(line): \(defect)" }
}

/// What to do with bad rows. They are never repaired.
public enum BadRowPolicy: String, Sendable, CaseIterable, Codable {
  /// Refuse the whole file, naming the first bad row and how many there are.
  case refuse
  /// Leave them out and report them.
  case skip
}

/// What was found in a candle file.
public struct CandleReport: Sendable, Hashable {
  public let path: String
  /// Rows that are not blank and no header.
  public let rows: Int
  /// Rows that became candles of the series.
  public let accepted: Int
  /// Rows left out, in the order of their lines.
  public let badRows: [BadRow]
  /// Rows left out because an earlier row says exactly the same.
  public let identicalDuplicates: Int
  /// Rows whose start lies before that of the row above.
  public let outOfOrder: Int
  public let interval: CandleInterval
  public let gaps: [CandleGap]
  /// Columns in the header that mean nothing here, in lower case.
  public let ignoredColumns: [String]

  /// Candles missing between the first and the last.
  public var missing: Int { gaps.reduce(0) { $0 + $1.missing } }
}
