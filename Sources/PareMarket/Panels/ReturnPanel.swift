/// The one-candle returns of several symbols side by side.
public struct ReturnPanel: Sendable {
  public let symbols: [String]
  /// When each row was known: the close of its candles, Unix milliseconds, ascending.
  public let times: [Int64]
  /// Row-major `[times, symbols]`, `close / previous close − 1`; NaN where a symbol lacks the candle or the one before it.
  public let returns: [Double]

  /// - Throws: `market.no-series`; `market.graph-symbols` for a repetition; `market.wrong-interval` for series of several
  ///   intervals or of months; `market.wrong-calendar`.
  public init(of series: [CandleSeries]) throws(MarketError) {
    guard let first = series.first else {
      throw MarketError("no-series", subject: "returns", expected: "candles of at least one symbol", found: "none")
    }
    for one in series {
      guard one.key.interval == first.key.interval, one.key.interval.milliseconds != nil else {
        throw MarketError(
          "wrong-interval", subject: one.key.symbol, expected: "candles of one interval of a fixed length",
          found: one.key.interval.name)
      }
      guard one.calendar == first.calendar else {
        throw MarketError(
          "wrong-calendar", subject: one.key.symbol, expected: "the calendar of \(first.key.symbol)", found: "another")
      }
    }
    let symbols = series.map(\.key.symbol)
    guard Set(symbols).count == symbols.count else {
      throw MarketError("graph-symbols", subject: "returns", expected: "each symbol once", found: "a repetition")
    }
    let length = first.key.interval.milliseconds ?? 0
    var starts = Set<Int64>()
    for one in series { starts.formUnion(one.candles.map(\.start)) }
    let ordered = starts.sorted()
    let rows = Dictionary(uniqueKeysWithValues: ordered.enumerated().map { ($1, $0) })
    var returns = [Double](repeating: .nan, count: ordered.count * series.count)
    for (column, one) in series.enumerated() {
      for index in one.candles.indices.dropFirst() where one.isConsecutive(index) {
        guard let row = rows[one.candles[index].start] else { continue }
        returns[row * series.count + column] = one.candles[index].close / one.candles[index - 1].close - 1
      }
    }
    self.symbols = symbols
    times = ordered.map { $0 + length }
    self.returns = returns
  }

  /// How many rows were known at a time.
  public func known(at time: Int64) -> Int {
    var range = times.startIndex..<times.endIndex
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range = times[middle] <= time ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }
}

extension SymbolGraph {
  /// Symbols hear each other by the correlation of their returns, as it was known at a time.
  ///
  /// For a pair, Pearson's correlation over the rows in which both have a return; no edge where there are fewer than
  /// `least`, or one of the two does not move. Nothing after `time` is read, and with a window nothing before it: what is
  /// computed live equals what is computed here, to the bit. A graph for training and testing is that of the last training
  /// time (`MarketDataset.lastTrainingTime`).
  ///
  /// - Parameters:
  ///   - time: of the decision, Unix milliseconds; the candle that closes then counts.
  ///   - window: newest rows that count; nil for all.
  /// - Throws: `market.graph-symbols` for one symbol alone; `market.graph-window` for a window below `least`, `least`
  ///   below 3, or fewer known rows than `least`.
  public static func correlation(
    of panel: ReturnPanel, at time: Int64, window: Int? = nil, least: Int = 20
  ) throws(MarketError) -> SymbolGraph {
    let known = panel.known(at: time)
    guard least >= 3, window ?? least >= least, known >= least else {
      throw MarketError(
        "graph-window", subject: "correlation", expected: "a window of \(max(least, 3)) rows or more, and as many known at \(time)",
        found: window.map { "a window of \($0), and \(known) known" } ?? "\(known) known", category: .usage)
    }
    let count = panel.symbols.count
    let rows = max(0, known - (window ?? known))..<known
    // A column per symbol lies together.
    let columns = (0..<count).map { column in rows.map { panel.returns[$0 * count + column] } }
    var weights = [Float](repeating: 0, count: count * count)
    for i in 0..<count {
      for j in 0..<i {
        let weight = Float(correlation(columns[i], columns[j], least: least))
        weights[i * count + j] = weight
        weights[j * count + i] = weight
      }
    }
    return try SymbolGraph(symbols: panel.symbols, weights: weights)
  }

  /// Pearson's correlation over the places where both are numbers; 0 where these are fewer than `least`, or one is constant.
  private static func correlation(_ one: [Double], _ other: [Double], least: Int) -> Double {
    var (count, sumX, sumY) = (0, 0.0, 0.0)
    for (x, y) in zip(one, other) where !(x + y).isNaN {
      count += 1
      sumX += x
      sumY += y
    }
    guard count >= least else { return 0 }
    let (meanX, meanY) = (sumX / Double(count), sumY / Double(count))
    var (squareX, squareY, product) = (0.0, 0.0, 0.0)
    for (x, y) in zip(one, other) where !(x + y).isNaN {
      squareX += (x - meanX) * (x - meanX)
      squareY += (y - meanY) * (y - meanY)
      product += (x - meanX) * (y - meanY)
    }
    let size = (squareX * squareY).squareRoot()
    return size > 0 ? min(max(product / size, -1), 1) : 0
  }
}
