/// Which decision each row of a table belongs to: a time, and a symbol where the table has several.
public struct RowKeys: Sendable, Hashable {
  /// What a time means.
  public enum Moment: String, Sendable, Hashable, Codable, CaseIterable {
    /// The close of the last candle that the row knows of, which is when its decision is made.
    case close
    /// The start of that candle, as most data frames have it.
    case start
  }

  /// Unix milliseconds.
  public let times: [Int64]
  /// Nil where all rows are of one symbol.
  public let symbols: [String]?

  public var count: Int { times.count }

  /// - Precondition: as many symbols as times.
  public init(times: [Int64], symbols: [String]? = nil) {
    precondition(symbols == nil || symbols?.count == times.count)
    self.times = times
    self.symbols = symbols
  }

  /// For each row of `series`, in the order of its candles, the candle whose close is its decision.
  ///
  /// Rows of other symbols and rows outside the candles' span are left out.
  ///
  /// - Throws: `market.table-time` for a time that is no candle's of this series within its span, `market.table-rows`
  ///   for two rows of one candle or where no row is left.
  func candles(of series: CandleSeries, moment: Moment, subject: String) throws(MarketError) -> [(row: Int, candle: Int)] {
    let candles = series.candles
    guard let first = candles.first, let last = candles.last, let length = series.key.interval.milliseconds else {
      throw MarketError("table-rows", subject: subject, expected: "candles of a fixed length", found: "none")
    }
    var byStart: [Int64: Int] = [:]
    byStart.reserveCapacity(candles.count)
    for (index, candle) in candles.enumerated() { byStart[candle.start] = index }
    var pairs: [(row: Int, candle: Int)] = []
    for row in times.indices where symbols.map({ $0[row] == series.key.symbol }) ?? true {
      let (start, overflow) = moment == .start ? (times[row], false) : times[row].subtractingReportingOverflow(length)
      guard !overflow, start >= first.start, start <= last.start else { continue }
      if let candle = byStart[start] {
        pairs.append((row, candle))
      } else if (start - first.start) % length != 0 {
        throw MarketError(
          "table-time", subject: "\(subject): row \(row)",
          expected: "the \(moment.rawValue) of a candle of \(series.key.interval.name)", found: "\(times[row])")
      }
      // A whole number of candles away, but that candle is missing: nothing to trade on.
    }
    pairs.sort { ($0.candle, $0.row) < ($1.candle, $1.row) }
    for (a, b) in zip(pairs, pairs.dropFirst()) where a.candle == b.candle {
      throw MarketError(
        "table-rows", subject: subject, expected: "one row a candle",
        found: "rows \(a.row) and \(b.row) of \(series.key.symbol) at \(times[b.row])")
    }
    guard !pairs.isEmpty else {
      throw MarketError(
        "table-rows", subject: subject,
        expected: "rows of \(series.key.symbol) within \(first.start) ... \(last.start + length)",
        found: times.isEmpty ? "no rows" : "times \(times.min() ?? 0) ... \(times.max() ?? 0)")
    }
    return pairs
  }
}
