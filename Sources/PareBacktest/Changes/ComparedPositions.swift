/// The positions of an original and of a candidate over the same steps of one instrument, with what a step returns and what
/// its fill costs. A fixed notional: returns add up.
public struct ComparedPositions: Sendable, Hashable {
  /// What a position of 1 earns over each step.
  public let returns: [Double]
  /// Held over each step.
  public let original: [Double]
  public let candidate: [Double]
  /// The cost of the fill that begins each step, and at last of the one that closes, as shares of the notional traded.
  public let rates: [Double]

  public var steps: Int { returns.count }

  /// - Parameter rates: one more than steps.
  /// - Throws: `backtest.decisions` for columns of other lengths; `backtest.targets` for a position, return or rate that is
  ///   not finite, naming the first.
  public init(
    returns: [Double], original: [Double], candidate: [Double], rates: [Double]
  ) throws(BacktestError) {
    for (name, values, count) in [
      ("returns", returns, returns.count), ("original", original, returns.count),
      ("candidate", candidate, returns.count), ("rates", rates, returns.count + 1),
    ] {
      guard values.count == count else {
        throw BacktestError("decisions", subject: name, expected: "\(count) for \(returns.count) steps", found: "\(values.count)")
      }
      if let step = values.firstIndex(where: { !$0.isFinite }) {
        throw BacktestError("targets", subject: "\(name), step \(step)", expected: "a finite number", found: "\(values[step])")
      }
    }
    self.returns = returns
    self.original = original
    self.candidate = candidate
    self.rates = rates
  }

  /// The same at one rate.
  ///
  /// - Throws: as the other initializer.
  public init(
    returns: [Double], original: [Double], candidate: [Double], costs: TradingCosts = .standard
  ) throws(BacktestError) {
    let rates = [Double](repeating: costs.basisPointsPerSide / 10_000, count: returns.count + 1)
    try self.init(returns: returns, original: original, candidate: candidate, rates: rates)
  }

  /// What a series of positions earns and pays in a step, from the position before; closing included in the last one.
  func money(of positions: [Double], in step: Int) -> (gross: Double, costs: Double) {
    let before = step > 0 ? positions[step - 1] : 0
    var costs = abs(positions[step] - before) * rates[step]
    if step == returns.count - 1 { costs += abs(positions[step]) * rates[step + 1] }
    return (positions[step] * returns[step], costs)
  }
}

extension Backtest {
  /// The positions of both over the steps that `run(positions:from:)` takes with them.
  ///
  /// - Throws: what that throws.
  public func compared(
    original: [Int8], candidate: [Int8], from first: Int = 0
  ) throws(BacktestError) -> ComparedPositions {
    guard original.count == candidate.count else {
      throw BacktestError(
        "decisions", subject: "candidate", expected: "\(original.count) decisions", found: "\(candidate.count)")
    }
    for positions in [original, candidate] { try check(positions, from: first) }
    let start = first + 1
    let steps = min(original.count, returns.count - start)
    return try ComparedPositions(
      returns: Array(returns[start..<start + steps]), original: original.prefix(steps).map(Double.init),
      candidate: candidate.prefix(steps).map(Double.init), costs: costs)
  }
}
