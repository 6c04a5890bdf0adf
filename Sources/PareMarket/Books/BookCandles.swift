extension BookSnapshots {
  /// A candle of the mid for each snapshot, so that what is decided on books is labelled, traded and judged like all else.
  ///
  /// The candle of snapshot `i` opens at the mid of the snapshot before it (the first at its own) and closes at its own. A decision
  /// at its close has seen snapshot `i`, is filled at the next open, which is the mid of snapshot `i`, and a forward return over
  /// `h` candles runs to the mid of snapshot `i + h`. Nothing trades in these candles: their volume is 0. Time is counted in
  /// snapshots, one after each interval, whatever `times` says.
  ///
  /// - Parameter start: of the first candle, Unix milliseconds.
  /// - Precondition: the interval has a fixed length.
  public func candles(_ key: SeriesKey, start: Int64) -> CandleSeries {
    let length = key.interval.milliseconds ?? 0
    precondition(length > 0, "an interval of a fixed length")
    let mids = (0..<count).map(mid)
    return CandleSeries(
      key: key,
      candles: mids.indices.map { snapshot in
        let (open, close) = (mids[max(snapshot - 1, 0)], mids[snapshot])
        return Candle(
          start: start + Int64(snapshot) * length, open: open, high: max(open, close), low: min(open, close), close: close, volume: 0)
      })
  }
}

extension MarketDataset {
  /// Rows of an order book, joined to the candles of its mid (`BookSnapshots.candles`): a row for each snapshot that has a whole one.
  ///
  /// - Throws: as the other initializers; `market.book-levels` for more levels than the books have; `market.book-shape` for candles
  ///   that are not one for each snapshot.
  public init(
    series: CandleSeries, books: BookSnapshots, inputs: BookInputs, labels: LabelTable? = nil, label: LabelDefinition,
    split: ChronologicalSplit = .standard
  ) throws(MarketError) {
    guard series.candles.count == books.count else {
      throw MarketError(
        "book-shape", subject: series.key.symbol, expected: "a candle for each of \(books.count) snapshots",
        found: "\(series.candles.count)")
    }
    try Self.check([series], label: label, warmUp: inputs.warmUp)
    let values = try inputs.rows(of: books)
    let (columns, steps) = (inputs.columns, inputs.rowShape.dropLast().reduce(1, *))
    if let place = values.firstIndex(where: { !$0.isFinite }) {
      throw MarketError(
        "feature-not-finite", subject: "snapshot \(inputs.warmUp - 1 + place / (steps * columns.count))",
        expected: "a finite \(columns[place % columns.count])", found: "\(values[place])")
    }
    let names = steps == 1 ? columns : (0..<steps).flatMap { step in columns.map { "\($0)@\(steps - 1 - step)" } }
    try self.init(
      [series], [SymbolRows(values: values, candleIndices: Array(inputs.warmUp - 1..<books.count))], schema: nil,
      rowShape: inputs.rowShape, columns: names, normalizedColumns: columns, label: label,
      labels: try Self.classes(labels, of: [series]), split: split, digest: DataDigest(of: series, books: books))
  }
}
