/// Windows of an order book with labels, cut along time.
public struct BookDataset: Sendable {
  public let recipe: BookFeatures
  public let label: BookLabel
  /// Row-major `[rows, steps, 4 · levels]`.
  public let features: [Float]
  /// Class per row, an index into `BookLabel.classNames`; −1 where the horizon reaches beyond the last snapshot.
  public let labels: [Int32]
  /// The move that the label is of, in ticks or basis points, as its threshold; NaN without a label.
  public let changes: [Double]
  /// The snapshot at which each row is decided, ascending.
  public let snapshots: [Int]
  /// When it began to hold, Unix microseconds.
  public let times: [Int64]
  /// Cut by snapshots. Purged is each row whose horizon reaches the next part's first decision; the embargo, if not set, is
  /// the horizon, and at least as long as the label looks back.
  public let parts: PartRanges

  public var rowCount: Int { snapshots.count }
  /// Extents of a row.
  public var rowShape: [Int] { recipe.rowShape }
  /// Numbers in a row.
  public var width: Int { recipe.rowLength }

  /// - Parameters:
  ///   - stride: snapshots from one row to the next.
  ///   - most: rows at most; the stride is multiplied until no more are left. Which rows there are then depends on how
  ///     many snapshots there are; what is in them does not.
  /// - Throws: `market.book-levels` for features of more levels than the books have; `market.book-window` for a stride or
  ///   `most` below 1, or too few snapshots for one row; `market.part-empty`; `market.feature-not-finite`.
  public init(
    books: BookSnapshots, features recipe: BookFeatures, label: BookLabel, stride: Int = 1, atMost most: Int = .max,
    split: ChronologicalSplit = .standard
  ) throws(MarketError) {
    guard books.levels >= recipe.levels else {
      throw MarketError(
        "book-levels", subject: "book.levels", expected: "at most the \(books.levels) that the books have",
        found: "\(recipe.levels)", category: .usage)
    }
    let first = max(recipe.warmUp - 1, label.before)
    guard stride >= 1, most >= 1, first < books.count else {
      throw MarketError(
        "book-window", subject: "book", expected: "a stride and a limit of 1 or more, and more than \(first) snapshots",
        found: "stride \(stride), limit \(most), \(books.count) snapshots", category: .usage)
    }
    let available = (books.count - first - 1) / stride + 1
    let factor = (available - 1) / most + 1
    let chosen = Array(Swift.stride(from: first, to: books.count, by: stride * factor))
    self.recipe = recipe
    self.label = label
    snapshots = chosen
    times = chosen.map { books.times[$0] }
    features = try Self.rows(of: books, recipe, at: chosen)
    (labels, changes) = Self.labels(of: books, label, at: chosen)
    let split = try split.embargo == nil && label.before > 0
      ? ChronologicalSplit(train: split.train, validation: split.validation, embargo: label.horizon + label.before) : split
    parts = try split.ranges(times: chosen.map { Int64($0) }, horizon: label.horizon, interval: 1)
  }

  /// The rows of a part that have a label.
  public func labelled(_ part: DatasetPart) -> [Int] { parts[part].filter { labels[$0] >= 0 } }

  /// The numbers of one row.
  public func features(of row: Int) -> ArraySlice<Float> { features[row * width..<(row + 1) * width] }

  /// The rows of some snapshots, ascending.
  static func rows(
    of books: BookSnapshots, _ recipe: BookFeatures, at chosen: [Int]
  ) throws(MarketError) -> [Float] {
    var engine = BookFeatureEngine(recipe)
    let width = recipe.rowLength
    var features = [Float](repeating: 0, count: chosen.count * width)
    var row = 0
    features.withUnsafeMutableBufferPointer { features in
      for snapshot in 0...(chosen.last ?? 0) {
        engine.push(snapshot, of: books)
        guard row < chosen.count, chosen[row] == snapshot else { continue }
        engine.write(into: UnsafeMutableBufferPointer(rebasing: features[row * width..<(row + 1) * width]))
        row += 1
      }
    }
    if let place = features.firstIndex(where: { !$0.isFinite }) {
      throw MarketError(
        "feature-not-finite", subject: "snapshot \(chosen[place / width])",
        expected: "a finite \(recipe.columns[place % width % recipe.columns.count])", found: "\(features[place])")
    }
    return features
  }

  private static func labels(of books: BookSnapshots, _ label: BookLabel, at chosen: [Int]) -> ([Int32], [Double]) {
    let mids = (0..<books.count).map(books.mid)
    var sums = [0.0]
    sums.reserveCapacity(mids.count + 1)
    var sum = 0.0
    for mid in mids {
      sum += mid - mids[0]
      sums.append(sum)
    }
    let changes = chosen.map { snapshot in
      snapshot + label.horizon < mids.count ? label.change(at: snapshot, mids: mids, sums: sums) : .nan
    }
    return (changes.map { $0.isNaN ? -1 : label.classIndex(of: $0) }, changes)
  }
}
