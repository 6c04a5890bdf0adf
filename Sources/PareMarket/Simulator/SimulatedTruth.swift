import Foundation
import PareTensor
import Synchronization

/// What could be known of the future, per candle.
///
/// Entry `t` is decided at the close of candle `t` and speaks of the return from `open[t+1]`, where a decision is
/// first filled, to `open[t+1+h]`, with `h` the horizon. In the simulated market an open equals the previous close, so
/// this is the compounded return of candles `t+1 … t+h`. The last entries speak of candles past the end of the series.
public struct SimulatedForecast: Sendable {
  /// Chance that the return over the horizon is positive.
  public internal(set) var probabilityUp: [Double]
  /// Standard error of `probabilityUp`.
  public internal(set) var standardError: [Double]
  /// Chance that the return over the horizon is greater than the truth's threshold.
  public internal(set) var probabilityAbove: [Double]
  /// Chance that it is less than minus the threshold.
  public internal(set) var probabilityBelow: [Double]
  /// Mean of the simple return over the horizon, `open[t+1+h] / open[t+1] − 1`.
  public internal(set) var expectedReturn: [Double]
  /// Standard error of `expectedReturn`.
  public internal(set) var expectedReturnError: [Double]
  /// Mean of the next candle's return alone; exact, not simulated.
  public internal(set) var nextReturn: [Double]
  /// Mean of the next candle's squared return; exact.
  public internal(set) var nextSquare: [Double]

  init(count: Int) {
    probabilityUp = [Double](repeating: 0, count: count)
    standardError = probabilityUp
    probabilityAbove = probabilityUp
    probabilityBelow = probabilityUp
    expectedReturn = probabilityUp
    expectedReturnError = probabilityUp
    nextReturn = probabilityUp
    nextSquare = probabilityUp
  }
}

/// The truth about one symbol, twice, aligned to its candles.
public struct SimulatedTruth: Sendable {
  public let provenance = MarketSimulation.provenance
  public let symbol: String
  public let observations: ObservationSet
  /// In candles.
  public let horizon: Int
  /// The return, as a fraction and at least 0, that `probabilityAbove` and `probabilityBelow` speak of.
  public let threshold: Double
  /// The exact forward filter's: all that can be had from the observations. "Achievable" means this.
  public let bayes: SimulatedForecast
  /// As if the hidden state up to the candle were known: beyond reach, and a bound.
  public let oracle: SimulatedForecast
  /// Whether a price may be the same at both ends of the horizon, as the mid of a book. A label of directions leaves these rows
  /// out, so that its classes are not what `probabilityUp` speaks of.
  public var mayStay = false
}

extension SimulatedTruth {
  /// What is known of a range of the candles, which then count from 0.
  public subscript(candles range: Range<Int>) -> SimulatedTruth {
    SimulatedTruth(
      symbol: symbol, observations: observations, horizon: horizon, threshold: threshold, bayes: bayes[range], oracle: oracle[range],
      mayStay: mayStay)
  }

  /// Whether the classes of a label have true probabilities here: its horizon and threshold are the truth's.
  public func knows(_ label: LabelDefinition) -> Bool {
    switch label.kind {
    case .direction: label.horizon == horizon && !mayStay
    case .buyHoldSell: label.horizon == horizon && label.returnThreshold == threshold
    case .forwardReturn, .tripleBarrier, .crossSectionRank: false
    }
  }
}

extension SimulatedForecast {
  /// The probability of each class of a label at a candle, in the order of its class names.
  ///
  /// - Precondition: the truth knows the label.
  public func classProbabilities(at candle: Int, of label: LabelDefinition) -> [Double] {
    guard label.classNames.count == 3 else { return [1 - probabilityUp[candle], probabilityUp[candle]] }
    let (sell, buy) = (probabilityBelow[candle], probabilityAbove[candle])
    return [sell, max(1 - sell - buy, 0), buy]
  }
}

extension SimulatedMarket {
  /// Computes the truth of one symbol; its own random numbers depend on seed, symbol and candle alone.
  ///
  /// Cost: about `candles · paths · horizon` steps for the symbol and each that leads it, spread over the processor's cores; the result does not depend on
  /// how many there are.
  ///
  /// - Parameters:
  ///   - threshold: a return, as a fraction and at least 0, whose chance of being surpassed either way is wanted: that
  ///     of a label with three classes.
  ///   - progress: told the share of the work that is done, from whichever thread did it.
  /// - Throws: `market.simulated-symbol`; `market.simulated-observations` for the own candles of a symbol that others
  ///   lead: its mean then depends on returns that these do not show, and no finite filter is exact.
  public func truth(
    _ symbol: String, given observations: ObservationSet = .candles, threshold: Double = 0,
    progress: @Sendable (_ share: Double) -> Void = { _ in }
  ) throws(MarketError) -> SimulatedTruth {
    let target = try index(of: symbol)
    guard observations != .books else {
      throw MarketError(
        "simulated-observations", subject: "truth of " + symbol,
        expected: "\(ObservationSet.candles.rawValue) or \(ObservationSet.allSymbols.rawValue), for this market has no books",
        found: observations.rawValue, category: .usage)
    }
    let isLed = !law.sources[target].isEmpty
    guard observations == .allSymbols || !isLed else {
      throw MarketError(
        "simulated-observations", subject: "truth of " + symbol,
        expected: "\(ObservationSet.allSymbols.rawValue) for a symbol that others lead",
        found: observations.rawValue, category: .usage)
    }
    let history = ObservedHistory(self)
    let seen = observations == .candles ? [target] : Array(series.indices)
    let count = hiddenStates.count
    let states = law.chain.count
    let predictive = predictiveDistributions(history: history, symbols: seen)
    let paths = PathSimulator(
      configuration, law: law, symbol: target, members: leaders(of: target),
      threshold: threshold)
    var bayes = SimulatedForecast(count: count)
    var oracle = SimulatedForecast(count: count)
    let nextRow = { @Sendable (state: Int) in Array(law.chain.transition[(state * states)..<((state + 1) * states)]) }

    for candle in 0..<count {
      let filtered = Array(predictive[(candle * states)..<((candle + 1) * states)])
      (bayes.nextReturn[candle], bayes.nextSquare[candle]) = nextMoments(
        candle, symbol: target, predictive: filtered, history: history)
      (oracle.nextReturn[candle], oracle.nextSquare[candle]) = nextMoments(
        candle, symbol: target, predictive: nextRow(hiddenStates[candle]), history: history)
    }

    let chunk = 256
    let estimates = ConcurrentRows<(PathSimulator.Estimate, PathSimulator.Estimate)>(
      count: count, chunk: chunk, progress: progress
    ) { range in
      var scratch = paths.scratch()
      return range.map { candle in
        var generator = SeededGenerator(seed: seed &+ UInt64(candle), stream: "simulation/truth/" + symbol)
        let filtered = Array(predictive[(candle * states)..<((candle + 1) * states)])
        return (
          paths.estimate(
            from: candle + 1, predictive: filtered, history: history, generator: &generator, scratch: &scratch),
          paths.estimate(
            from: candle + 1, predictive: nextRow(hiddenStates[candle]), history: history, generator: &generator,
            scratch: &scratch)
        )
      }
    }
    for (candle, estimate) in estimates.rows.enumerated() {
      bayes.set(estimate.0, at: candle)
      oracle.set(estimate.1, at: candle)
    }
    return SimulatedTruth(
      symbol: symbol, observations: observations, horizon: configuration.horizon, threshold: threshold, bayes: bayes,
      oracle: oracle)
  }

  /// A symbol, those that lead it, those that lead these, and so on, ascending: all that its mean depends on.
  private func leaders(of symbol: Int) -> [Int] {
    var found: Set<Int> = []
    var rest = [symbol]
    while let next = rest.popLast() {
      if found.insert(next).inserted { rest += law.sources[next].map(\.leader) }
    }
    return found.sorted()
  }

  /// Row `t`: the hidden state of candle `t + 1` given the symbols' candles up to `t`; row-major `[candles, states]`.
  package func predictiveDistributions(given observations: ObservationSet, symbol: Int) -> [Double] {
    predictiveDistributions(
      history: ObservedHistory(self), symbols: observations == .candles ? [symbol] : Array(series.indices))
  }

  private func predictiveDistributions(history: ObservedHistory, symbols: [Int]) -> [Double] {
    var filter = ForwardFilter(law)
    var rows: [Double] = []
    rows.reserveCapacity(hiddenStates.count * law.chain.count)
    for candle in hiddenStates.indices {
      filter.update(symbols.map { history.observations[$0][candle] }, candle: candle)
      rows.append(contentsOf: filter.predictive)
    }
    return rows
  }

  /// Mean and mean square of the return of the candle after `candle`.
  private func nextMoments(
    _ candle: Int, symbol: Int, predictive: [Double], history: ObservedHistory
  ) -> (mean: Double, square: Double) {
    let state = history.states[symbol][candle + 1]
    let known = law.known(
      symbol: symbol, candle: candle + 1, memoryState: state.memory, history: history.standardized)
    var first = 0.0
    var second = 0.0
    for hidden in predictive.indices {
      let mean = law.mean(state: hidden, candle: candle + 1, momentum: state.momentum, known: known)
      let scale = law.scale[hidden]
      first += predictive[hidden] * scale * mean
      second += predictive[hidden] * scale * scale * (mean * mean + 1)
    }
    return (first * state.variance.squareRoot(), second * state.variance)
  }
}

extension SimulatedForecast {
  fileprivate subscript(range: Range<Int>) -> SimulatedForecast {
    var part = SimulatedForecast(count: 0)
    let columns: [WritableKeyPath<SimulatedForecast, [Double]>] = [
      \.probabilityUp, \.standardError, \.probabilityAbove, \.probabilityBelow, \.expectedReturn, \.expectedReturnError,
      \.nextReturn, \.nextSquare,
    ]
    for column in columns { part[keyPath: column] = Array(self[keyPath: column][range]) }
    return part
  }

  fileprivate mutating func set(_ estimate: PathSimulator.Estimate, at candle: Int) {
    probabilityUp[candle] = estimate.probabilityUp
    standardError[candle] = estimate.probabilityError
    probabilityAbove[candle] = estimate.probabilityAbove
    probabilityBelow[candle] = estimate.probabilityBelow
    expectedReturn[candle] = estimate.expectedReturn
    expectedReturnError[candle] = estimate.returnError
  }
}

/// Rows computed in chunks on all cores; the same whatever their number.
private struct ConcurrentRows<Row: Sendable>: Sendable {
  let rows: [Row]

  init(
    count: Int, chunk: Int, progress: @Sendable (Double) -> Void, _ compute: @Sendable (Range<Int>) -> [Row]
  ) {
    let chunks = (count + chunk - 1) / chunk
    let done = Atomic(0)
    var parts = [[Row]](repeating: [], count: chunks)
    parts.withUnsafeMutableBufferPointer { buffer in
      // Each iteration writes its own element.
      nonisolated(unsafe) let slots = buffer
      DispatchQueue.concurrentPerform(iterations: chunks) { index in
        slots[index] = compute(index * chunk..<min(count, (index + 1) * chunk))
        progress(Double(done.add(1, ordering: .relaxed).newValue) / Double(chunks))
      }
    }
    rows = parts.flatMap { $0 }
  }
}
