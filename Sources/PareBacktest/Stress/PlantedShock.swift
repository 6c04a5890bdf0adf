/// Something that happens to a market rarely, and that a candidate should survive as the original does.
public enum PlantedShock: Codable, Sendable, Hashable {
  /// The price jumps before a candle by so many deviations of the log returns before it, down where negative, and stays there.
  case gap(deviations: Double)
  /// Half the spread is a multiple of itself for some candles.
  case spreadWidening(multiple: Double, candles: Int)
  /// The log price strays from its mean path over some candles by a multiple of what it did.
  case volatilityBurst(multiple: Double, candles: Int)

  /// Candles that it lasts.
  public var candles: Int {
    switch self {
    case .gap: 1
    case .spreadWidening(_, let candles), .volatilityBurst(_, let candles): candles
    }
  }

  /// Candles that have to be there before it.
  var history: Int {
    switch self {
    case .gap: TrailingMoments.fewest
    case .spreadWidening: 0
    case .volatilityBurst: 1
    }
  }

  /// - Throws: `backtest.stress`.
  func validate() throws(BacktestError) {
    switch self {
    case .gap(let deviations):
      guard deviations.isFinite else { throw Self.refusal("deviations", "a finite number", deviations) }
    case .spreadWidening(let multiple, let candles), .volatilityBurst(let multiple, let candles):
      guard multiple >= 1, multiple.isFinite else { throw Self.refusal("multiple", "1 or more", multiple) }
      guard (1...1_000_000).contains(candles) else { throw Self.refusal("candles", "1 to 1000000", candles) }
    }
  }

  private static func refusal(_ name: String, _ expected: String, _ found: some Any) -> BacktestError {
    BacktestError("stress", subject: "shock.\(name)", expected: expected, found: "\(found)", category: .usage)
  }
}
