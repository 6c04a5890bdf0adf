/// Holding a position in something whose price does not answer to it.
///
/// **Timing.** Row `t` is observed at the close of candle `t` and holds what is known then. The position decided on is
/// filled at the open of candle `t + 1` and earns `returns[t] = open[t+2] / open[t+1] − 1`. At the open of `t + 2` the
/// decision of row `t + 1` is filled.
///
/// **Reward** of going from position `p` to `q` on a fixed notional: `q · returns[t] − cost · |q − p|`. A segment begins
/// flat. At its last row the position is closed as well, which costs `cost · |q|` more: nothing is carried over a gap.
///
/// The condition is the position held, and an action is the position wanted, both as an index of `levels`.
public struct PositionEnvironment: ExogenousEnvironment, Hashable {
  /// Positions that may be held, in units of the notional.
  public let levels: [Double]
  /// Per unit of position changed: a rate per side, 0.0003 for 3 basis points. Infinity rules every trade out.
  public let costPerSide: Double
  public let featureWidth: Int
  /// Return of each row, as a fraction.
  public let returns: [Double]
  public let segments: [Range<Int>]
  public let startCondition: Int
  /// Row-major `[rows, featureWidth]`.
  private let features: [Float]
  private let isLast: [Bool]

  /// - Parameters:
  ///   - features: row-major `[rows, width]`.
  ///   - returns: `[rows]`, of the asset from one fill to the next.
  ///   - segmentStarts: the rows at which a segment begins, ascending from 0.
  /// - Throws: `agent.environment` where lengths do not fit, a number is not finite, the cost is negative, or levels are
  ///   not distinct with 0 among them.
  public init(
    features: [Float], width: Int, returns: [Double], costPerSide: Double, levels: [Double] = [-1, 0, 1],
    segmentStarts: [Int] = [0]
  ) throws {
    func check(_ isValid: Bool, _ subject: String, _ expected: String, _ found: @autoclosure () -> String) throws {
      guard isValid else { throw AgentError("environment", subject: subject, expected: expected, found: found()) }
    }
    let rows = returns.count
    try check(width > 0 && rows > 0, "rows", "at least one row and one feature", "\(rows) rows of \(width)")
    let (count, overflows) = rows.multipliedReportingOverflow(by: width)
    try check(!overflows && features.count == count, "features", "\(rows) rows of \(width)", "\(features.count) numbers")
    if let bad = features.firstIndex(where: { !$0.isFinite }) {
      try check(false, "features", "finite numbers", "\(features[bad]) in row \(bad / width)")
    }
    if let bad = returns.firstIndex(where: { !$0.isFinite }) {
      try check(false, "returns", "finite numbers", "\(returns[bad]) in row \(bad)")
    }
    try check(costPerSide >= 0, "cost", "a rate of at least 0", "\(costPerSide)")
    let distinct = Set(levels).count == levels.count && levels.allSatisfy(\.isFinite)
    try check(distinct && levels.count > 1, "levels", "distinct positions, 0 among them", "\(levels)")
    let starts = segmentStarts
    let ascend = starts.first == 0 && zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 } && starts[starts.count - 1] < rows
    try check(ascend, "segments", "rows that ascend from 0", "\(starts.prefix(5))")
    guard let flat = levels.firstIndex(of: 0) else {
      throw AgentError("environment", subject: "levels", expected: "distinct positions, 0 among them", found: "\(levels)")
    }
    self.features = features
    self.returns = returns
    self.costPerSide = costPerSide
    self.levels = levels
    featureWidth = width
    startCondition = flat
    segments = zip(starts, starts.dropFirst() + [rows]).map { $0..<$1 }
    var isLast = [Bool](repeating: false, count: rows)
    for segment in segments { isLast[segment.upperBound - 1] = true }
    self.isLast = isLast
  }

  public var rowCount: Int { returns.count }
  public var conditionCount: Int { levels.count }
  public var actionCount: Int { levels.count }

  public func writeFeatures(of row: Int, into destination: UnsafeMutableBufferPointer<Float>) {
    features.withUnsafeBufferPointer { source in
      for index in 0..<featureWidth { destination[index] = source[row * featureWidth + index] }
    }
  }

  public func reward(row: Int, condition: Int, action: Int) -> Double {
    let position = levels[action]
    let gain = position * returns[row] - cost(of: position - levels[condition])
    return isLast[row] ? gain - cost(of: position) : gain
  }

  public func condition(after action: Int, in condition: Int) -> Int { action }

  /// Position changed at a row, the closing at a segment's end included.
  public func turnover(row: Int, condition: Int, action: Int) -> Double {
    abs(levels[action] - levels[condition]) + (isLast[row] ? abs(levels[action]) : 0)
  }

  /// What brings rewards to about 1: the reciprocal of the returns' root mean square; 1 where nothing moves.
  public var unitRewardScale: Double {
    let square = returns.reduce(0) { $0 + $1 * $1 } / Double(rowCount)
    return square > 0 ? 1 / square.squareRoot() : 1
  }

  /// Not to trade costs nothing, even where trading is ruled out.
  private func cost(of change: Double) -> Double { change == 0 ? 0 : costPerSide * abs(change) }
}
