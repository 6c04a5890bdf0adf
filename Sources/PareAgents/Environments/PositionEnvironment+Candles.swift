extension PositionEnvironment {
  /// Rows of features joined to the candles whose opens they trade at.
  ///
  /// A row can be acted on where the two candles after its own follow without a gap; others are left out. A segment goes
  /// on while rows belong to candles that follow each other so.
  ///
  /// - Parameters:
  ///   - features: row-major `[rows, width]`.
  ///   - candles: for each row the candle at whose close it is known, ascending.
  ///   - opens: of each candle.
  ///   - starts: when each candle opens, ascending; any unit.
  ///   - interval: from one start to the next where there is no gap, in that unit.
  /// - Returns: the environment, and which of the rows its own are.
  /// - Throws: `agent.environment`, also where no row can be acted on or an open is not positive.
  public static func joining(
    features: [Float], width: Int, candles: [Int], opens: [Double], starts: [Int64], interval: Int64, costPerSide: Double,
    levels: [Double] = [-1, 0, 1]
  ) throws -> (environment: PositionEnvironment, rows: [Int]) {
    guard width > 0, features.count % width == 0, features.count / width == candles.count, opens.count == starts.count,
      zip(candles, candles.dropFirst()).allSatisfy({ $0 < $1 }), candles.first ?? 0 >= 0, candles.last ?? 0 < opens.count
    else {
      throw AgentError(
        "environment", subject: "rows", expected: "rows of \(width) features for ascending candles within the series",
        found: "\(features.count) numbers, \(candles.count) rows, \(opens.count) candles")
    }
    if let bad = opens.firstIndex(where: { !($0 > 0 && $0.isFinite) }) {
      throw AgentError("environment", subject: "opens", expected: "positive prices", found: "\(opens[bad]) at candle \(bad)")
    }
    func isFollowed(_ candle: Int) -> Bool {
      candle + 1 < starts.count && starts[candle + 1] - starts[candle] == interval
    }
    var rows: [Int] = []
    var returns: [Double] = []
    var kept: [Float] = []
    var segmentStarts: [Int] = []
    for (row, candle) in candles.enumerated() where isFollowed(candle) && isFollowed(candle + 1) {
      if rows.last.map({ candles[$0] + 1 != candle }) ?? true { segmentStarts.append(rows.count) }
      rows.append(row)
      returns.append(opens[candle + 2] / opens[candle + 1] - 1)
      kept.append(contentsOf: features[row * width..<(row + 1) * width])
    }
    guard !rows.isEmpty else {
      throw AgentError(
        "environment", subject: "rows", expected: "a row that two candles follow without a gap", found: "none")
    }
    let environment = try PositionEnvironment(
      features: kept, width: width, returns: returns, costPerSide: costPerSide, levels: levels, segmentStarts: segmentStarts)
    return (environment, rows)
  }
}
