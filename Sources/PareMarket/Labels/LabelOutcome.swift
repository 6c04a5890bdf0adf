/// What became of one decision.
public struct LabelOutcome: Sendable, Hashable {
  /// From the open that first fills the decision to the end of the horizon, or to the barrier touched before; a fraction.
  public let forwardReturn: Double
  /// By `LabelDefinition.classNames`; nil where it has none.
  public let classIndex: Int32?

  public init(forwardReturn: Double, classIndex: Int32?) {
    self.forwardReturn = forwardReturn
    self.classIndex = classIndex
  }
}

extension LabelDefinition {
  /// What became of a decision at the close of each candle.
  ///
  /// - Returns: one per candle; nil where the horizon reaches beyond the last candle, or where a candle is missing
  ///   anywhere from the decision to the open that ends the horizon, even if a barrier was touched before: else rows at
  ///   gaps would be labelled only where the price moved far. With `tripleBarrier` also nil where the candles do not
  ///   say which barrier was first, or what the volatility was. A close beyond `largestMove` counts as a gap before its candle.
  ///   All nil for monthly candles, whose length varies.
  public func outcomes(of series: CandleSeries) -> [LabelOutcome?] {
    let candles = series.candles
    var result = [LabelOutcome?](repeating: nil, count: candles.count)
    guard series.key.interval.milliseconds != nil else { return result }
    var runStart = 0
    for end in candles.indices.dropFirst() {
      if !series.isConsecutive(end) || LargestMove.isExceeded(largestMove, by: candles[end].close, after: candles[end - 1].close) {
        runStart = end
      }
      let decision = end - horizon - 1
      guard decision >= runStart else { continue }
      if case .tripleBarrier(let profit, let loss, let unit) = kind {
        guard let width = unit.width(at: decision, of: candles, from: runStart, horizon: horizon) else { continue }
        result[decision] = TripleBarrier(above: profit * width, below: loss * width)
          .outcome(of: candles, from: decision + 1, to: end)
      } else {
        let forwardReturn = candles[end].open / candles[decision + 1].open - 1
        result[decision] = LabelOutcome(forwardReturn: forwardReturn, classIndex: classIndex(of: forwardReturn))
      }
    }
    return result
  }

  /// The forward return of a decision at the close of each candle; nil where it has no outcome.
  public func forwardReturns(of series: CandleSeries) -> [Double?] {
    outcomes(of: series).map { $0?.forwardReturn }
  }

  /// Candles that must have closed before a row can have a label, the decision's own among them; 0 where none need to.
  package var candlesBefore: Int {
    if case .tripleBarrier(_, _, .volatility(let candles)) = kind { candles + 1 } else { 0 }
  }
}
