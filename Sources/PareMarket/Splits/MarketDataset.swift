/// Feature rows of one or several symbols with labels, cut along time: all that training and judging need.
///
/// There is one row for every candle at which a decision can be made, in the order of decision time and then symbol.
/// Some rows have no label: a return of exactly zero under `.direction`, a gap within the horizon, the end of the
/// data. A model must still decide on them, or the backtest would know from a decision's absence what the market
/// did; so they stay in the parts, and `labelled(_:)` gives the rows to train and score on.
public struct MarketDataset: Sendable {
  /// How the features were computed; nil for those of a table and for those of a book.
  public let schema: FeatureSchema?
  /// Extents of one row.
  public let rowShape: [Int]
  /// A name for each number of a row.
  public let columns: [String]
  /// A name for each number that is normalized as one: the features of a candle or of a snapshot, of whichever step of a window;
  /// of a table every number of a row.
  public let normalizedColumns: [String]
  /// How rows that see all symbols are laid out; nil where a row is of one symbol.
  public let crossSection: CrossSectionLayout?
  public let label: LabelDefinition
  /// What the rows are of; `symbolIDs` index it, and the candles are those of the series passed in at that place.
  public let keys: [SeriesKey]
  /// Row-major `[rows × width]`.
  public let features: [Float]
  /// Class per row; −1 where the row has none. All −1 for `.forwardReturn`.
  public let labels: [Int32]
  /// Forward return per row, as a fraction; NaN where there is no outcome (`LabelDefinition.outcomes(of:)`).
  public let forwardReturns: [Double]
  public let symbolIDs: [Int32]
  /// The candle at whose close the row's decision is made, within its symbol's series.
  public let candleIndices: [Int]
  /// When that candle closes, Unix milliseconds; ascending.
  public let times: [Int64]
  public let parts: PartRanges
  public let digest: DataDigest

  public var rowCount: Int { times.count }
  /// Numbers in a row.
  public var width: Int { columns.count }

  /// - Parameters:
  ///   - series: one per symbol, all of the schema's interval; they need not span the same time.
  /// - Throws: `MarketError`, saying which symbol or part: `no-series`, `duplicate-symbol`, `wrong-interval`,
  ///   `wrong-calendar`, `too-few-candles`, `constant-prices`, what `FeatureMatrix` throws, `part-empty`, `too-few-rows` (fewer
  ///   labelled training rows than features), `one-class`; `cross-section` for ranks of one symbol alone.
  public init(
    series: [CandleSeries], schema: FeatureSchema, labels: LabelTable? = nil, label: LabelDefinition,
    split: ChronologicalSplit = .standard
  ) throws(MarketError) {
    try Self.check(series, label: label, warmUp: schema.warmUp)
    var rows: [SymbolRows] = []
    for one in series {
      let matrix = try FeatureMatrix(of: one, schema: schema)
      rows.append(SymbolRows(values: matrix.values, candleIndices: matrix.candleIndices))
    }
    try self.init(
      series, rows, schema: schema, rowShape: schema.rowShape, columns: schema.rowNames, label: label,
      labels: try Self.classes(labels, of: series), split: split)
  }

  /// Features that were computed elsewhere, and perhaps labels, joined to the candles that decide over money.
  ///
  /// - Parameters:
  ///   - label: what a decision is held for, and the labels where no table gives them.
  /// - Throws: as the other initializer, and `market.table-…` where the tables do not fit the candles.
  public init(
    series: [CandleSeries], features: FeatureTable, labels: LabelTable? = nil, label: LabelDefinition,
    split: ChronologicalSplit = .standard
  ) throws(MarketError) {
    try Self.check(series, label: label, warmUp: 0)
    let width = features.width
    var rows: [SymbolRows] = []
    for one in series {
      let pairs = try features.keys.candles(of: one, moment: features.moment, subject: features.source)
      var values: [Float] = []
      values.reserveCapacity(pairs.count * width)
      for pair in pairs { values.append(contentsOf: features.values[pair.row * width..<(pair.row + 1) * width]) }
      rows.append(SymbolRows(values: values, candleIndices: pairs.map(\.candle)))
    }
    try self.init(
      series, rows, schema: nil, rowShape: features.rowShape, columns: features.columns, label: label,
      labels: try Self.classes(labels, of: series), split: split)
  }

  /// Per symbol the class by candle.
  static func classes(_ labels: LabelTable?, of series: [CandleSeries]) throws(MarketError) -> [[Int: Int32]]? {
    guard let labels else { return nil }
    var classes: [[Int: Int32]] = []
    for one in series {
      let pairs = try labels.keys.candles(of: one, moment: labels.moment, subject: labels.source)
      classes.append(Dictionary(uniqueKeysWithValues: pairs.map { ($0.candle, labels.classes[$0.row]) }))
    }
    return classes
  }

  /// - Parameters:
  ///   - normalizedColumns: by default the schema's, or without one every number's.
  ///   - digest: by default of the candles.
  init(
    _ series: [CandleSeries], _ perSymbol: [SymbolRows], schema: FeatureSchema?, rowShape: [Int], columns: [String],
    normalizedColumns: [String]? = nil, label: LabelDefinition, labels given: [[Int: Int32]]?, split: ChronologicalSplit,
    digest: DataDigest? = nil
  ) throws(MarketError) {
    let rows = StackedRows(of: series, perSymbol, width: columns.count, label: label, labels: given)
    self.schema = schema
    self.rowShape = rowShape
    self.columns = columns
    self.normalizedColumns = normalizedColumns ?? schema?.columns ?? columns
    crossSection = nil
    self.label = label
    keys = series.map(\.key)
    features = rows.features
    self.labels = rows.labels
    forwardReturns = rows.forwardReturns
    symbolIDs = rows.symbolIDs
    candleIndices = rows.candleIndices
    times = rows.times
    // Checked: all series have the first one's interval, of a fixed length.
    parts = try split.ranges(
      times: times, horizon: label.horizon, interval: series[0].key.interval.milliseconds ?? 0,
      calendar: series[0].calendar)
    self.digest = digest ?? DataDigest(of: series)
    try checkParts()
  }

  /// The rows of a part that have a label, gathered side by side.
  public func labelled(_ part: DatasetPart) -> LabelledRows { labelled(parts[part]) }

  func labelled(_ candidates: some Sequence<Int>) -> LabelledRows {
    let rows = candidates.filter(hasLabel)
    var gathered: [Float] = []
    gathered.reserveCapacity(rows.count * width)
    for row in rows { gathered.append(contentsOf: features[row * width..<(row + 1) * width]) }
    return LabelledRows(
      rows: rows, features: gathered, labels: rows.map { labels[$0] }, forwardReturns: rows.map { forwardReturns[$0] })
  }

  /// The features of all of a part's rows, labelled or not, row-major: what a model decides on.
  public func features(of part: DatasetPart) -> ArraySlice<Float> {
    features[parts[part].lowerBound * width..<parts[part].upperBound * width]
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

  /// A normalizer fitted to the labelled rows of the training part: per feature, whichever candle of a window it is of;
  /// for the rows of a table per number.
  public func normalizer(_ kind: NormalizerKind, clip: Float = 5) throws(MarketError) -> Normalizer {
    try normalizer(kind, fittedTo: labelled(.train).features, clip: clip)
  }

  /// A normalizer fitted to rows of the dataset's shape.
  ///
  /// - Parameter rows: row-major `[rows × width]`.
  public func normalizer(_ kind: NormalizerKind, fittedTo rows: [Float], clip: Float) throws(MarketError) -> Normalizer {
    if let crossSection { return try crossSection.normalizer(kind, fittedTo: rows, clip: clip) }
    return try Normalizer.fit(kind, to: rows, names: normalizedColumns, clip: clip)
  }

  private func hasLabel(_ row: Int) -> Bool {
    label.classNames.isEmpty ? !forwardReturns[row].isNaN : labels[row] >= 0
  }

  static func check(
    _ series: [CandleSeries], label: LabelDefinition, warmUp: Int
  ) throws(MarketError) {
    guard !series.isEmpty else {
      throw MarketError("no-series", subject: "data", expected: "candles of at least one symbol", found: "none")
    }
    guard Set(series.map(\.key)).count == series.count else {
      throw MarketError("duplicate-symbol", subject: "data", expected: "each symbol once", found: "a repetition")
    }
    if case .crossSectionRank = label.kind, series.count < 2 {
      throw MarketError(
        "cross-section", subject: "label", expected: "two symbols or more to rank", found: "one", category: .usage)
    }
    let warmUp = max(warmUp, label.candlesBefore)
    let least = warmUp + label.horizon + 1
    for one in series {
      guard one.key.interval == series[0].key.interval, one.key.interval.milliseconds != nil else {
        throw MarketError(
          "wrong-interval", subject: one.key.symbol, expected: "candles of one interval of a fixed length",
          found: one.key.interval.name)
      }
      guard one.calendar == series[0].calendar else {
        throw MarketError(
          "wrong-calendar", subject: one.key.symbol, expected: "the calendar of \(series[0].key.symbol)", found: "another")
      }
      guard one.candles.count >= least else {
        throw MarketError(
          "too-few-candles", subject: one.key.symbol,
          expected: "at least \(least) candles (warm-up \(warmUp), horizon \(label.horizon))",
          found: "\(one.candles.count)")
      }
      let price = one.candles[0].close
      guard !one.candles.allSatisfy({ $0.open == price && $0.close == price }) else {
        throw MarketError(
          "constant-prices", subject: one.key.symbol, expected: "prices that move", found: "\(price) in every candle")
      }
    }
  }

  /// The other's rows with features over the cross-section in place of their own.
  init(_ other: MarketDataset, features: [Float], layout: CrossSectionLayout, steps: Int) {
    schema = other.schema
    rowShape = other.rowShape.count == 2 ? [steps, layout.width] : [layout.width]
    columns =
      other.rowShape.count == 2
      ? (0..<steps).reversed().flatMap { ago in layout.names.map { "\($0)@\(ago)" } } : layout.names
    normalizedColumns = layout.names
    crossSection = layout
    label = other.label
    keys = other.keys
    self.features = features
    labels = other.labels
    forwardReturns = other.forwardReturns
    symbolIDs = other.symbolIDs
    candleIndices = other.candleIndices
    times = other.times
    parts = other.parts
    digest = other.digest
  }

  /// - Parameter rows: of the other, ascending.
  init(picking rows: [Int], of other: MarketDataset) {
    schema = other.schema
    rowShape = other.rowShape
    columns = other.columns
    normalizedColumns = other.normalizedColumns
    crossSection = other.crossSection
    label = other.label
    keys = other.keys
    digest = other.digest
    var features: [Float] = []
    features.reserveCapacity(rows.count * other.width)
    for row in rows { features.append(contentsOf: other.features[row * other.width..<(row + 1) * other.width]) }
    self.features = features
    labels = rows.map { other.labels[$0] }
    forwardReturns = rows.map { other.forwardReturns[$0] }
    symbolIDs = rows.map { other.symbolIDs[$0] }
    candleIndices = rows.map { other.candleIndices[$0] }
    times = rows.map { other.times[$0] }
    parts = other.parts.mapped { end in rows.count { $0 < end } }
  }

  func checkParts() throws(MarketError) {
    for part in DatasetPart.allCases {
      let rows = parts[part].filter(hasLabel)
      let least = part == .train ? rowShape.last ?? 1 : 1
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

/// The rows of one symbol, in the order of its candles.
struct SymbolRows {
  /// Row-major.
  let values: [Float]
  let candleIndices: [Int]
}

/// The rows of all symbols in the order of decision time, then symbol.
private struct StackedRows {
  var features: [Float] = []
  var labels: [Int32] = []
  var forwardReturns: [Double] = []
  var symbolIDs: [Int32] = []
  var candleIndices: [Int] = []
  var times: [Int64] = []

  /// - Parameter given: per symbol the class by candle, in place of what the label definition says.
  init(
    of series: [CandleSeries], _ perSymbol: [SymbolRows], width: Int, label: LabelDefinition, labels given: [[Int: Int32]]?
  ) {
    let outcomes = series.map(label.outcomes)
    var order: [(time: Int64, symbol: Int, row: Int)] = []
    order.reserveCapacity(perSymbol.reduce(0) { $0 + $1.candleIndices.count })
    for (symbol, rows) in perSymbol.enumerated() {
      let length = series[symbol].key.interval.milliseconds ?? 0
      for (row, candle) in rows.candleIndices.enumerated() {
        order.append((series[symbol].candles[candle].start + length, symbol, row))
      }
    }
    if series.count > 1 { order.sort { ($0.time, $0.symbol) < ($1.time, $1.symbol) } }

    features.reserveCapacity(order.count * width)
    for (time, symbol, row) in order {
      let rows = perSymbol[symbol]
      let candle = rows.candleIndices[row]
      let outcome = outcomes[symbol][candle]
      features.append(contentsOf: rows.values[row * width..<(row + 1) * width])
      if let given {
        labels.append(given[symbol][candle] ?? -1)
      } else {
        labels.append(outcome?.classIndex ?? -1)
      }
      forwardReturns.append(outcome?.forwardReturn ?? .nan)
      symbolIDs.append(Int32(symbol))
      candleIndices.append(candle)
      times.append(time)
    }
    if case .crossSectionRank(let share) = label.kind, given == nil {
      self.labels = CrossSectionRank.classes(of: forwardReturns, times: times, share: share)
    }
  }
}
