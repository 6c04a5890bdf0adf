/// The feature rows of one series, in the order of its candles.
public struct FeatureMatrix: Sendable {
  public let schema: FeatureSchema
  /// Row-major `[rows × schema.rowLength]`.
  public let values: [Float]
  /// Which candle each row was completed by, ascending.
  public let candleIndices: [Int]

  public var rowCount: Int { candleIndices.count }

  /// Runs the streaming engine over a series.
  ///
  /// - Throws: `market.wrong-interval` where the series is of other candles than the schema; what
  ///   `FeatureEngine.push` throws; `market.feature-not-finite` where prices are so extreme that a feature overflows.
  public init(of series: CandleSeries, schema: FeatureSchema) throws(MarketError) {
    guard series.key.interval == schema.interval else {
      throw MarketError(
        "wrong-interval", subject: series.key.symbol, expected: "candles of interval \(schema.interval.rawValue)",
        found: series.key.interval.rawValue)
    }
    var engine = FeatureEngine(schema, calendar: series.calendar)
    var values: [Float] = []
    values.reserveCapacity(series.candles.count * schema.rowLength)
    var indices: [Int] = []
    indices.reserveCapacity(series.candles.count)
    let row = UnsafeMutableBufferPointer<Float>.allocate(capacity: schema.rowLength)
    defer { row.deallocate() }
    for (index, candle) in series.candles.enumerated() {
      guard try engine.push(candle, into: row) else { continue }
      if let column = row.firstIndex(where: { !$0.isFinite }) {
        throw MarketError(
          "feature-not-finite", subject: "\(series.key.symbol): candle at \(candle.start)",
          expected: "a finite \(schema.columns[column % schema.width])", found: "\(row[column])")
      }
      values.append(contentsOf: row)
      indices.append(index)
    }
    self.schema = schema
    self.values = values
    candleIndices = indices
  }
}
