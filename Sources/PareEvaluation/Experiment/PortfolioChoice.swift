import PareBacktest
import PareCompression

/// How alphas of a cross-section become positions: `{rank: {long: 0.2, short: 0.2}, every: 12}`, `{volatility-scaled: {}}`,
/// `{mean-variance: {shrinkage: 0.3}, candles: 250}`.
public struct PortfolioChoice: Sendable, Hashable {
  public var layer: PortfolioLayer
  /// Decision times from one portfolio to the next; nil for as many candles as a decision is held.
  public var every: Int?
  /// Candles whose returns volatilities and covariances are worked out from.
  public var candles: Int

  public init(_ layer: PortfolioLayer, every: Int? = nil, candles: Int = 120) {
    (self.layer, self.every, self.candles) = (layer, every, candles)
  }
}

extension PortfolioChoice: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case rank, gross, neutral, every, candles
    case volatilityScaled = "volatility-scaled"
    case meanVariance = "mean-variance"
  }

  private enum RankKeys: String, CodingKey, CaseIterable {
    case long, short
  }

  private enum VarianceKeys: String, CodingKey, CaseIterable {
    case shrinkage
  }

  private enum NoKeys: String, CodingKey, CaseIterable {
    case none
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath)
    let given = [CodingKeys.rank, .volatilityScaled, .meanVariance].filter(container.contains)
    try path.require(given.count == 1, expected: "one of rank, volatility-scaled, mean-variance", found: "\(given.count)")
    let rule: PortfolioLayer.Rule
    switch given[0] {
    case .rank:
      let shares = try container.superDecoder(forKey: .rank).strictContainer(keyedBy: RankKeys.self)
      rule = .rank(
        long: try shares.decodeIfPresent(Double.self, forKey: .long) ?? 0.2, short: try shares.decodeIfPresent(Double.self, forKey: .short) ?? 0.2)
    case .meanVariance:
      let settings = try container.superDecoder(forKey: .meanVariance).strictContainer(keyedBy: VarianceKeys.self)
      rule = .meanVariance(shrinkage: try settings.decodeIfPresent(Double.self, forKey: .shrinkage))
    default: rule = .volatilityScaled
    }
    self.init(
      PortfolioLayer(
        rule, gross: try container.decodeIfPresent(Double.self, forKey: .gross) ?? 1,
        isNeutral: try container.decodeIfPresent(Bool.self, forKey: .neutral) ?? true),
      every: try container.decodeIfPresent(Int.self, forKey: .every), candles: try container.decodeIfPresent(Int.self, forKey: .candles) ?? 120)
    try path.key(CodingKeys.every).require((1...1_000_000).contains(every ?? 1), expected: "1 to 1000000", found: every ?? 0)
    try path.key(CodingKeys.candles).require((3...1_000_000).contains(candles), expected: "3 to 1000000", found: candles)
    do {
      try layer.validate()
    } catch {
      try path.key(error.subject.replacing("portfolio.", with: "")).require(false, expected: error.expected ?? "", found: error.found ?? "")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch layer.rule {
    case .rank(let long, let short):
      var shares = container.nestedContainer(keyedBy: RankKeys.self, forKey: .rank)
      try shares.encode(long, forKey: .long)
      try shares.encode(short, forKey: .short)
    case .volatilityScaled: _ = container.nestedContainer(keyedBy: NoKeys.self, forKey: .volatilityScaled)
    case .meanVariance(let shrinkage):
      var settings = container.nestedContainer(keyedBy: VarianceKeys.self, forKey: .meanVariance)
      try settings.encodeIfPresent(shrinkage, forKey: .shrinkage)
    }
    try container.encode(layer.gross, forKey: .gross)
    try container.encode(layer.isNeutral, forKey: .neutral)
    try container.encodeIfPresent(every, forKey: .every)
    try container.encode(candles, forKey: .candles)
  }
}
