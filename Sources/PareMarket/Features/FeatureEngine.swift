/// Computes feature rows from candles pushed one at a time; the same engine serves training and live trading.
///
/// The work per candle is constant, nothing is allocated once the engine exists, and a row depends only on the last
/// `schema.warmUp` candles: an engine that was started later gives the same bits.
///
/// A gap of any length, even one missing candle, empties the engine: rows resume after a full warm-up of consecutive
/// candles, and no window ever reaches across a gap. So does a close beyond `schema.largestMove`, whose candle is then the
/// first of a new history.
public struct FeatureEngine: Sendable {
  public let schema: FeatureSchema
  /// The last day of ECMAScript's calendar, in the year 275,760.
  private static let latestStart: Int64 = 8_640_000_000_000_000

  /// When the market trades; nil where candles follow each other without a pause.
  public let calendar: SessionCalendar?
  private let interval: Int64
  private var known: KnownCandles
  /// For a schema that denoises.
  private var denoiser: RowDenoiser?
  /// The features of the newest candle, where they are not yet a row.
  private var newest: [Float]
  /// The newest candles' features, for a schema with a window.
  private var recent: RecentRows
  /// The candle pushed last.
  private var last: (start: Int64, close: Double)?

  /// - Parameter calendar: by which a candle follows another; what it says has to be known ahead.
  public init(_ schema: FeatureSchema, calendar: SessionCalendar? = nil) {
    self.schema = schema
    self.calendar = calendar
    interval = schema.intervalMilliseconds
    known = KnownCandles(schema)
    denoiser = schema.denoising.map { RowDenoiser($0, columns: schema.denoisedColumns) }
    newest = Array(repeating: 0, count: schema.width)
    recent = RecentRows(count: schema.window, width: schema.width)
  }

  /// Whether the candle pushed last completed a row.
  public var isWarm: Bool { schema.window == 1 ? denoiser?.isFull ?? known.isWarm : recent.isFull }

  /// Forgets everything pushed so far.
  public mutating func reset() {
    last = nil
    known.reset()
    denoiser?.reset()
    recent.reset()
  }

  /// Takes the next completed candle and, once warm, writes its feature row.
  ///
  /// - Parameter row: `schema.rowLength` values, in the order of `schema.rowNames`; untouched where the result is false.
  /// - Returns: whether a row was written.
  /// - Throws: `market.candle-order` for a candle that does not start after the one before;
  ///   `market.candle-value` for a price that is not finite and positive, a volume that is not finite or negative, or
  ///   a start before 1970 or beyond what a calendar can name.
  ///   The engine is then as it was before.
  public mutating func push(
    _ candle: Candle, into row: UnsafeMutableBufferPointer<Float>
  ) throws(MarketError) -> Bool {
    precondition(row.count == schema.rowLength, "a row has one value per column and candle")
    try accept(candle)
    guard known.isWarm else { return false }
    guard schema.window > 1 || denoiser != nil else {
      known.write(schema, at: candle.start + interval, into: row)
      return true
    }
    known.write(schema, at: candle.start + interval, into: &newest)
    if denoiser != nil {
      denoiser?.denoise(&newest)
      guard denoiser?.isFull == true else { return false }
    }
    if schema.window > 1 { recent.append(newest) }
    guard isWarm else { return false }
    _ = row.update(fromContentsOf: schema.window > 1 ? recent.values : newest)
    return true
  }

  /// As `push(_:into:)`, with the row in an array of its own; nil before the engine is warm.
  public mutating func push(_ candle: Candle) throws(MarketError) -> [Float]? {
    var row = [Float](repeating: 0, count: schema.rowLength)
    var written = false
    var failure: MarketError?
    row.withUnsafeMutableBufferPointer { buffer in
      do throws(MarketError) { written = try push(candle, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    return written ? row : nil
  }

  private mutating func accept(_ candle: Candle) throws(MarketError) {
    try check(candle)
    if let last, !isNext(candle.start, after: last.start) || schema.beginsAnew(candle.close, after: last.close) { reset() }
    last = (candle.start, candle.close)
    known.push(candle)
  }

  private func isNext(_ start: Int64, after last: Int64) -> Bool {
    calendar?.isNext(start, after: last) ?? (start == last + interval)
  }

  private func check(_ candle: Candle) throws(MarketError) {
    guard (0...Self.latestStart).contains(candle.start) else {
      throw MarketError(
        "candle-value", subject: "candle at \(candle.start)", expected: "a start in Unix milliseconds",
        found: "\(candle.start)")
    }
    if let last = last?.start, candle.start <= last {
      throw MarketError(
        "candle-order", subject: "candle at \(candle.start)", expected: "a start after \(last)",
        found: "\(candle.start)")
    }
    try check(candle.open, "open", of: candle)
    try check(candle.high, "high", of: candle)
    try check(candle.low, "low", of: candle)
    try check(candle.close, "close", of: candle)
    guard candle.volume >= 0, candle.volume.isFinite else {
      throw MarketError(
        "candle-value", subject: "candle at \(candle.start)", expected: "a volume of 0 or more",
        found: "\(candle.volume)")
    }
  }

  private func check(_ price: Double, _ name: StaticString, of candle: Candle) throws(MarketError) {
    guard price > 0, price.isFinite else {
      throw MarketError(
        "candle-value", subject: "candle at \(candle.start)", expected: "a positive, finite \(name)",
        found: "\(price)")
    }
  }
}

/// The candles of each length that the features of the newest one are computed of.
private struct KnownCandles: Sendable {
  private var window: CandleWindow
  private var frames: [CoarserFrame]

  init(_ schema: FeatureSchema) {
    window = CandleWindow(depth: schema.features.map(\.candlesNeeded).max() ?? 1)
    frames = schema.coarser.compactMap(\.milliseconds).map {
      CoarserFrame(part: schema.intervalMilliseconds, whole: $0, features: schema.coarserFeatures)
    }
  }

  /// Whether the features of the newest candle are known.
  var isWarm: Bool { window.isFull && frames.allSatisfy(\.isWarm) }

  mutating func reset() {
    window.reset()
    for index in frames.indices { frames[index].reset() }
  }

  mutating func push(_ candle: Candle) {
    window.push(candle)
    for index in frames.indices { frames[index].push(candle) }
  }

  /// Writes the features of the newest candle, a value per column.
  mutating func write(_ schema: FeatureSchema, at closeTime: Int64, into row: inout [Float]) {
    row.withUnsafeMutableBufferPointer { write(schema, at: closeTime, into: $0) }
  }

  /// Writes the features of the newest candle, a value per column.
  mutating func write(_ schema: FeatureSchema, at closeTime: Int64, into row: UnsafeMutableBufferPointer<Float>) {
    for index in schema.features.indices {
      row[index] = Float(window.value(of: schema.features[index], closeTime: closeTime))
    }
    var column = schema.features.count
    for frame in frames {
      for value in frame.values {
        row[column] = value
        column += 1
      }
    }
  }
}

/// The features of the newest candles, oldest first.
private struct RecentRows: Sendable {
  private(set) var values: [Float]
  private let width: Int
  private var missing: Int
  private let count: Int

  init(count: Int, width: Int) {
    self.count = count
    self.width = width
    missing = count
    values = Array(repeating: 0, count: count > 1 ? count * width : 0)
  }

  var isFull: Bool { missing == 0 }

  mutating func reset() { missing = count }

  /// Drops the oldest row and takes the newest.
  mutating func append(_ row: [Float]) {
    values.withUnsafeMutableBufferPointer { buffer in
      let kept = buffer.count - width
      for index in 0..<kept { buffer[index] = buffer[index + width] }
      for index in 0..<width { buffer[kept + index] = row[index] }
    }
    missing = max(missing - 1, 0)
  }
}

/// The features of the newest *completed* longer candle.
private struct CoarserFrame: Sendable {
  private let features: [Feature]
  private let whole: Int64
  private var aggregator: CandleAggregator
  private var window: CandleWindow
  /// One value per feature; they change only when a longer candle completes.
  private(set) var values: [Float]

  init(part: Int64, whole: Int64, features: [Feature]) {
    self.features = features
    self.whole = whole
    aggregator = CandleAggregator(part: part, whole: whole)
    window = CandleWindow(depth: features.map(\.candlesNeeded).max() ?? 1)
    values = Array(repeating: 0, count: features.count)
  }

  var isWarm: Bool { window.isFull || features.isEmpty }

  mutating func reset() {
    aggregator.reset()
    window.reset()
  }

  mutating func push(_ candle: Candle) {
    guard let completed = aggregator.push(candle) else { return }
    window.push(completed)
    guard window.isFull else { return }
    for index in features.indices {
      values[index] = Float(window.value(of: features[index], closeTime: completed.start + whole))
    }
  }
}
