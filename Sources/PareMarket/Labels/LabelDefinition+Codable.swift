extension LabelDefinition: Codable {
  private enum CodingKeys: String, CodingKey {
    case kind, horizon, profit, loss, share
    case threshold = "threshold-bp"
    case profitBasisPoints = "profit-bp"
    case lossBasisPoints = "loss-bp"
    case volatilityCandles = "volatility-candles"
    case largestMove = "largest-move"
  }

  /// - Throws: `MarketError` for an unknown kind or values that `init` refuses.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let name = try container.decode(String.self, forKey: .kind)
    let kind: Kind
    switch name {
    case "direction": kind = .direction
    case "buy-hold-sell":
      kind = .buyHoldSell(thresholdBasisPoints: try container.decode(Double.self, forKey: .threshold))
    case "forward-return": kind = .forwardReturn
    case "triple-barrier": kind = try Self.tripleBarrier(in: container)
    case "cross-section-rank": kind = .crossSectionRank(share: try container.decode(Double.self, forKey: .share))
    default:
      throw MarketError(
        "label-kind", subject: "label.kind",
        expected: "direction, buy-hold-sell, triple-barrier, cross-section-rank or forward-return",
        found: "'\(name)'")
    }
    try self.init(
      kind, horizon: container.decode(Int.self, forKey: .horizon),
      largestMove: container.decodeIfPresent(Double.self, forKey: .largestMove))
  }

  /// Distances are of the one unit or of the other.
  private static func tripleBarrier(in container: KeyedDecodingContainer<CodingKeys>) throws -> Kind {
    let inVolatility = [CodingKeys.profit, .loss, .volatilityCandles].filter(container.contains)
    let inBasisPoints = [CodingKeys.profitBasisPoints, .lossBasisPoints].filter(container.contains)
    switch (inVolatility.count, inBasisPoints.count) {
    case (3, 0):
      return .tripleBarrier(
        profit: try container.decode(Double.self, forKey: .profit), loss: try container.decode(Double.self, forKey: .loss),
        unit: .volatility(candles: try container.decode(Int.self, forKey: .volatilityCandles)))
    case (0, 2):
      return .tripleBarrier(
        profit: try container.decode(Double.self, forKey: .profitBasisPoints),
        loss: try container.decode(Double.self, forKey: .lossBasisPoints), unit: .basisPoints)
    default:
      let given = (inVolatility + inBasisPoints).map(\.stringValue)
      throw MarketError(
        "label-barrier", subject: "label", expected: "profit, loss and volatility-candles, or profit-bp and loss-bp",
        found: given.isEmpty ? "neither" : given.joined(separator: ", "))
    }
  }

  /// The kind as files spell it.
  package var kindName: String {
    switch kind {
    case .direction: "direction"
    case .buyHoldSell: "buy-hold-sell"
    case .forwardReturn: "forward-return"
    case .tripleBarrier: "triple-barrier"
    case .crossSectionRank: "cross-section-rank"
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kindName, forKey: .kind)
    switch kind {
    case .direction, .forwardReturn: break
    case .buyHoldSell(let threshold):
      try container.encode(threshold, forKey: .threshold)
    case .tripleBarrier(let profit, let loss, let unit):
      try container.encode(profit, forKey: unit == .basisPoints ? .profitBasisPoints : .profit)
      try container.encode(loss, forKey: unit == .basisPoints ? .lossBasisPoints : .loss)
      if case .volatility(let candles) = unit { try container.encode(candles, forKey: .volatilityCandles) }
    case .crossSectionRank(let share):
      try container.encode(share, forKey: .share)
    }
    try container.encode(horizon, forKey: .horizon)
    try container.encodeIfPresent(largestMove, forKey: .largestMove)
  }
}
