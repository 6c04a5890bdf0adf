import Foundation
import PareTensor

/// Simulated candles together with what produced them.
///
/// Every series is named `SIM-…`, and `provenance` says `simulated`: no figure from here speaks of a real market.
public struct SimulatedMarket: Sendable {
  public let configuration: MarketSimulation
  public let seed: UInt64
  /// One per symbol; an open equals the previous close, as on a venue that quotes so.
  public let series: [CandleSeries]
  /// Hidden state per candle, an index into the chain.
  package let hiddenStates: [Int]
  let law: MarketLaw
  public var provenance: String { MarketSimulation.provenance }

  /// Name of the regime that held during each candle.
  public var regimes: [String] { hiddenStates.map { configuration.regimes[law.chain.regime[$0]].name } }

  /// Hidden drift during each candle, in standard deviations of a candle.
  public var drift: [Double] { hiddenStates.map { law.drift[$0] } }

  /// Position of a symbol in `series`.
  ///
  /// - Throws: `market.simulated-symbol`.
  func index(of symbol: String) throws(MarketError) -> Int {
    guard let index = configuration.symbolNames.firstIndex(of: symbol) else {
      throw MarketError(
        "simulated-symbol", subject: "symbol", expected: "one of " + configuration.symbolNames.joined(separator: ", "),
        found: "'\(symbol)'", category: .usage)
    }
    return index
  }
}

extension MarketSimulation {
  /// Draws the market. The same configuration and seed give the same candles; `paths`, `horizon` and `costs` change
  /// none of them, and a longer simulation begins with a shorter one.
  ///
  /// - Throws: `market.simulation`, naming the key that is out of bounds, or `volatility` where a price fell to zero.
  public func run(seed: UInt64) throws(MarketError) -> SimulatedMarket {
    try validate()
    let law = MarketLaw(self)
    let names = symbolNames
    var chainSource = SeededGenerator(seed: seed, stream: "simulation/hidden")
    var factorSource = SeededGenerator(seed: seed, stream: "simulation/factor")
    var symbolSources = names.map { SeededGenerator(seed: seed, stream: "simulation/" + $0) }
    var states = names.map { _ in ObservedState(self) }
    var prices = names.map { _ in initialPrice }
    var history = names.map { _ in [Double]() }
    var candlesOf = names.map { _ in [Candle]() }
    for symbol in names.indices {
      history[symbol].reserveCapacity(candles)
      candlesOf[symbol].reserveCapacity(candles)
    }
    var hiddenStates: [Int] = []
    hiddenStates.reserveCapacity(candles)
    let length = interval.milliseconds ?? 0
    let nu = Double(degreesOfFreedom)

    for candle in 0..<candles {
      let hidden = Self.draw(
        hiddenStates.last.map { law.chain.transition[($0 * law.chain.count)..<(($0 + 1) * law.chain.count)] }
          ?? law.chain.stationary[...], at: chainSource.uniform())
      hiddenStates.append(hidden)
      let factor = factorSource.normal()
      let chiSquare = (0..<degreesOfFreedom).reduce(0.0) { sum, _ in
        let draw = factorSource.normal()
        return sum + draw * draw
      }
      let mixing = ((nu - 2) / chiSquare).squareRoot()
      let previous = states
      for symbol in names.indices {
        let state = previous[symbol]
        let own = symbolSources[symbol].normal()
        let innovation = mixing * (factorLoading * factor + (1 - law.correlation).squareRoot() * own)
        let known = law.known(symbol: symbol, candle: candle, memoryState: state.memory, history: history)
        let mean = law.mean(state: hidden, candle: candle, momentum: state.momentum, known: known)
        let deviation = state.variance.squareRoot()
        let drawn = law.scale[hidden] * (mean + innovation)
        let open = prices[symbol]
        let close = open * (1 + deviation * drawn)
        guard close > 0, close.isFinite else {
          throw MarketError(
            "simulation", subject: "simulation.volatility", expected: "one at which prices stay positive",
            found: "\(volatility) per candle, and a price of \(close) at candle \(candle)", category: .usage)
        }
        let standardized = (close / open - 1) / deviation
        let logVolume =
          MarketLaw.logVolumeBase + law.volumeMean(state.volumeDeviation, standardized: standardized)
          + law.volumeShift[hidden] + MarketLaw.volumeNoise * symbolSources[symbol].normal()
        let made = Self.candle(
          start: start + Int64(candle) * length, open: open, close: close, volume: exp(logVolume),
          deviation: deviation, source: &symbolSources[symbol])
        history[symbol].append(standardized)
        states[symbol].advance(
          standardized: standardized,
          delayed: candle + 1 >= memory.delay ? history[symbol][candle + 1 - memory.delay] : 0,
          volume: made.volume, law: law)
        candlesOf[symbol].append(made)
        prices[symbol] = close
      }
    }
    return SimulatedMarket(
      configuration: self, seed: seed,
      series: zip(names, candlesOf).map { name, candles in
        CandleSeries(key: SeriesKey(symbol: name, interval: interval), candles: candles)
      },
      hiddenStates: hiddenStates, law: law)
  }

  /// High and low are the extremes of Brownian bridges from open to close with the known volatility `σ`, and know
  /// nothing else; so they tell nothing of the hidden state that return and `σ` do not.
  ///
  /// Turnover is volume times the mean of open, high, low and close.
  private static func candle(
    start: Int64, open: Double, close: Double, volume: Double, deviation: Double, source: inout SeededGenerator
  ) -> Candle {
    let change = close / open - 1
    let variance = deviation * deviation
    let rise = (change + (change * change - 2 * variance * log(1 - source.uniform())).squareRoot()) / 2
    let fall = (change - (change * change - 2 * variance * log(1 - source.uniform())).squareRoot()) / 2
    let high = max(open * (1 + rise), open, close)
    // A fall of everything is left at a thousandth, far below what a volatility of at most 2 % can reach.
    let low = min(max(open * (1 + fall), open / 1_000), open, close)
    return Candle(
      start: start, open: open, high: high, low: low, close: close, volume: volume,
      turnover: volume * (open + high + low + close) / 4)
  }

  /// The index at which the running sum of `weights` passes `uniform`.
  private static func draw(_ weights: ArraySlice<Double>, at uniform: Double) -> Int {
    var sum = 0.0
    for (index, weight) in weights.enumerated() {
      sum += weight
      if uniform < sum { return index }
    }
    return weights.count - 1
  }
}
