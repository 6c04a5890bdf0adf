import Foundation

/// Rows of numbers that are worked out of a book by hand, of the newest snapshot or of a window of them.
public struct BookColumns: Sendable, Hashable {
  public let columns: [BookColumn]
  /// Of a side; the best so many of the book's.
  public let levels: Int
  /// How many of the newest snapshots a row holds the columns of, the newest last.
  public let window: Int

  /// - Throws: `market.book-features`, naming the first setting that cannot be; what a column's own check throws.
  public init(_ columns: [BookColumn], levels: Int = 10, window: Int = 1) throws(MarketError) {
    func check(_ name: String, _ isGood: Bool, _ expected: String, _ found: some Any) throws(MarketError) {
      guard isGood else {
        throw MarketError("book-features", subject: "book.\(name)", expected: expected, found: "\(found)", category: .usage)
      }
    }
    try check("columns", !columns.isEmpty && Set(columns).count == columns.count, "one column or more, each once", columns)
    for column in columns { try column.validate() }
    try check("levels", (1...1_000).contains(levels), "1 to 1000", levels)
    try check("window", (1...10_000).contains(window), "1 to 10000 snapshots", window)
    (self.columns, self.levels, self.window) = (columns, levels, window)
  }

  /// Snapshots after which a row is complete.
  public var warmUp: Int { (columns.map(\.snapshotsNeeded).max() ?? 1) + window - 1 }

  /// Row-major `[snapshots − warmUp + 1, window, columns]`: a row for each snapshot from the first with a whole one.
  ///
  /// A row depends on the newest `warmUp` snapshots alone: sums are taken anew for each, the oldest first.
  func rows(of books: BookSnapshots) -> [Float] {
    guard books.count >= warmUp else { return [] }
    let levels = 0..<self.levels
    let signs = SnapshotSigns(
      imbalance: (0..<books.count).map { books.imbalance(at: $0, levels: levels) },
      best: (0..<books.count).map { books.imbalance(at: $0, levels: 0..<1) }, mids: (0..<books.count).map(books.mid),
      spread: (0..<books.count).map(books.spread))
    // The columns of each snapshot once, then windows of them.
    let first = warmUp - window
    let values = (first..<books.count).flatMap { snapshot in columns.map { Float(signs.value(of: $0, at: snapshot)) } }
    let width = columns.count
    guard window > 1 else { return values }
    return (0...(books.count - warmUp)).flatMap { values[$0 * width..<($0 + window) * width] }
  }
}

/// What columns are means and differences of, per snapshot.
private struct SnapshotSigns {
  let imbalance: [Double]
  let best: [Double]
  let mids: [Double]
  let spread: [Double]

  func value(of column: BookColumn, at snapshot: Int) -> Double {
    switch column {
    case .imbalance(let n): Self.mean(imbalance, n, snapshot)
    case .bestImbalance(let n): Self.mean(best, n, snapshot)
    case .spread(let n): Self.mean(spread, n, snapshot)
    case .move(let n): (mids[snapshot] / mids[snapshot - n] - 1) * 10_000
    }
  }

  private static func mean(_ values: [Double], _ count: Int, _ newest: Int) -> Double {
    values[newest - count + 1...newest].reduce(0, +) / Double(count)
  }
}

extension BookSnapshots {
  /// Mean over some levels of `ln(bid quantity / ask quantity)`.
  func imbalance(at snapshot: Int, levels range: Range<Int>) -> Double {
    let base = snapshot * levels
    return range.reduce(0) { $0 + log(bidQuantities[base + $1] / askQuantities[base + $1]) } / Double(range.count)
  }

  /// The best ask less the best bid, in basis points of the mid.
  public func spread(at snapshot: Int) -> Double {
    (askPrices[snapshot * levels] - bidPrices[snapshot * levels]) / mid(at: snapshot) * 10_000
  }
}
