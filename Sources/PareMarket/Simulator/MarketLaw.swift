import Foundation

/// The law of the simulated market: what a candle's return and volume are, given the hidden state and what was
/// observed before.
///
/// For symbol `i`, candle `t` and hidden state `s`, with `σ`, `x`, `y`, `ℓ` known from observed candles before `t`:
/// ```
/// r = σ·z,   z = v(s)·(μ + ε)                                    return close/open − 1
/// μ = b(t)·( κ·d(s) + q·sin(t) + (ρ(s) + ι·cos(t))·clamp(x) + η·clamp(y) + Σ a·clamp(z_leader, t−lag) )
/// log volume = base + ℓ′,   ℓ′ = p·ℓ + g·(|z| − 1) + (1 − p)·m(s) + w·(normal)
/// σ′² = σ̄²·(1 − α − β) + σ²·(β + α·clamp(z)²)
/// x′ = λ·x + √(1 − λ²)·z,   y′ = λ_y·y + √(1 − λ_y²)·z_(delayed)
/// ```
/// `ε` is Student-t of variance 1; across symbols the `ε` are multivariate t with equal correlation.
package struct MarketLaw: Sendable {
  /// What of the past enters the next candle's mean is bounded to ± this many standard deviations.
  package static let bound = 3.0
  /// Mean of log volume at rest.
  package static let logVolumeBase = 4.6
  /// Effect of a large return on log volume.
  package static let volumeResponse = 0.3
  /// Standard deviation of log volume given all else.
  package static let volumeNoise = 0.35

  struct Source: Sendable {
    let leader: Int
    let lag: Int
    let strength: Double
  }

  let chain: HiddenChain
  let student: StudentT
  /// Per hidden state.
  let scale: [Double]
  let drift: [Double]
  let regimeMomentum: [Double]
  let volumeShift: [Double]
  let interaction: Double
  let memory: Double
  let memoryDelay: Int
  /// Incoming edges of the lead-lag graph per symbol.
  let sources: [[Source]]
  /// Candles of standardized returns that the law looks back on, at least 1.
  let lookBack: Int
  let varianceFloor: Double
  let varianceReaction: Double
  let variancePersistence: Double
  let momentumDecay: Double
  let momentumGain: Double
  let memoryDecay: Double
  let memoryGain: Double
  let volumePersistence: Double
  let correlation: Double
  /// `cos(2π·share of the UTC day)` at the start of each candle, `horizon` candles past the end included.
  let session: [Double]
  /// The intraday pattern, on the same grid.
  let pattern: [Double]
  /// Factor of every predictable part, per candle.
  let signalScale: [Double]

  /// - Precondition: the configuration is valid.
  package init(_ market: MarketSimulation) {
    chain = HiddenChain(market)
    student = StudentT(degreesOfFreedom: market.degreesOfFreedom)
    let regimes = market.regimes
    let totalDuration = regimes.reduce(0) { $0 + $1.meanDuration }
    let meanSquare = regimes.reduce(0) { $0 + $1.meanDuration * $1.volatility * $1.volatility } / totalDuration
    scale = chain.regime.map { regimes[$0].volatility / meanSquare.squareRoot() }
    drift = chain.level.map { market.linear.strength * $0 }
    regimeMomentum = chain.regime.map { regimes[$0].momentum }
    volumeShift = chain.regime.map { regimes[$0].volume * (1 - market.volumePersistence) }
    interaction = market.interaction.strength
    memory = market.memory.strength
    memoryDelay = market.memory.delay
    let names = market.symbolNames
    sources = names.map { name in
      market.leadLag.filter { $0.follower == name }.compactMap { edge in
        names.firstIndex(of: edge.leader).map { Source(leader: $0, lag: edge.lag, strength: edge.strength) }
      }
    }
    lookBack = max(market.leadLag.map(\.lag).max() ?? 1, memory == 0 ? 1 : memoryDelay)
    varianceFloor =
      market.volatility * market.volatility * (1 - market.volatilityReaction - market.volatilityPersistence)
    varianceReaction = market.volatilityReaction
    variancePersistence = market.volatilityPersistence
    momentumDecay = exp2(-1 / market.momentumHalfLife)
    momentumGain = (1 - momentumDecay * momentumDecay).squareRoot()
    memoryDecay = exp2(-1 / market.memory.halfLife)
    memoryGain = (1 - memoryDecay * memoryDecay).squareRoot()
    volumePersistence = market.volumePersistence
    correlation = market.factorLoading * market.factorLoading
    let length = market.interval.milliseconds ?? 0
    let span = market.candles + market.horizon
    let day: Int64 = 86_400_000
    let angles = (0..<span).map { candle in
      2 * Double.pi * Double((market.start + Int64(candle) * length) % day) / Double(day)
    }
    session = angles.map { cos($0) }
    pattern = angles.map { market.linear.seasonal * sin($0) }
    signalScale = (0..<span).map { candle in
      guard let change = market.signalBreak, candle >= change.candle else { return 1 }
      return change.signalScale
    }
  }

  /// `μ`: a candle's mean in units of `v·σ`.
  ///
  /// - Parameters:
  ///   - momentum: `x`, not yet bounded.
  ///   - known: `η·clamp(y) + Σ a·clamp(z)`.
  @inline(__always)
  func mean(state: Int, candle: Int, momentum: Double, known: Double) -> Double {
    let loading = regimeMomentum[state] + interaction * session[candle]
    return signalScale[candle] * (drift[state] + pattern[candle] + loading * Self.clamp(momentum) + known)
  }

  @inline(__always)
  static func clamp(_ value: Double) -> Double { min(max(value, -bound), bound) }

  /// `η·clamp(y) + Σ a·clamp(z_leader)` for a candle, from returns before it.
  func known(symbol: Int, candle: Int, memoryState: Double, history: [[Double]]) -> Double {
    var sum = memory * Self.clamp(memoryState)
    for source in sources[symbol] where candle >= source.lag {
      sum += source.strength * Self.clamp(history[source.leader][candle - source.lag])
    }
    return sum
  }

  /// The mean of `ℓ′` that does not depend on the hidden state.
  func volumeMean(_ deviation: Double, standardized: Double) -> Double {
    volumePersistence * deviation + Self.volumeResponse * (abs(standardized) - 1)
  }
}

/// What the law remembers of one symbol's observed candles.
package struct ObservedState: Sendable {
  /// `σ²` of the next candle.
  package var variance: Double
  package var momentum = 0.0
  package var memory = 0.0
  /// `ℓ`, the deviation of log volume.
  package var volumeDeviation = 0.0

  init(_ market: MarketSimulation) {
    variance = market.volatility * market.volatility
  }

  /// Takes in one candle.
  ///
  /// - Parameters:
  ///   - standardized: `z` of the candle.
  ///   - delayed: `z` of the candle that now is old enough for the memory signal; 0 before there is one.
  mutating func advance(standardized: Double, delayed: Double, volume: Double, law: MarketLaw) {
    let news = MarketLaw.clamp(standardized)
    variance = law.varianceFloor + variance * (law.variancePersistence + law.varianceReaction * news * news)
    momentum = law.momentumDecay * momentum + law.momentumGain * standardized
    memory = law.memoryDecay * memory + law.memoryGain * delayed
    volumeDeviation = log(volume) - MarketLaw.logVolumeBase
  }
}
