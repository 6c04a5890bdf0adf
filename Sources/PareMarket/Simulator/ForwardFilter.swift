import Foundation

/// What a forecaster is allowed to see.
public enum ObservationSet: String, Sendable, Codable, CaseIterable {
  /// The symbol's own candles.
  case candles
  /// The candles of all symbols of the market.
  case allSymbols = "all-symbols"
  /// The snapshots of an order book; of simulated books alone.
  case books
}

/// One candle as the filter sees it, for one symbol.
struct Observation {
  /// `z`, the return over the standard deviation that was known before.
  var standardized: Double
  /// `ℓ′ − p·ℓ − g·(|z| − 1)`: what of log volume the observed past does not explain.
  var volumeSurprise: Double
  /// `x` and the known part of the mean, from before the candle.
  var momentum: Double
  var known: Double
}

/// The exact distribution of the hidden state given the observed candles.
///
/// Volatility, momentum and all else but the hidden state are functions of observed candles, the chain is finite and
/// the density of a candle given state and past is known. So Bayes' rule is a finite sum, and the recursion
/// `predict`, `multiply by the density`, `normalize` is exact but for rounding (`ForwardFilterTests` enumerates all
/// hidden paths). Highs and lows are drawn given return and `σ` alone; their density has no hidden state in it and
/// cancels. With all symbols, the density is that of the multivariate t with equal correlations.
package struct ForwardFilter: Sendable {
  private let law: MarketLaw
  /// Distribution of the hidden state after the newest candle.
  package private(set) var posterior: [Double]
  private var logWeights: [Double]
  /// Whether a candle has been taken in.
  private var seen = false

  init(_ law: MarketLaw) {
    self.law = law
    posterior = law.chain.stationary
    logWeights = posterior
  }

  /// Distribution of the hidden state of the next candle.
  package var predictive: [Double] {
    // The stationary prior is that of the first candle itself.
    seen ? law.chain.predict(posterior) : posterior
  }

  /// Takes in candle `candle` of one symbol or of all.
  mutating func update(_ observations: [Observation], candle: Int) {
    let prior = predictive
    seen = true
    var largest = -Double.infinity
    for state in prior.indices {
      let weight = log(prior[state]) + logDensity(observations, state: state, candle: candle)
      logWeights[state] = weight
      largest = max(largest, weight)
    }
    var total = 0.0
    for state in prior.indices {
      posterior[state] = exp(logWeights[state] - largest)
      total += posterior[state]
    }
    for state in prior.indices { posterior[state] /= total }
  }

  /// Log density of the symbols' standardized returns and volumes, up to a constant that all states share.
  func logDensity(_ observations: [Observation], state: Int, candle: Int) -> Double {
    let count = Double(observations.count)
    let scale = law.scale[state]
    var sum = 0.0
    var squares = 0.0
    var volume = 0.0
    for observed in observations {
      let mean = law.mean(state: state, candle: candle, momentum: observed.momentum, known: observed.known)
      let innovation = observed.standardized / scale - mean
      sum += innovation
      squares += innovation * innovation
      let surprise = (observed.volumeSurprise - law.volumeShift[state]) / MarketLaw.volumeNoise
      volume += surprise * surprise
    }
    // The inverse of (1 − c)·I + c·11ᵀ, by Sherman and Morrison.
    let c = law.correlation
    let form = (squares - c / (1 - c + count * c) * sum * sum) / (1 - c)
    let nu = Double(law.student.degreesOfFreedom)
    return -(nu + count) / 2 * log1p((count == 1 ? squares : form) / (nu - 2)) - count * log(scale) - volume / 2
  }
}
