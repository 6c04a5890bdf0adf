import PareBacktest
import PareCompression

/// What trading costs, as an experiment spells it.
public struct CostChoice: Sendable, Hashable {
  /// Where funding rates come from.
  public enum FundingChoice: Sendable, Hashable {
    case none
    /// The same at 00:00, 08:00 and 16:00 UTC.
    case constant(Double)
    /// A table with the columns `time` and `rate`. A relative path counts from the experiment file's folder.
    case file(String)
  }

  public var taking: TradingCosts
  /// Of a take-profit order, in basis points; nil charges it like the others.
  public var makerFee: Double?
  /// What moves slippage besides its fixed part.
  public var impact: Slippage
  public var funding: FundingChoice
  /// Of a short position, as a share of the notional and year.
  public var borrow: Double

  public init(
    _ taking: TradingCosts = .standard, makerFee: Double? = nil, impact: Slippage = .fixed, funding: FundingChoice = .none,
    borrow: Double = 0
  ) {
    self.taking = taking
    self.makerFee = makerFee
    self.impact = impact
    self.funding = funding
    self.borrow = borrow
  }

  /// - Parameter rates: of the file that the choice names.
  func model(rates: FundingRates?) -> CostModel {
    let paid: Funding =
      switch funding {
      case .none: .none
      case .constant(let rate): .constant(rate: rate)
      case .file: rates.map { .rates($0) } ?? .none
      }
    return CostModel(taking, makerFee: makerFee, slippage: impact, funding: paid, borrow: borrow)
  }
}

extension CostChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case fee = "fee-bp"
    case halfSpread = "half-spread-bp"
    case slippage = "slippage-bp"
    case makerFee = "maker-fee-bp"
    case impact, funding
    case borrow = "borrow-per-year"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath)
    let standard = TradingCosts.standard
    self.init(
      try TradingCosts(
        fee: container.decodeIfPresent(Double.self, forKey: .fee) ?? standard.fee,
        halfSpread: container.decodeIfPresent(Double.self, forKey: .halfSpread) ?? standard.halfSpread,
        slippage: container.decodeIfPresent(Double.self, forKey: .slippage) ?? standard.slippage),
      makerFee: try container.decodeIfPresent(Double.self, forKey: .makerFee),
      impact: try container.decodeIfPresent(ImpactChoice.self, forKey: .impact)?.slippage ?? .fixed,
      funding: try container.decodeIfPresent(FundingChoice.self, forKey: .funding) ?? .none,
      borrow: try container.decodeIfPresent(Double.self, forKey: .borrow) ?? 0)
    for (key, value) in [(CodingKeys.makerFee, makerFee ?? 0), (.borrow, borrow)] {
      try path.key(key).require(value >= 0 && value.isFinite, expected: "0 or more", found: value)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(taking.fee, forKey: .fee)
    try container.encode(taking.halfSpread, forKey: .halfSpread)
    try container.encode(taking.slippage, forKey: .slippage)
    try container.encodeIfPresent(makerFee, forKey: .makerFee)
    if impact != .fixed { try container.encode(ImpactChoice(slippage: impact), forKey: .impact) }
    if funding != .none { try container.encode(funding, forKey: .funding) }
    if borrow != 0 { try container.encode(borrow, forKey: .borrow) }
  }
}

/// `{volatility: 0.1, candles: 48}` or `{participation: 1, candles: 288}`.
private struct ImpactChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case volatility, participation, candles
  }

  let slippage: Slippage

  init(slippage: Slippage) {
    self.slippage = slippage
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath)
    let candles = try container.decodeIfPresent(Int.self, forKey: .candles) ?? 48
    try path.key(CodingKeys.candles).require((3...1_000_000).contains(candles), expected: "3 to 1000000", found: candles)
    let given = [CodingKeys.volatility, .participation].filter(container.contains)
    try path.require(given.count == 1, expected: "one of volatility, participation", found: "\(given.count)")
    let multiple = try container.decode(Double.self, forKey: given[0])
    try path.key(given[0]).require(multiple >= 0 && multiple.isFinite, expected: "0 or more", found: multiple)
    slippage =
      given[0] == .volatility
      ? .volatility(multiple: multiple, candles: candles) : .participation(multiple: multiple, candles: candles)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch slippage {
    case .fixed: break
    case .volatility(let multiple, let candles):
      try container.encode(multiple, forKey: .volatility)
      try container.encode(candles, forKey: .candles)
    case .participation(let multiple, let candles):
      try container.encode(multiple, forKey: .participation)
      try container.encode(candles, forKey: .candles)
    }
  }
}

/// `{rate: 0.0001}` or `{file: funding.csv}`.
extension CostChoice.FundingChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case rate, file
  }

  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(keyedBy: CodingKeys.self)
    switch key {
    case .rate:
      let rate = try container.decode(Double.self, forKey: key)
      try ParameterPath(decoder.codingPath).key(key).require(
        abs(rate) < 1, expected: "a share in -1 ..< 1, -1 left out", found: rate)
      self = .constant(rate)
    case .file: self = .file(try container.decode(String.self, forKey: key))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .none: break
    case .constant(let rate): try container.encode(rate, forKey: .rate)
    case .file(let path): try container.encode(path, forKey: .file)
    }
  }
}
