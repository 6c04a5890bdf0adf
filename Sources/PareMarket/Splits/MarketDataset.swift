/// Feature rows of one or several symbols with labels, cut along time: all that training and judging need.
///
/// There is one row for every candle at which a decision can be made, in the order of decision time and then symbol.
/// Some rows have no label: a return of exactly zero under `.direction`, a gap within the horizon, the end of the
/// data. A model must still decide on them, or the backtest would know from a decision's absence what the market
/// did; so they stay in the parts, and `labelled(_:)` gives the rows to train and score on.
public struct MarketDataset: Sendable {
  public let schema: FeatureSchema
  public let label: LabelDefinition
  /// What the rows are of; `symbolIDs` index it, and the candles are those of the series passed in at that place.
  public let keys: [SeriesKey]
  /// Row-major `[rows × schema.width]`.
  public let features: [Float]
  /// Class per row; −1 where the row has none. All −1 for `.forwardReturn`.
  public let labels: [Int32]
  /// Forward return per row, as a fraction; NaN where the horizon is not there.
  public let forwardReturns: [Double]
  public let symbolIDs: [Int32]
  /// The candle at whose close the row's decision is made, within its symbol's series.
  public let candleIndices: [Int]
  /// When that candle closes, Unix milliseconds; ascending.
  public let times: [Int64]
  public let parts: PartRanges
  public let digest: DataDigest

  public var rowCount: Int { times.count }

  /// - Parameters:
  ///   - series: one per symbol, all of the schema's interval; they need not span the same time.
  /// - Throws: `MarketError`, saying which symbol or part: `no-series`, `duplicate-symbol`, `wrong-interval`,
  ///   `too-few-candles`, `constant-prices`, what `FeatureMatrix` throws, `part-empty`, `too-few-rows` (fewer
  ///   labelled training rows than features), `one-class`.
  public init(
    series: [CandleSeries], schema: FeatureSchema, label: LabelDefinition, split: ChronologicalSplit = .standard
  ) throws(MarketError) {
    try Self.check(series, schema: schema, label: label)
    let rows = try StackedRows(of: series, schema: schema, label: label)
    self.schema = schema
    self.label = label
    keys = series.map(\.key)
    features = rows.features
    labels = rows.labels
    forwardReturns = rows.forwardReturns
    symbolIDs = rows.symbolIDs
    candleIndices = rows.candleIndices
    times = rows.times
    parts = try split.ranges(times: times, horizon: label.horizon, interval: schema.intervalMilliseconds)
    digest = DataDigest(of: series)
    try checkParts()
  }

  /// The rows of a part that have a label, gathered side by side.
  public func labelled(_ part: DatasetPart) -> LabelledRows {
    let rows = parts[part].filter(hasLabel)
    var gathered: [Float] = []
    gathered.reserveCapacity(rows.count * schema.width)
    for row in rows { gathered.append(contentsOf: features[row * schema.width..<(row + 1) * schema.width]) }
    return LabelledRows(
      rows: rows, features: gathered, labels: rows.map { labels[$0] }, forwardReturns: rows.map { forwardReturns[$0] })
  }

  /// The features of all of a part's rows, labelled or not, row-major: what a model decides on.
  public func features(of part: DatasetPart) -> ArraySlice<Float> {
    features[parts[part].lowerBound * schema.width..<parts[part].upperBound * schema.width]
  }

  /// The rows of one symbol in a part, in order.
  public func rows(of part: DatasetPart, symbol: Int) -> [Int] {
    precondition(keys.indices.contains(symbol), "no such symbol")
    return keys.count == 1 ? Array(parts[part]) : parts[part].filter { symbolIDs[$0] == Int32(symbol) }
  }

  /// The candles of one symbol from a part's first decision to its last; nil where the symbol has none there.
  public func candles(of part: DatasetPart, symbol: Int) -> Range<Int>? {
    let rows = rows(of: part, symbol: symbol)
    guard let first = rows.first, let last = rows.last else { return nil }
    return candleIndices[first]..<candleIndices[last] + 1
  }

  /// A normalizer fitted to the labelled rows of the training part.
  public func normalizer(_ kind: NormalizerKind, clip: Float = 5) throws(MarketError) -> Normalizer {
    try Normalizer.fit(kind, to: labelled(.train).features, names: schema.columns, clip: clip)
  }

  private func hasLabel(_ row: Int) -> Bool {
    label.classNames.isEmpty ? !forwardReturns[row].isNaN : labels[row] >= 0
  }

  private static func check(
    _ series: [CandleSeries], schema: FeatureSchema, label: LabelDefinition
  ) throws(MarketError) {
    guard !series.isEmpty else {
      throw MarketError("no-series", subject: "data", expected: "candles of at least one symbol", found: "none")
    }
    guard Set(series.map(\.key)).count == series.count else {
      throw MarketError("duplicate-symbol", subject: "data", expected: "each symbol once", found: "a repetition")
    }
    let least = schema.warmUp + label.horizon + 1
    for one in series {
      guard one.candles.count >= least else {
        throw MarketError(
          "too-few-candles", subject: one.key.symbol,
          expected: "at least \(least) candles (warm-up \(schema.warmUp), horizon \(label.horizon))",
          found: "\(one.candles.count)")
      }
      let price = one.candles[0].close
      guard !one.candles.allSatisfy({ $0.open == price && $0.close == price }) else {
        throw MarketError(
          "constant-prices", subject: one.key.symbol, expected: "prices that move", found: "\(price) in every candle")
      }
    }
  }

  private func checkParts() throws(MarketError) {
    for part in DatasetPart.allCases {
      let rows = parts[part].filter(hasLabel)
      let least = part == .train ? schema.width : 1
      guard rows.count >= least else {
        throw MarketError(
          "too-few-rows", subject: "split.\(part.rawValue)",
          expected: "at least \(least) labelled rows" + (part == .train ? ", one for each feature" : ""),
          found: "\(rows.count)")
      }
      if let only = rows.first.map({ labels[$0] }), only >= 0, rows.allSatisfy({ labels[$0] == only }) {
        throw MarketError(
          "one-class", subject: "split.\(part.rawValue)", expected: "labels of at least two classes",
          found: "'\(label.classNames[Int(only)])' in all \(rows.count) rows")
      }
    }
  }
}

/// Rows of one part that have a label.
public struct LabelledRows: Sendable {
  /// Their places in the dataset, ascending.
  public let rows: [Int]
  /// Row-major `[rows × width]`.
  public let features: [Float]
  /// Class per row; all −1 for `.forwardReturn`.
  public let labels: [Int32]
  /// As fractions.
  public let forwardReturns: [Double]

  public var count: Int { rows.count }
}

/// The rows of all symbols in the order of decision time, then symbol.
private struct StackedRows {
  var features: [Float] = []
  var labels: [Int32] = []
  var forwardReturns: [Double] = []
  var symbolIDs: [Int32] = []
  var candleIndices: [Int] = []
  var times: [Int64] = []

  init(of series: [CandleSeries], schema: FeatureSchema, label: LabelDefinition) throws(MarketError) {
    var matrices: [FeatureMatrix] = []
    for one in series { matrices.append(try FeatureMatrix(of: one, schema: schema)) }
    let returns = series.map(label.forwardReturns)

    var order: [(time: Int64, symbol: Int, row: Int)] = []
    order.reserveCapacity(matrices.reduce(0) { $0 + $1.rowCount })
    for (symbol, matrix) in matrices.enumerated() {
      for (row, candle) in matrix.candleIndices.enumerated() {
        order.append((series[symbol].candles[candle].start + schema.intervalMilliseconds, symbol, row))
      }
    }
    if series.count > 1 { order.sort { ($0.time, $0.symbol) < ($1.time, $1.symbol) } }

    features.reserveCapacity(order.count * schema.width)
    for (time, symbol, row) in order {
      let matrix = matrices[symbol]
      let candle = matrix.candleIndices[row]
      let forwardReturn = returns[symbol][candle]
      features.append(contentsOf: matrix.values[row * schema.width..<(row + 1) * schema.width])
      labels.append(forwardReturn.flatMap(label.classIndex) ?? -1)
      forwardReturns.append(forwardReturn ?? .nan)
      symbolIDs.append(Int32(symbol))
      candleIndices.append(candle)
      times.append(time)
    }
  }
}
