import Foundation

/// What a simulated market offers, measured on its truth.
public struct SimulationSummary: Sendable, Codable, Hashable {
  /// Gains of a policy, in basis points of a fixed notional per day.
  public struct Policy: Sendable, Codable, Hashable {
    /// Cost in basis points a side.
    public var costPerSide: Double
    public var grossPerDay: Double
    public var costPerDay: Double
    public var netPerDay: Double
    /// Σ|Δposition| per day.
    public var turnoverPerDay: Double
    /// Share of candles with a position.
    public var exposure: Double
  }

  public var provenance: String
  public var symbol: String
  public var observations: ObservationSet
  public var seed: UInt64
  public var candles: Int
  public var intervalMinutes: Double
  public var horizon: Int
  public var paths: Int
  /// Mean over candles of `max(p, 1 − p)`: how often the best forecaster is right, in expectation.
  public var bayesAccuracy: Double
  public var oracleAccuracy: Double
  /// How often `p > ½` was right about the labels drawn; differs from `bayesAccuracy` by sampling.
  public var realizedBayesAccuracy: Double
  /// Mean standard error of the Bayes probability.
  public var meanStandardError: Double
  /// `Σ E[r]² / Σ E[r²]` of the next candle's return, both expectations exact.
  public var bayesRSquared: Double
  public var oracleRSquared: Double
  /// Lag at which the autocorrelation of the standardized Bayes expectation falls to one half.
  public var signalHalfLifeHours: Double?
  /// Standard deviation of one candle's return, in basis points.
  public var volatility: Double
  public var kurtosis: Double
  /// Autocorrelation of absolute returns at one candle.
  public var volatilityClustering: Double
  public var policy: Policy

  /// As a table of two columns.
  public var text: String {
    func row(_ name: String, _ value: String) -> String {
      name + String(repeating: " ", count: max(1, 38 - name.count)) + value
    }
    func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
    return [
      row("data", "\(provenance): \(symbol), seed \(seed), \(candles) candles of \(number(intervalMinutes, 0)) min"),
      row("truth", "given \(observations.rawValue), horizon \(horizon) candles, \(paths) paths"),
      row("Bayes accuracy", number(bayesAccuracy, 4)),
      row("  on the labels drawn", number(realizedBayesAccuracy, 4)),
      row("oracle accuracy", number(oracleAccuracy, 4)),
      row("mean standard error of P(up)", number(meanStandardError, 4)),
      row("one-step R², Bayes", number(100 * bayesRSquared, 3) + " %"),
      row("one-step R², oracle", number(100 * oracleRSquared, 3) + " %"),
      row("signal half-life", signalHalfLifeHours.map { number($0, 2) + " h" } ?? "none"),
      row("volatility of a candle", number(volatility, 1) + " bp"),
      row("kurtosis", number(kurtosis, 1)),
      row("autocorrelation of |return|", number(volatilityClustering, 3)),
      row("reference Bayes policy", "at \(number(policy.costPerSide, 2)) bp a side"),
      row("  gross", number(policy.grossPerDay, 1) + " bp a day"),
      row("  costs", number(policy.costPerDay, 1) + " bp a day"),
      row("  net", number(policy.netPerDay, 1) + " bp a day"),
      row("  turnover", number(policy.turnoverPerDay, 1) + " a day"),
      row("  time in the market", number(100 * policy.exposure, 1) + " %"),
    ].joined(separator: "\n")
  }
}

extension SimulatedMarket {
  /// Measures a truth of this market.
  ///
  /// - Throws: `market.simulated-symbol` where the truth is another market's.
  public func summary(of truth: SimulatedTruth) throws(MarketError) -> SimulationSummary {
    let candles = series[try index(of: truth.symbol)].candles
    guard candles.count == truth.bayes.probabilityUp.count else {
      throw MarketError(
        "simulated-symbol", subject: "truth of " + truth.symbol, expected: "\(candles.count) candles",
        found: "\(truth.bayes.probabilityUp.count)", category: .usage)
    }
    let returns = candles.map { $0.close / $0.open - 1 }
    let count = Double(candles.count)
    let intervalMinutes = Double(configuration.interval.milliseconds ?? 0) / 60_000
    let bayes = truth.bayes
    let mean = { (values: [Double]) in values.reduce(0, +) / Double(max(1, values.count)) }
    let best = { (forecast: SimulatedForecast) in mean(forecast.probabilityUp.map { max($0, 1 - $0) }) }
    let explained = { (forecast: SimulatedForecast) in
      forecast.nextReturn.reduce(0) { $0 + $1 * $1 } / forecast.nextSquare.reduce(0, +)
    }
    let right = candles.indices.dropLast(truth.horizon).map { candle in
      let up = candles[candle + truth.horizon].close > candles[candle].close
      return up == (bayes.probabilityUp[candle] > 0.5) ? 1.0 : 0
    }
    let square = mean(returns.map { $0 * $0 })
    let standardized = zip(bayes.nextReturn, bayes.nextSquare).map { $0 / $1.squareRoot() }
    return SimulationSummary(
      provenance: provenance, symbol: truth.symbol, observations: truth.observations, seed: seed,
      candles: candles.count, intervalMinutes: intervalMinutes, horizon: truth.horizon, paths: configuration.paths,
      bayesAccuracy: best(bayes), oracleAccuracy: best(truth.oracle), realizedBayesAccuracy: mean(right),
      meanStandardError: mean(bayes.standardError), bayesRSquared: explained(bayes),
      oracleRSquared: explained(truth.oracle),
      signalHalfLifeHours: Autocorrelation(standardized).halfLife.map { $0 * intervalMinutes / 60 },
      volatility: square.squareRoot() * 10_000,
      kurtosis: mean(returns.map { $0 * $0 * $0 * $0 }) / (square * square),
      volatilityClustering: Autocorrelation(returns.map(abs)).at(1),
      policy: policy(
        expected: bayes.expectedReturn, returns: returns, days: count * intervalMinutes / 1_440))
  }

  /// Goes long or short where the expected return over the horizon exceeds the cost of getting in and out, keeps the
  /// position while the expectation has its sign, and is flat otherwise.
  ///
  /// A position decided at the close of candle `t` is held from `open[t+1]` to `open[t+2]`, on a fixed notional.
  private func policy(expected: [Double], returns: [Double], days: Double) -> SimulationSummary.Policy {
    let cost = configuration.costs.perSide
    var position = 0.0
    var gross = 0.0
    var turnover = 0.0
    var held = 0
    for candle in returns.indices.dropLast() {
      let forecast = expected[candle]
      let previous = position
      if abs(forecast) > 2 * cost {
        position = forecast > 0 ? 1 : -1
      } else if position * forecast <= 0 {
        position = 0
      }
      turnover += abs(position - previous)
      gross += position * returns[candle + 1]
      if position != 0 { held += 1 }
    }
    let perDay = 10_000 / days
    return SimulationSummary.Policy(
      costPerSide: cost * 10_000, grossPerDay: gross * perDay, costPerDay: turnover * cost * perDay,
      netPerDay: (gross - turnover * cost) * perDay, turnoverPerDay: turnover / days,
      exposure: Double(held) / Double(max(1, returns.count - 1)))
  }
}

/// Sample autocorrelation of a series.
struct Autocorrelation {
  private let deviations: [Double]
  private let sumOfSquares: Double

  init(_ values: [Double]) {
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    deviations = values.map { $0 - mean }
    sumOfSquares = deviations.reduce(0) { $0 + $1 * $1 }
  }

  /// 0 for a series without variance.
  func at(_ lag: Int) -> Double {
    guard sumOfSquares > 0, lag < deviations.count else { return 0 }
    return zip(deviations, deviations.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 } / sumOfSquares
  }

  /// The lag at which the autocorrelation first reaches one half, between lags by a straight line; nil where a tenth
  /// of the series is too short for it, or nothing varies.
  var halfLife: Double? {
    guard sumOfSquares > 0 else { return nil }
    var previous = 1.0
    for lag in 1...max(1, deviations.count / 10) {
      let value = at(lag)
      if value <= 0.5 { return Double(lag) - (0.5 - value) / (previous - value) }
      previous = value
    }
    return nil
  }
}
