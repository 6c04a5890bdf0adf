import Foundation
import PareTensor

/// The distribution of the return over the horizon, by simulated paths.
///
/// Four things keep the variance small, and none of them biases the mean:
/// - Paths come in pairs with the same hidden states and opposite innovations, one pair in the two lanes of a vector.
/// - The first hidden states are spread systematically over their distribution. The standard error is therefore
///   taken from differences of successive pairs, `Σ (aᵢ₊₁ − aᵢ)² / (2n(n − 1))` (von Neumann et al. 1941).
/// - The last candle is not drawn: given the path before it, chance of ending up and mean are known in closed form.
/// - A twin that shares hidden states and innovations, but has constant volatility and no feedback of the innovations
///   on the mean, is subtracted, and its expectation given the hidden states, the distribution function of a sum of
///   independent t variables, is added.
struct PathSimulator: Sendable {
  struct Estimate {
    var probabilityUp: Double
    var probabilityError: Double
    var probabilityAbove: Double
    var probabilityBelow: Double
    var expectedReturn: Double
    var returnError: Double
  }

  private typealias Pair = SIMD2<Double>

  private let law: MarketLaw
  private let horizon: Int
  /// A return, at least 0, whose chance of being surpassed either way is estimated.
  private let threshold: Double
  private let pairs: Int
  /// Symbols that are simulated together; the target is `members[target]`.
  private let members: [Int]
  private let target: Int
  private let edges: [[MarketLaw.Source]]
  private let looksBack: Bool
  /// One symbol: draws of `ε`. Several: draws of a normal, and of `√((ν − 2) / χ²)`.
  private let innovations: QuantileTable
  private let mixing: QuantileTable?
  private let alias: AliasTable
  /// Distribution function of a sum of as many innovations as the horizon has candles.
  private let sum: SumDistribution

  /// - Parameter members: the symbol alone, or all that its mean depends on.
  init(_ market: MarketSimulation, law: MarketLaw, symbol: Int, members: [Int], threshold: Double) {
    precondition(members.contains(symbol) && threshold >= 0)
    self.law = law
    self.threshold = threshold
    self.members = members
    horizon = market.horizon
    pairs = market.paths / 2
    target = members.firstIndex(of: symbol) ?? 0
    edges = members.map { member in
      law.sources[member].compactMap { source in
        members.firstIndex(of: source.leader).map {
          MarketLaw.Source(leader: $0, lag: source.lag, strength: source.strength)
        }
      }
    }
    looksBack = law.memory != 0 || edges.contains { !$0.isEmpty }
    let nu = Double(law.student.degreesOfFreedom)
    if members.count == 1 {
      let student = law.student
      innovations = QuantileTable(lower: -60, upper: 60) { exp(student.logDensity($0)) }
      mixing = nil
    } else {
      innovations = QuantileTable(lower: -9, upper: 9) { exp(-$0 * $0 / 2) }
      // χ² as a function of its logarithm, so that small values are resolved.
      let logs = QuantileTable(lower: -12, upper: log(nu) + 4) { exp(nu / 2 * $0 - exp($0) / 2) }
      mixing = logs.mapped { ((nu - 2) / exp($0)).squareRoot() }
    }
    sum = SumDistribution(law.student, terms: market.horizon)
    alias = AliasTable(rows: law.chain.count, law.chain.transition)
  }

  /// Buffers of one worker.
  struct Scratch {
    fileprivate var variance: [SIMD2<Double>]
    fileprivate var momentum: [SIMD2<Double>]
    fileprivate var memory: [SIMD2<Double>]
    fileprivate var returns: [SIMD2<Double>]
  }

  func scratch() -> Scratch {
    let zeros = [Pair](repeating: .zero, count: members.count)
    return Scratch(
      variance: zeros, momentum: zeros, memory: zeros,
      returns: [Pair](repeating: .zero, count: members.count * (law.lookBack + horizon + 1)))
  }

  /// - Parameters:
  ///   - first: index of the first candle of the horizon.
  ///   - predictive: distribution of the hidden state of candle `first`.
  ///   - history: observed candles before `first`.
  func estimate(
    from first: Int, predictive: [Double], history: ObservedHistory, generator: inout SeededGenerator,
    scratch: inout Scratch
  ) -> Estimate {
    var probability = SystematicMean()
    var above = SystematicMean()
    var below = SystematicMean()
    var change = SystematicMean()
    var cumulative = predictive[0]
    var initial = 0
    let offset = generator.uniform()
    let depth = law.lookBack
    let stride = depth + horizon + 1
    let momentum = MarketLaw.clamp(history.states[members[target]][first].momentum)
    let twinThreshold = threshold / history.states[members[target]][first].variance.squareRoot()
    if looksBack {
      for (slot, member) in members.enumerated() {
        for back in 1...depth {
          let z = first >= back ? history.standardized[member][first - back] : 0
          scratch.returns[slot * stride + depth - back] = Pair(repeating: z)
        }
      }
    }
    for pair in 0..<pairs {
      let position = (Double(pair) + offset) / Double(pairs)
      while cumulative < position, initial + 1 < predictive.count {
        initial += 1
        cumulative += predictive[initial]
      }
      var hidden = initial
      for (slot, member) in members.enumerated() {
        let state = history.states[member][first]
        scratch.variance[slot] = Pair(repeating: state.variance)
        scratch.momentum[slot] = Pair(repeating: state.momentum)
        scratch.memory[slot] = Pair(repeating: state.memory)
      }
      // The twin: the mean of each candle as it would be without news, and the sum of innovations.
      var twinMean = 0.0
      var twinNoise = 0.0
      var remaining = 1.0
      let known = looksBack ? self.known(slot: target, step: 0, scratch: scratch)[0] : 0
      var growth = Pair(repeating: 1)
      for step in 0..<(horizon - 1) {
        let bits = generator.next()
        twinMean += law.mean(state: hidden, candle: first + step, momentum: momentum * remaining, known: known)
        remaining *= law.momentumDecay
        let drawn = advance(
          step: step, candle: first + step, hidden: hidden, bits: bits, generator: &generator, scratch: &scratch)
        growth *= drawn.growth
        twinNoise += drawn.innovation
        hidden = alias.next(hidden, bits: bits)
      }
      let candle = first + horizon - 1
      let mean = self.mean(slot: target, step: horizon - 1, candle: candle, hidden: hidden, scratch: scratch)
      let deviation = scratch.variance[target].squareRoot() * law.scale[hidden]
      let ends = growth * (1 + deviation * mean) - 1
      twinMean += law.mean(state: hidden, candle: candle, momentum: momentum * remaining, known: known)
      /// The chance of ending above a return, with the twin's of ending above as many deviations of the first candle.
      func chance(above level: Double, twin: Double) -> Double {
        let needed = ((1 + level) / growth - 1) / deviation - mean
        let up = 1 - 0.5 * (law.student.cumulative(needed[0]) + law.student.cumulative(needed[1]))
        let lead = twinMean - twin
        let twinUp = 0.5 * (law.student.cumulative(lead + twinNoise) + law.student.cumulative(lead - twinNoise))
        return up - twinUp + sum.cumulative(lead)
      }
      let up = chance(above: 0, twin: 0)
      probability.add(up)
      above.add(threshold > 0 ? chance(above: threshold, twin: twinThreshold) : up)
      below.add(1 - (threshold > 0 ? chance(above: -threshold, twin: -twinThreshold) : up))
      change.add(0.5 * (ends[0] + ends[1]))
    }
    return Estimate(
      probabilityUp: probability.mean, probabilityError: probability.standardError,
      probabilityAbove: above.mean, probabilityBelow: below.mean,
      expectedReturn: change.mean, returnError: change.standardError)
  }

  /// Draws one candle of every member and returns the target's close over open, and its innovation in the first lane.
  @inline(__always)
  private func advance(
    step: Int, candle: Int, hidden: Int, bits: UInt64, generator: inout SeededGenerator, scratch: inout Scratch
  ) -> (growth: SIMD2<Double>, innovation: Double) {
    var drawn = (growth: Pair(repeating: 1), innovation: 0.0)
    var common = 0.0
    var spread = 1.0
    if let mixing {
      let more = generator.next()
      spread = mixing.draw(bits)
      common = law.correlation.squareRoot() * innovations.draw(more)
    }
    let stride = law.lookBack + horizon + 1
    for slot in members.indices {
      let innovation: Double
      if mixing == nil {
        innovation = innovations.draw(bits)
      } else {
        innovation = spread * (common + (1 - law.correlation).squareRoot() * innovations.draw(generator.next()))
      }
      let mean = self.mean(slot: slot, step: step, candle: candle, hidden: hidden, scratch: scratch)
      let z = law.scale[hidden] * (mean + Pair(innovation, -innovation))
      let variance = scratch.variance[slot]
      if slot == target { drawn = (1 + variance.squareRoot() * z, innovation) }
      let news = Self.clamp(z)
      scratch.variance[slot] =
        law.varianceFloor + variance * (law.variancePersistence + law.varianceReaction * news * news)
      scratch.momentum[slot] = law.momentumDecay * scratch.momentum[slot] + law.momentumGain * z
      if looksBack {
        let newest = slot * stride + law.lookBack + step
        scratch.returns[newest] = z
        if law.memory != 0 {
          let delayed = scratch.returns[newest + 1 - law.memoryDelay]
          scratch.memory[slot] = law.memoryDecay * scratch.memory[slot] + law.memoryGain * delayed
        }
      }
    }
    return drawn
  }

  @inline(__always)
  private func mean(slot: Int, step: Int, candle: Int, hidden: Int, scratch: Scratch) -> SIMD2<Double> {
    let loading = law.regimeMomentum[hidden] + law.interaction * law.session[candle]
    var sum = law.drift[hidden] + law.pattern[candle] + loading * Self.clamp(scratch.momentum[slot])
    if looksBack { sum += known(slot: slot, step: step, scratch: scratch) }
    return law.signalScale[candle] * sum
  }

  @inline(__always)
  private func known(slot: Int, step: Int, scratch: Scratch) -> SIMD2<Double> {
    let stride = law.lookBack + horizon + 1
    var sum = law.memory * Self.clamp(scratch.memory[slot])
    for edge in edges[slot] {
      sum += edge.strength * Self.clamp(scratch.returns[edge.leader * stride + law.lookBack + step - edge.lag])
    }
    return sum
  }

  @inline(__always)
  private static func clamp(_ value: SIMD2<Double>) -> SIMD2<Double> {
    pointwiseMin(pointwiseMax(value, Pair(repeating: -MarketLaw.bound)), Pair(repeating: MarketLaw.bound))
  }
}

/// Mean of draws that are spread systematically, and its standard error from successive differences.
private struct SystematicMean {
  private var count = 0.0
  private var sum = 0.0
  private var differences = 0.0
  private var last = 0.0

  mutating func add(_ value: Double) {
    if count > 0 { differences += (value - last) * (value - last) }
    count += 1
    sum += value
    last = value
  }

  var mean: Double { sum / count }
  var standardError: Double { (differences / (2 * count * (count - 1))).squareRoot() }
}

/// Draws of a Markov chain's next state in constant time.
///
/// - Source: Walker 1977, doi:10.1145/355744.355749; built as Vose 1991 does.
private struct AliasTable: Sendable {
  private let count: Int
  private let threshold: [Double]
  private let other: [Int]

  init(rows count: Int, _ transition: [Double]) {
    self.count = count
    var threshold = [Double](repeating: 1, count: count * count)
    var other = [Int](repeating: 0, count: count * count)
    for row in 0..<count {
      var left = (0..<count).map { transition[row * count + $0] * Double(count) }
      var small = (0..<count).filter { left[$0] < 1 }
      var large = (0..<count).filter { left[$0] >= 1 }
      while let poor = small.popLast(), let rich = large.last {
        threshold[row * count + poor] = left[poor]
        other[row * count + poor] = rich
        left[rich] -= 1 - left[poor]
        if left[rich] < 1 {
          large.removeLast()
          small.append(rich)
        }
      }
    }
    self.threshold = threshold
    self.other = other
  }

  /// Uses the upper 49 bits; the lower 15 are free for another draw.
  @inline(__always)
  func next(_ state: Int, bits: UInt64) -> Int {
    let position = Double(bits >> 15) * 0x1p-49 * Double(count)
    let column = min(Int(position), count - 1)
    let cell = state * count + column
    return position - Double(column) < threshold[cell] ? column : other[cell]
  }
}

extension QuantileTable {
  /// The value that the lowest bits choose.
  @inline(__always)
  func draw(_ bits: UInt64) -> Double { values[Int(truncatingIfNeeded: bits & (1 << UInt64(Self.bits) - 1))] }

  /// The table of a function of the variable.
  func mapped(_ transform: (Double) -> Double) -> QuantileTable { QuantileTable(values: values.map(transform)) }

  private init(values: [Double]) { self.values = values }
}
