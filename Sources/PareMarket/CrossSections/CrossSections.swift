/// The rows of a dataset's part by decision time, all symbols side by side: what a model of many symbols sees at once.
///
/// A cell without a row (a symbol that was not yet listed, is suspended or still warms up) is masked out; its features are
/// 0, its label −1, its forward return NaN.
public struct CrossSections: Sendable {
  /// In the order of the dataset's keys.
  public let symbols: [String]
  /// Decision times, Unix milliseconds, strictly ascending.
  public let times: [Int64]
  /// Extents of one row of the dataset: `[F]`, or `[steps, F]` for windows.
  public let rowShape: [Int]
  /// Row-major `[times, symbols] + rowShape`.
  public let features: [Float]
  /// Row-major `[times, symbols]`: whether there is a row.
  public let mask: [Bool]
  /// Class per cell; −1 where it has none.
  public let labels: [Int32]
  /// Forward return per cell; NaN where there is no outcome.
  public let forwardReturns: [Double]
  /// The dataset's rows that the cells stand for, in the dataset's order: what `rows(of:width:)` gives.
  public let rows: Range<Int>
  /// Per row of `rows` its cell.
  private let cells: [Int]

  public var timeCount: Int { times.count }
  public var symbolCount: Int { symbols.count }
  /// Numbers in a cell.
  public var width: Int { rowShape.reduce(1, *) }
  /// Extents of `features`.
  public var shape: [Int] { [timeCount, symbolCount] + rowShape }

  /// - Throws: `market.cross-section` for a dataset of fewer than two symbols, or a part in which no time has two.
  public init(of dataset: MarketDataset, part: DatasetPart) throws(MarketError) {
    try self.init(of: dataset, rows: dataset.parts[part], subject: "cross-sections of \(part.rawValue)")
  }

  /// The cross-sections of any run of the dataset's rows; times that it cuts in two keep the rows within.
  ///
  /// - Precondition: rows of the dataset.
  /// - Throws: as the other initializer.
  public init(of dataset: MarketDataset, rows: Range<Int>) throws(MarketError) {
    try self.init(of: dataset, rows: rows, subject: "cross-sections")
  }

  private init(of dataset: MarketDataset, rows: Range<Int>, subject: String) throws(MarketError) {
    let count = dataset.keys.count
    guard count >= 2 else {
      throw MarketError(
        "cross-section", subject: subject, expected: "a dataset of two symbols or more", found: "\(count)", category: .usage)
    }
    var times: [Int64] = []
    var cells: [Int] = []
    cells.reserveCapacity(rows.count)
    var hasTwo = false
    for row in rows {
      if dataset.times[row] != times.last {
        times.append(dataset.times[row])
      } else {
        hasTwo = true
      }
      cells.append((times.count - 1) * count + Int(dataset.symbolIDs[row]))
    }
    guard hasTwo else {
      throw MarketError(
        "cross-section", subject: subject, expected: "times at which two symbols or more have a row",
        found: "none in \(times.count)")
    }
    let width = dataset.width
    var features = [Float](repeating: 0, count: times.count * count * width)
    var mask = [Bool](repeating: false, count: times.count * count)
    var labels = [Int32](repeating: -1, count: mask.count)
    var forwardReturns = [Double](repeating: .nan, count: mask.count)
    for (row, cell) in zip(rows, cells) {
      features.replaceSubrange(cell * width..<(cell + 1) * width, with: dataset.features[row * width..<(row + 1) * width])
      mask[cell] = true
      labels[cell] = dataset.labels[row]
      forwardReturns[cell] = dataset.forwardReturns[row]
    }
    symbols = dataset.keys.map(\.symbol)
    self.times = times
    rowShape = dataset.rowShape
    self.features = features
    self.mask = mask
    self.labels = labels
    self.forwardReturns = forwardReturns
    self.rows = rows
    self.cells = cells
  }

  /// The other's cells with these features.
  init(_ other: CrossSections, features: [Float]) {
    symbols = other.symbols
    times = other.times
    rowShape = other.rowShape
    self.features = features
    mask = other.mask
    labels = other.labels
    forwardReturns = other.forwardReturns
    rows = other.rows
    cells = other.cells
  }

  /// The features of one time, row-major `[symbols] + rowShape`.
  public func features(at time: Int) -> ArraySlice<Float> {
    features[time * symbolCount * width..<(time + 1) * symbolCount * width]
  }

  /// The way back: what a model said of every cell, as a row for each of the dataset's `rows`, in their order.
  ///
  /// - Parameters:
  ///   - scores: row-major `[times, symbols, K]`; those of masked cells are dropped.
  ///   - width: K.
  /// - Throws: `market.cross-section` for another number of scores.
  public func rows(of scores: [Float], width: Int) throws(MarketError) -> [Float] {
    guard width > 0, scores.count == mask.count * width else {
      throw MarketError(
        "cross-section", subject: "scores", expected: "\(timeCount) × \(symbolCount) × \(width) scores",
        found: "\(scores.count)", category: .usage)
    }
    var result: [Float] = []
    result.reserveCapacity(cells.count * width)
    for cell in cells { result.append(contentsOf: scores[cell * width..<(cell + 1) * width]) }
    return result
  }
}

extension MarketDataset {
  /// The last decision time of the training part: what a graph that is fixed before validation may know.
  public var lastTrainingTime: Int64 { times[parts.train.upperBound - 1] }

  /// - Throws: `market.cross-section`.
  public func crossSections(of part: DatasetPart) throws(MarketError) -> CrossSections {
    try CrossSections(of: self, part: part)
  }
}
