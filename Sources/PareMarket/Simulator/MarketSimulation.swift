import PareTensor

/// Configuration of the simulated market. `docs/simulator.md` has the model in formulas and the measured defaults.
///
/// Every field has a default, in code as in a file. Run it with `run(seed:)`.
public struct MarketSimulation: Sendable, Hashable {
  /// Marks everything that comes from here.
  public static let provenance = "simulated"
  /// Horizon of the truth unless told otherwise, in candles: one hour of five-minute candles.
  public static let defaultHorizon = 12

  /// Number of symbols, 1 to 26, named SIM-A, SIM-B, ….
  public var symbols = 3
  /// Candles per symbol.
  public var candles = 72_000
  public var interval = CandleInterval.fiveMinutes
  /// Start of the first candle, Unix milliseconds; 2024-01-01 00:00 UTC by default.
  public var start: Int64 = 1_704_067_200_000
  /// Candles between the two ends of the label whose truth is saved.
  public var horizon = MarketSimulation.defaultHorizon
  /// Simulated paths per candle and truth, even: half are mirror images of the others.
  public var paths = 256

  /// First open of every symbol.
  public var initialPrice = 100.0
  /// Long-run standard deviation of one candle's return.
  public var volatility = 0.0015
  /// Weight of the newest squared return in the next variance.
  public var volatilityReaction = 0.05
  /// Weight of the last variance in the next.
  public var volatilityPersistence = 0.91
  /// Of the Student-t innovations, 3 to 100: the fewer, the fatter the tails.
  public var degreesOfFreedom = 8
  /// Loading of each symbol's innovation on the common factor, in [0, 1); its square is their correlation.
  public var factorLoading = 0.7
  /// Half-life, in candles, of the average of returns that momentum means here.
  public var momentumHalfLife = 10.0
  /// How much of a deviation of log volume remains one candle later, in [0, 1).
  public var volumePersistence = 0.7

  public var regimes = SimulatedRegime.standard
  public var linear = LinearSignal()
  public var interaction = InteractionSignal()
  public var memory = MemorySignal()
  /// The lead-lag graph, which is thereby saved with the configuration.
  public var leadLag: [LeadLagEdge] = []
  public var signalBreak: SignalBreak? = nil
  /// Of the reference policy in the summary.
  public var costs = SimulatedCosts()

  public init() {}

  /// SIM-A, SIM-B, ….
  public var symbolNames: [String] {
    (0..<max(0, min(symbols, 26))).map { "SIM-" + String(UnicodeScalar(UInt8(ascii: "A") + UInt8($0))) }
  }
}

extension MarketSimulation: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case symbols, candles, interval, start, horizon, paths
    case initialPrice = "initial-price"
    case volatility
    case volatilityReaction = "volatility-reaction"
    case volatilityPersistence = "volatility-persistence"
    case degreesOfFreedom = "degrees-of-freedom"
    case factorLoading = "factor-loading"
    case momentumHalfLife = "momentum-half-life"
    case volumePersistence = "volume-persistence"
    case regimes, linear, interaction, memory
    case leadLag = "lead-lag"
    case signalBreak = "signal-break"
    case costs
  }

  /// Missing keys take their defaults.
  ///
  /// - Throws: `market.unknown-key`, naming the key's path.
  public init(from decoder: any Decoder) throws {
    self.init()
    let container = try DefaultingContainer<CodingKeys>(decoder)
    try container.read(.symbols, into: &symbols)
    try container.read(.candles, into: &candles)
    try container.read(.interval, into: &interval)
    try container.read(.start, into: &start)
    try container.read(.horizon, into: &horizon)
    try container.read(.paths, into: &paths)
    try container.read(.initialPrice, into: &initialPrice)
    try container.read(.volatility, into: &volatility)
    try container.read(.volatilityReaction, into: &volatilityReaction)
    try container.read(.volatilityPersistence, into: &volatilityPersistence)
    try container.read(.degreesOfFreedom, into: &degreesOfFreedom)
    try container.read(.factorLoading, into: &factorLoading)
    try container.read(.momentumHalfLife, into: &momentumHalfLife)
    try container.read(.volumePersistence, into: &volumePersistence)
    try container.read(.regimes, into: &regimes)
    try container.read(.linear, into: &linear)
    try container.read(.interaction, into: &interaction)
    try container.read(.memory, into: &memory)
    try container.read(.leadLag, into: &leadLag)
    signalBreak = try container.values.decodeIfPresent(SignalBreak.self, forKey: .signalBreak)
    try container.read(.costs, into: &costs)
  }
}
