/// How large a position a decision takes, as a share of the notional (of the equity when compounding).
///
/// A size is decided with the decision, at the close of its candle, from nothing later.
public enum PositionSizing: Codable, Sendable, Hashable {
  /// Always the same.
  case fixed(Double)
  /// From `least` at the threshold to `most` at certainty, on a straight line.
  case confidence(least: Double, most: Double)
  /// As much as makes the position's yearly volatility the target: `target / (σ · √candlesPerYear)`, at most `most`,
  /// with the sample deviation σ of the log returns between the latest `candles` closes. Nothing before there are three.
  case volatility(target: Double, candles: Int, candlesPerYear: Double, most: Double)
  /// A fraction of Kelly's: `fraction · (p − (1 − p) / payoff)`, from 0 to `most`, with p the confidence and the payoff
  /// what a right decision earns over what a wrong one loses.
  ///
  /// - Source: Kelly 1956, "A new interpretation of information rate".
  case kelly(fraction: Double, payoff: Double, most: Double)

  /// The target per candle.
  ///
  /// - Parameters:
  ///   - sides: −1, 0 or 1 per candle.
  ///   - confidences: per candle the probability of the side taken, in 0 ... 1; needed for sizes by confidence and by
  ///     Kelly's fraction, and only read where a side is taken.
  ///   - threshold: the confidence from which decisions trade, below 1.
  ///   - candles: those that the decisions were made on.
  /// - Throws: `backtest.sizing` for a size that cannot be, columns of different lengths, or a confidence that is missing or
  ///   no probability, naming its candle; `backtest.position`.
  public func targets(
    sides: [Int8], confidences: [Double]? = nil, threshold: Double = 0.5, candles: TradedCandles
  ) throws(BacktestError) -> [Double] {
    try validate()
    try checkPositions(sides)
    for count in [sides.count, confidences?.count ?? candles.count] where count != candles.count {
      throw Self.refusal("decisions", "one for each of \(candles.count) candles", count)
    }
    switch self {
    case .fixed(let size): return sides.map { Double($0) * size }
    case .volatility(let target, let window, let candlesPerYear, let most):
      let deviations = TrailingMoments(candles, window: window).deviations
      return sides.enumerated().map { candle, side in
        guard side != 0, candle + 1 >= TrailingMoments.fewest else { return 0 }
        return Double(side) * min(target / (deviations[candle + 1] * candlesPerYear.squareRoot()), most)
      }
    case .confidence(let least, let most):
      guard threshold < 1 else { throw Self.refusal("threshold", "below 1", threshold) }
      return try sized(sides, confidences) { confidence in
        least + (most - least) * max(confidence - threshold, 0) / (1 - threshold)
      }
    case .kelly(let fraction, let payoff, let most):
      return try sized(sides, confidences) { min(max(fraction * ($0 - (1 - $0) / payoff), 0), most) }
    }
  }

  private func sized(
    _ sides: [Int8], _ confidences: [Double]?, _ size: (Double) -> Double
  ) throws(BacktestError) -> [Double] {
    guard let confidences else { throw Self.refusal("confidences", "one for each decision", "none") }
    var targets = [Double](repeating: 0, count: sides.count)
    for (candle, side) in sides.enumerated() where side != 0 {
      guard (0...1).contains(confidences[candle]) else {
        throw Self.refusal("confidences, candle \(candle)", "a probability", confidences[candle])
      }
      targets[candle] = Double(side) * size(confidences[candle])
    }
    return targets
  }

  private func validate() throws(BacktestError) {
    let parts: [(name: String, value: Double, least: Double)]
    switch self {
    case .fixed(let size): parts = [("fixed", size, 0)]
    case .confidence(let least, let most): parts = [("least", least, 0), ("most", most, least)]
    case .volatility(let target, let candles, let candlesPerYear, let most):
      parts = [("target", target, 0), ("candles", Double(candles), 3), ("candles-per-year", candlesPerYear, 1), ("most", most, 0)]
    case .kelly(let fraction, let payoff, let most):
      parts = [("fraction", fraction, 0), ("payoff", payoff, .leastNormalMagnitude), ("most", most, 0)]
    }
    for part in parts where !(part.value >= part.least && part.value.isFinite) {
      throw Self.refusal(part.name, "\(part.least) or more", part.value)
    }
  }

  private static func refusal(_ name: String, _ expected: String, _ found: some Any) -> BacktestError {
    BacktestError("sizing", subject: "sizing.\(name)", expected: expected, found: "\(found)", category: .usage)
  }
}
