/// What the distances of barriers are multiples of.
public enum BarrierUnit: Sendable, Hashable {
  /// The volatility expected over the horizon, `σ · √horizon`, with σ the sample deviation of the returns between the
  /// closes of this many candles and the one before each, up to the decision's own close: the feature `volatility(n)`.
  case volatility(candles: Int)
  /// A hundredth of a percent.
  case basisPoints

  /// - Throws: `market.label-barrier`.
  func validate(profit: Double, loss: Double) throws(MarketError) {
    let suffix = self == .basisPoints ? "-bp" : ""
    for (name, value) in [("profit", profit), ("loss", loss)] {
      guard value > 0, value.isFinite else { throw refusal(name + suffix, "a positive number", value) }
    }
    if case .volatility(let candles) = self, !(2...10_000).contains(candles) {
      throw refusal("volatility-candles", "2 to 10000 candles", candles)
    }
  }

  private func refusal(_ name: String, _ expected: String, _ found: some Any) -> MarketError {
    MarketError(
      "label-barrier", subject: "label.\(name)", expected: expected, found: "\(found)", category: .usage)
  }

  /// One unit, as a fraction of the price; nil where the run of candles that begins at `runStart` is too short to tell,
  /// or where it is zero.
  func width(at decision: Int, of candles: [Candle], from runStart: Int, horizon: Int) -> Double? {
    guard case .volatility(let count) = self else { return 1e-4 }
    guard decision - count >= runStart else { return nil }
    // Afresh at every candle: nothing runs along, so nothing drifts and no earlier candle matters.
    let returns = (decision - count + 1...decision).lazy.map { candles[$0].close / candles[$0 - 1].close - 1 }
    let mean = returns.reduce(0, +) / Double(count)
    let squares = returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let width = (squares / Double(count - 1) * Double(horizon)).squareRoot()
    return width > 0 ? width : nil
  }
}

/// The barriers about one decision's first open.
struct TripleBarrier {
  /// How far they lie from the open, as fractions of it; positive.
  let above: Double
  let below: Double

  /// Walks from the open of candle `first` to that of candle `end` until the price is at a barrier or beyond.
  ///
  /// An open beyond a barrier has jumped over it, and the return is the open's. Cost: the candles until the touch.
  ///
  /// - Returns: nil where one candle reaches both from within.
  func outcome(of candles: [Candle], from first: Int, to end: Int) -> LabelOutcome? {
    let entry = candles[first].open
    let (upper, lower) = (entry * (1 + above), entry * (1 - below))
    for candle in candles[first..<end] {
      if let outcome = opening(candle, entry, upper, lower) { return outcome }
      switch (candle.high >= upper, candle.low <= lower) {
      case (true, true): return nil
      case (true, false): return LabelOutcome(forwardReturn: above, classIndex: 2)
      case (false, true): return LabelOutcome(forwardReturn: -below, classIndex: 0)
      case (false, false): continue
      }
    }
    return opening(candles[end], entry, upper, lower)
      ?? LabelOutcome(forwardReturn: candles[end].open / entry - 1, classIndex: 1)
  }

  private func opening(_ candle: Candle, _ entry: Double, _ upper: Double, _ lower: Double) -> LabelOutcome? {
    guard candle.open >= upper || candle.open <= lower else { return nil }
    return LabelOutcome(forwardReturn: candle.open / entry - 1, classIndex: candle.open >= upper ? 2 : 0)
  }
}
