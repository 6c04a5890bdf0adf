import PareBacktest
import PareCompression

/// How large a position is, as a share of the notional.
public enum SizeChoice: Sendable, Hashable {
  case fixed(Double)
  case confidence(least: Double, most: Double)
  case volatility(target: Double, candles: Int, most: Double)
  case kelly(fraction: Double, payoff: Double, most: Double)

  func sizing(candlesPerYear: Double) -> PositionSizing {
    switch self {
    case .fixed(let size): .fixed(size)
    case .confidence(let least, let most): .confidence(least: least, most: most)
    case .volatility(let target, let candles, let most):
      .volatility(target: target, candles: candles, candlesPerYear: candlesPerYear, most: most)
    case .kelly(let fraction, let payoff, let most): .kelly(fraction: fraction, payoff: payoff, most: most)
    }
  }
}

/// `size: 0.5`, or `size: {kelly: {fraction: 0.5, payoff: 1, most: 1}}`.
extension SizeChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case confidence, volatility, kelly
  }

  private enum PartKeys: String, CodingKey, CaseIterable {
    case least, most, target, candles, fraction, payoff
  }

  public init(from decoder: any Decoder) throws {
    let path = ParameterPath(decoder.codingPath)
    if let size = try? decoder.singleValueContainer().decode(Double.self) {
      try path.require(size >= 0 && size.isFinite, expected: "0 or more", found: size)
      self = .fixed(size)
      return
    }
    let (container, key) = try decoder.alternative(keyedBy: CodingKeys.self)
    let parts = try container.superDecoder(forKey: key).strictContainer(keyedBy: PartKeys.self)
    let allowed: [PartKeys] =
      switch key {
      case .confidence: [.least, .most]
      case .volatility: [.target, .candles, .most]
      case .kelly: [.fraction, .payoff, .most]
      }
    for part in parts.allKeys {
      try path.key(key).key(part).require(
        allowed.contains(part), expected: "one of " + allowed.map(\.rawValue).joined(separator: ", "), found: "'\(part.rawValue)'")
    }
    func number(_ part: PartKeys, _ standard: Double, above least: Double = 0) throws -> Double {
      let value = try parts.decodeIfPresent(Double.self, forKey: part) ?? standard
      try path.key(key).key(part).require(value >= least && value.isFinite, expected: "\(least) or more", found: value)
      return value
    }
    let most = try number(.most, 1)
    switch key {
    case .confidence:
      let least = try number(.least, 0)
      try path.key(key).key(PartKeys.most).require(most >= least, expected: "\(least) or more", found: most)
      self = .confidence(least: least, most: most)
    case .volatility:
      let candles = try parts.decodeIfPresent(Int.self, forKey: .candles) ?? 288
      try path.key(key).key(PartKeys.candles).require((3...1_000_000).contains(candles), expected: "3 to 1000000", found: candles)
      self = .volatility(target: try number(.target, 0.2), candles: candles, most: most)
    case .kelly:
      self = .kelly(fraction: try number(.fraction, 0.5), payoff: try number(.payoff, 1, above: .leastNormalMagnitude), most: most)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    if case .fixed(let size) = self {
      var container = encoder.singleValueContainer()
      try container.encode(size)
      return
    }
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .fixed: break
    case .confidence(let least, let most):
      var parts = container.nestedContainer(keyedBy: PartKeys.self, forKey: .confidence)
      try parts.encode(least, forKey: .least)
      try parts.encode(most, forKey: .most)
    case .volatility(let target, let candles, let most):
      var parts = container.nestedContainer(keyedBy: PartKeys.self, forKey: .volatility)
      try parts.encode(target, forKey: .target)
      try parts.encode(candles, forKey: .candles)
      try parts.encode(most, forKey: .most)
    case .kelly(let fraction, let payoff, let most):
      var parts = container.nestedContainer(keyedBy: PartKeys.self, forKey: .kelly)
      try parts.encode(fraction, forKey: .fraction)
      try parts.encode(payoff, forKey: .payoff)
      try parts.encode(most, forKey: .most)
    }
  }
}
