/// How the alphas of a date's cross-section become positions: apart from what foretells, and simple enough to be checked by hand.
///
/// Weights are shares of the capital. Their absolute values add up to `gross`, or to less where nothing is worth holding; with `isNeutral`
/// longs and shorts are equally large. An instrument without an alpha has weight 0.
public struct PortfolioLayer: Sendable, Hashable {
  public enum Rule: Sendable, Hashable {
    /// The highest alphas long and the lowest short, each side in equal parts: so many of the instruments as these shares say, at least
    /// one a side.
    case rank(long: Double, short: Double)
    /// In proportion to the alpha over the instrument's volatility.
    case volatilityScaled
    /// In proportion to `Σ⁻¹·α`, with the covariance of returns shrunk towards a multiple of the identity: by this share, or, where it is
    /// nil, by the one of least expected error (`ShrunkCovariance`). Source: Markowitz 1952, "Portfolio selection".
    case meanVariance(shrinkage: Double?)
  }

  public var rule: Rule
  public var gross: Double
  public var isNeutral: Bool

  public init(_ rule: Rule, gross: Double = 1, isNeutral: Bool = true) {
    (self.rule, self.gross, self.isNeutral) = (rule, gross, isNeutral)
  }

  /// - Throws: `backtest.portfolio-layer`, naming what is out of range.
  public func validate() throws(BacktestError) {
    func check(_ name: String, _ isValid: Bool, _ expected: String, _ found: Double) throws(BacktestError) {
      guard isValid else {
        throw BacktestError("portfolio-layer", subject: "portfolio.\(name)", expected: expected, found: "\(found)", category: .usage)
      }
    }
    try check("gross", gross > 0 && gross.isFinite, "a number above 0", gross)
    switch rule {
    case .rank(let long, let short):
      try check("rank.long", (0...1).contains(long), "a share in 0 ... 1", long)
      try check("rank.short", (0...1).contains(short) && long + short <= 1 && long + short > 0, "a share that leaves both above 0 and at most 1", short)
    case .volatilityScaled: break
    case .meanVariance(let shrinkage):
      if let shrinkage { try check("mean-variance.shrinkage", shrinkage > 0 && shrinkage <= 1, "a share above 0, at most 1", shrinkage) }
    }
  }

  /// The weights for one date.
  ///
  /// - Parameters:
  ///   - alphas: one per instrument; nil where there is none.
  ///   - returns: of each instrument over the same candles, oldest first, all known at the date; not read by `rank`.
  /// - Throws: `backtest.cross-section` for fewer than two instruments; `backtest.portfolio-layer` for too few returns; what the
  ///   linear-algebra library throws.
  public func weights(alphas: [Double?], returns: [[Double]]) throws -> [Double] {
    guard alphas.count >= 2 else {
      throw BacktestError(
        "cross-section", subject: "portfolio", expected: "at least 2 instruments, to be told apart by their alphas", found: "\(alphas.count)")
    }
    let present = alphas.indices.filter { alphas[$0]?.isFinite ?? false }
    var weights = [Double](repeating: 0, count: alphas.count)
    guard present.count >= 2 else { return weights }
    let known = present.map { alphas[$0] ?? 0 }
    let own: [Double]
    switch rule {
    case .rank(let long, let short): own = Self.ranked(known, long: long, short: short)
    case .volatilityScaled:
      let centre = isNeutral ? known.reduce(0, +) / Double(known.count) : 0
      own = try zip(present, known).map { instrument, alpha in
        let deviation = Self.deviation(of: try Self.enough(returns, instrument))
        return deviation > 0 ? (alpha - centre) / deviation : 0
      }
    case .meanVariance(let shrinkage):
      let covariance = try ShrunkCovariance(try present.map { try Self.enough(returns, $0) }, shrinkage: shrinkage)
      own = try covariance.solve(isNeutral ? covariance.centred(known) : known)
    }
    for (instrument, weight) in zip(present, scaled(own)) { weights[instrument] = weight }
    return weights
  }

  /// To the gross exposure; of neutral ones each side to half of it.
  private func scaled(_ weights: [Double]) -> [Double] {
    let (long, short) = weights.reduce((0.0, 0.0)) { $1 > 0 ? ($0.0 + $1, $0.1) : ($0.0, $0.1 - $1) }
    if isNeutral {
      guard long > 0, short > 0 else { return weights.map { _ in 0 } }
      return weights.map { $0 > 0 ? gross / 2 * $0 / long : gross / 2 * $0 / short }
    }
    return long + short > 0 ? weights.map { gross * $0 / (long + short) } : weights
  }

  private static func ranked(_ alphas: [Double], long: Double, short: Double) -> [Double] {
    let order = alphas.indices.sorted { (alphas[$0], $0) < (alphas[$1], $1) }
    func count(_ share: Double) -> Int { share > 0 ? max(Int(Double(alphas.count) * share), 1) : 0 }
    let (longs, shorts) = (min(count(long), alphas.count - count(short)), count(short))
    var weights = [Double](repeating: 0, count: alphas.count)
    for place in order.prefix(shorts) { weights[place] = -1 / Double(shorts) }
    for place in order.suffix(max(longs, 0)) { weights[place] = 1 / Double(longs) }
    return weights
  }

  private static func enough(_ returns: [[Double]], _ instrument: Int) throws -> [Double] {
    guard returns.indices.contains(instrument), returns[instrument].count >= 3 else {
      throw BacktestError(
        "portfolio-layer", subject: "portfolio: instrument \(instrument)", expected: "at least 3 returns before the date",
        found: "\(returns.indices.contains(instrument) ? returns[instrument].count : 0)")
    }
    return returns[instrument]
  }

  /// Of a sample, about its mean.
  private static func deviation(of values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }
}
