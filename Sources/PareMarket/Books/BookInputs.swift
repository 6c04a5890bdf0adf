/// What a model sees of an order book.
public enum BookInputs: Sendable, Hashable {
  /// Windows of the levels themselves.
  case levels(BookFeatures)
  /// Numbers worked out of them by hand.
  case columns(BookColumns)

  /// Levels of a side that a book must have.
  public var levels: Int {
    switch self {
    case .levels(let features): features.levels
    case .columns(let columns): columns.levels
    }
  }

  /// Snapshots after which a row is complete.
  public var warmUp: Int {
    switch self {
    case .levels(let features): features.warmUp
    case .columns(let columns): columns.warmUp
    }
  }

  /// Extents of a row: `[columns]` of a single snapshot's columns, else `[snapshots, columns]`.
  public var rowShape: [Int] {
    switch self {
    case .levels(let features): features.rowShape
    case .columns(let columns): columns.window == 1 ? [columns.columns.count] : [columns.window, columns.columns.count]
    }
  }

  /// Names of the numbers of a snapshot.
  public var columns: [String] {
    switch self {
    case .levels(let features): features.columns
    case .columns(let columns): columns.columns.map(\.description)
    }
  }

  /// A row for each snapshot from the first with a whole one, row-major; none where the books are shorter than the warm-up.
  ///
  /// - Throws: `market.book-levels` for more levels than the books have.
  package func rows(of books: BookSnapshots) throws(MarketError) -> [Float] {
    guard books.levels >= levels else {
      throw MarketError(
        "book-levels", subject: "book.levels", expected: "at most the \(books.levels) that the books have", found: "\(levels)",
        category: .usage)
    }
    switch self {
    case .columns(let columns): return columns.rows(of: books)
    case .levels(let features):
      guard books.count >= warmUp else { return [] }
      return try BookDataset.rows(of: books, features, at: Array(warmUp - 1..<books.count))
    }
  }
}
