/// A market-wide condition of the simulated market. Which one holds is hidden; each leaves its mark on returns and
/// volume.
public struct SimulatedRegime: Sendable, Hashable {
  public var name: String
  /// Mean stay, in candles; the next regime is any other with equal chance.
  public var meanDuration: Double
  /// Scale of returns. The set is rescaled so that the stationary mean of its square is 1.
  public var volatility: Double
  /// Added to the loading of a candle's mean on recent momentum: positive trends, negative reverts.
  public var momentum: Double
  /// Shift of the logarithm of volume, once the regime has lasted.
  public var volume: Double

  public init(name: String, meanDuration: Double, volatility: Double, momentum: Double, volume: Double) {
    self.name = name
    self.meanDuration = meanDuration
    self.volatility = volatility
    self.momentum = momentum
    self.volume = volume
  }

  /// Trending, mean-reverting and volatile.
  public static let standard: [SimulatedRegime] = [
    SimulatedRegime(name: "trending", meanDuration: 150, volatility: 1, momentum: 0.01, volume: 0.1),
    SimulatedRegime(name: "mean-reverting", meanDuration: 150, volatility: 0.85, momentum: -0.01, volume: -0.15),
    SimulatedRegime(name: "volatile", meanDuration: 60, volatility: 1.3, momentum: 0, volume: 0.35),
  ]
}

/// What a linear function of observables predicts: a hidden drift, shared by all symbols, whose best estimate is
/// nearly linear in recent returns, and an intraday pattern, `seasonal · sin(2π·share of the UTC day)`.
///
/// The drift takes `sources + 1` levels: the sum of independent ±1 sources, each of which flips with the same small
/// chance per candle, scaled to unit variance.
public struct LinearSignal: Sendable, Hashable {
  /// Standard deviation of the drift, in units of a candle's standard deviation; 0 switches it off.
  public var strength: Double
  /// Candles after which half of the drift is expected to be gone.
  public var halfLife: Double
  /// Number of ±1 sources, 1 to 8.
  public var sources: Int
  /// Amplitude of the intraday pattern, in standard deviations of a candle; 0 switches it off.
  public var seasonal: Double

  public init(strength: Double = 0.135, halfLife: Double = 20, sources: Int = 4, seasonal: Double = 0.07) {
    self.strength = strength
    self.seasonal = seasonal
    self.halfLife = halfLife
    self.sources = sources
  }
}

/// Momentum whose sign depends on the time of day: `strength · cos(2π·share of the UTC day) · momentum`.
///
/// Neither factor alone predicts anything: around midnight momentum continues, around noon it reverses.
public struct InteractionSignal: Sendable, Hashable {
  /// Loading at midnight UTC, in candle standard deviations per unit of momentum; 0 switches the signal off.
  public var strength: Double

  public init(strength: Double = 0.04) {
    self.strength = strength
  }
}

/// A mean that follows returns older than `delay` candles, invisible in shorter windows.
public struct MemorySignal: Sendable, Hashable {
  /// Loading on the delayed average, which has unit variance; 0 switches the signal off.
  public var strength: Double
  /// Age in candles of the newest return that counts.
  public var delay: Int
  /// Half-life in candles of the weights on older returns.
  public var halfLife: Double

  public init(strength: Double = 0, delay: Int = 24, halfLife: Double = 24) {
    self.strength = strength
    self.delay = delay
    self.halfLife = halfLife
  }
}

/// One edge of the lead-lag graph: the follower's mean moves with the leader's observed return `lag` candles earlier.
public struct LeadLagEdge: Sendable, Hashable {
  public var leader: String
  public var follower: String
  /// In candles, at least 1.
  public var lag: Int
  /// Mean of the follower, in its candle standard deviations, per standardized return of the leader.
  public var strength: Double

  public init(leader: String, follower: String, lag: Int = 1, strength: Double = 0.1) {
    self.leader = leader
    self.follower = follower
    self.lag = lag
    self.strength = strength
  }
}

/// From candle `candle` on, every predictable part is multiplied by `signalScale`: −1 turns it round, 0 ends it.
public struct SignalBreak: Sendable, Hashable {
  /// Index of the first candle that follows the new law.
  public var candle: Int
  public var signalScale: Double

  public init(candle: Int, signalScale: Double = -1) {
    self.candle = candle
    self.signalScale = signalScale
  }
}

/// What a unit of traded notional costs, in basis points a side.
///
/// Defaults: a fee of 2 (a maker's on a large venue for perpetuals), half a spread of 0.5 and slippage of 0.5.
public struct SimulatedCosts: Sendable, Hashable {
  public var fee: Double
  public var halfSpread: Double
  public var slippage: Double

  public init(fee: Double = 2, halfSpread: Double = 0.5, slippage: Double = 0.5) {
    self.fee = fee
    self.halfSpread = halfSpread
    self.slippage = slippage
  }

  /// As a fraction of notional, one side.
  public var perSide: Double { (fee + halfSpread + slippage) / 10_000 }
}

extension LinearSignal: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case strength
    case halfLife = "half-life"
    case sources, seasonal
  }

  public init(from decoder: any Decoder) throws {
    self.init()
    let container = try DefaultingContainer<CodingKeys>(decoder)
    try container.read(.strength, into: &strength)
    try container.read(.halfLife, into: &halfLife)
    try container.read(.sources, into: &sources)
    try container.read(.seasonal, into: &seasonal)
  }
}

extension InteractionSignal: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case strength }

  public init(from decoder: any Decoder) throws {
    self.init()
    try DefaultingContainer<CodingKeys>(decoder).read(.strength, into: &strength)
  }
}

extension MemorySignal: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case strength, delay
    case halfLife = "half-life"
  }

  public init(from decoder: any Decoder) throws {
    self.init()
    let container = try DefaultingContainer<CodingKeys>(decoder)
    try container.read(.strength, into: &strength)
    try container.read(.delay, into: &delay)
    try container.read(.halfLife, into: &halfLife)
  }
}

extension LeadLagEdge: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case leader, follower, lag, strength }

  public init(from decoder: any Decoder) throws {
    let container = try DefaultingContainer<CodingKeys>(decoder)
    self.init(
      leader: try container.values.decode(String.self, forKey: .leader),
      follower: try container.values.decode(String.self, forKey: .follower))
    try container.read(.lag, into: &lag)
    try container.read(.strength, into: &strength)
  }
}

extension SignalBreak: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case candle
    case signalScale = "signal-scale"
  }

  public init(from decoder: any Decoder) throws {
    let container = try DefaultingContainer<CodingKeys>(decoder)
    self.init(candle: try container.values.decode(Int.self, forKey: .candle))
    try container.read(.signalScale, into: &signalScale)
  }
}

extension SimulatedRegime: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case name
    case meanDuration = "mean-duration"
    case volatility, momentum, volume
  }

  public init(from decoder: any Decoder) throws {
    let values = try DefaultingContainer<CodingKeys>(decoder).values
    self.init(
      name: try values.decode(String.self, forKey: .name),
      meanDuration: try values.decode(Double.self, forKey: .meanDuration),
      volatility: try values.decode(Double.self, forKey: .volatility),
      momentum: try values.decode(Double.self, forKey: .momentum),
      volume: try values.decode(Double.self, forKey: .volume))
  }
}

extension SimulatedCosts: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case fee
    case halfSpread = "half-spread"
    case slippage
  }

  public init(from decoder: any Decoder) throws {
    self.init()
    let container = try DefaultingContainer<CodingKeys>(decoder)
    try container.read(.fee, into: &fee)
    try container.read(.halfSpread, into: &halfSpread)
    try container.read(.slippage, into: &slippage)
  }
}
