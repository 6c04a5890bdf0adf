import Foundation

/// Everything that the law knows from candles alone, recomputed from them.
struct ObservedHistory: Sendable {
  /// Per symbol, `candles + 1` states: entry `t` is from before candle `t`.
  let states: [[ObservedState]]
  /// Per symbol, `z` of each candle.
  let standardized: [[Double]]
  /// Per symbol, what the filter sees of each candle.
  let observations: [[Observation]]

  init(_ market: SimulatedMarket) {
    let law = market.law
    let symbols = market.series.indices
    let delay = law.memoryDelay
    var states: [[ObservedState]] = []
    var standardized: [[Double]] = []
    for series in market.series {
      var state = ObservedState(market.configuration)
      var before = [state]
      var returns: [Double] = []
      before.reserveCapacity(series.candles.count + 1)
      returns.reserveCapacity(series.candles.count)
      for (index, candle) in series.candles.enumerated() {
        let z = (candle.close / candle.open - 1) / state.variance.squareRoot()
        returns.append(z)
        state.advance(
          standardized: z, delayed: index + 1 >= delay ? returns[index + 1 - delay] : 0, volume: candle.volume,
          law: law)
        before.append(state)
      }
      states.append(before)
      standardized.append(returns)
    }
    observations = symbols.map { symbol in
      standardized[symbol].indices.map { candle in
        let before = states[symbol][candle]
        let z = standardized[symbol][candle]
        return Observation(
          standardized: z,
          volumeSurprise: states[symbol][candle + 1].volumeDeviation
            - law.volumeMean(before.volumeDeviation, standardized: z),
          momentum: before.momentum,
          known: law.known(symbol: symbol, candle: candle, memoryState: before.memory, history: standardized))
      }
    }
    self.states = states
    self.standardized = standardized
  }
}
