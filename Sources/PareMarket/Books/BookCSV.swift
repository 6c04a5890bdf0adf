/// Files of order-book snapshots: comma-separated, plain or gzip, a snapshot per row.
///
/// The header names `ts_ms` (Unix milliseconds) or `ts_us` (microseconds), and for each level from 1, the best,
/// `bid_px_1`, `bid_qty_1`, `ask_px_1` and `ask_qty_1`, in any order. Every level is there in every row.
public enum BookCSV {
  /// - Throws: `MarketError` that names the line: `book-columns`, `book-field`, `book-times`, `book-level`; `book-rows` without
  ///   any; `unreadable` and what else reading a file can meet.
  public static func read(path: String) throws -> BookSnapshots {
    var layout: BookLayout?
    var times: [Int64] = []
    var columns = [[Double]](repeating: [], count: 4)
    var fields: [Double] = []
    try TextLines.forEach(in: path) { number, line in
      guard !line.trimmed.isEmpty else { return }
      let place = "\(path):\(number)"
      guard let layout else {
        layout = try BookLayout(header: line, place)
        return
      }
      let time = try layout.read(line, into: &fields, place)
      if let previous = times.last, time <= previous { throw BookSnapshots.disorder(time, after: previous, place) }
      times.append(time)
      let levels = layout.levels
      for column in columns.indices {
        columns[column].append(contentsOf: fields[column * levels..<(column + 1) * levels])
      }
      try BookRow.check(
        bidPrices: columns[0].suffix(levels), bidQuantities: columns[1].suffix(levels), askPrices: columns[2].suffix(levels),
        askQuantities: columns[3].suffix(levels), subject: place)
    }
    guard let layout, !times.isEmpty else {
      throw MarketError("book-rows", subject: path, expected: "a header and at least one snapshot", found: "none")
    }
    return BookSnapshots(
      checked: layout.levels, times: times, bidPrices: columns[0], bidQuantities: columns[1], askPrices: columns[2],
      askQuantities: columns[3])
  }
}

/// Which field of a row is what.
private struct BookLayout {
  /// Bid prices, bid quantities, ask prices, ask quantities.
  static let kinds = ["bid_px_", "bid_qty_", "ask_px_", "ask_qty_"]

  let levels: Int
  /// Where each field of a row goes: kind · levels + level; −1 for the time.
  private let destinations: [Int]
  /// Microseconds in a unit of time.
  private let unit: Int64

  init(header: UnsafeBufferPointer<UInt8>, _ place: String) throws {
    let names = header.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
      String(decoding: UnsafeBufferPointer(rebasing: $0).trimmed, as: UTF8.self)
    }
    let levels = (names.count - 1) / 4
    var places = ["ts_ms": -1]
    if names.contains("ts_us") { places = ["ts_us": -1] }
    for (kind, name) in Self.kinds.enumerated() {
      for level in 0..<levels { places[name + String(level + 1)] = kind * levels + level }
    }
    if levels == 0 || names.count != 4 * levels + 1 || Set(names).count != names.count {
      throw Self.refusal(place, "\(names.count) names, \(Set(names).count) of them different")
    }
    destinations = try names.map { name in
      guard let destination = places[name] else { throw Self.refusal(place, "'\(name)'") }
      return destination
    }
    self.levels = levels
    unit = names.contains("ts_us") ? 1 : 1000
  }

  private static func refusal(_ place: String, _ found: String) -> MarketError {
    MarketError(
      "book-columns", subject: place,
      expected: "ts_ms or ts_us, and bid_px_N, bid_qty_N, ask_px_N and ask_qty_N for each level from 1", found: found)
  }

  /// The time of a row, in microseconds; its numbers go into `fields`.
  func read(_ line: UnsafeBufferPointer<UInt8>, into fields: inout [Double], _ place: String) throws -> Int64 {
    let texts = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard texts.count == destinations.count else {
      throw MarketError("book-columns", subject: place, expected: "\(destinations.count) fields", found: "\(texts.count)")
    }
    if fields.isEmpty { fields = [Double](repeating: 0, count: 4 * levels) }
    var time: Int64 = 0
    for (index, (text, destination)) in zip(texts, destinations).enumerated() {
      let text = UnsafeBufferPointer(rebasing: text).trimmed
      func refusal(_ expected: String) -> MarketError {
        MarketError(
          "book-field", subject: "\(place), field \(index + 1)", expected: expected,
          found: "'\(String(decoding: text.prefix(40), as: UTF8.self))'")
      }
      if destination < 0 {
        let range = CandleInterval.timeRange
        guard let written = DecimalText.integer(text), written >= 0, written <= range.upperBound * 1000 / unit else {
          throw refusal("a Unix time after 1970 in \(unit == 1 ? "microseconds" : "milliseconds")")
        }
        time = written * unit
      } else {
        guard let value = DecimalText.double(text) else { throw refusal("a number") }
        fields[destination] = value
      }
    }
    return time
  }
}
