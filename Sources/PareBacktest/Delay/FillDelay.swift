/// How long after the close at which it was made a decision is at the market: feed, plan and order entry together.
///
/// A decision that arrives within a candle is filled at what `model` says of the price then, one that arrives in a gap at
/// the next open, and a delay of whole candles is a lag of as many where no candle is missing.
public struct FillDelay: Codable, Sendable, Hashable {
  /// 0 to 10¹², with fractions.
  public var milliseconds: Double
  public var model: FillModel
  /// The length of a candle in milliseconds; nil takes the least distance between the starts of an instrument's candles.
  public var candle: Int64?

  /// Decisions are filled at the open after them.
  public static let none = FillDelay(milliseconds: 0)

  public init(milliseconds: Double, model: FillModel = .straight, candle: Int64? = nil) {
    self.milliseconds = milliseconds
    self.model = model
    self.candle = candle
  }

  /// - Throws: `backtest.delay`.
  func validate(for instruments: [Instrument]) throws(BacktestError) {
    guard milliseconds >= 0, milliseconds <= 1e12 else {
      throw Self.refusal("milliseconds", "0 to 10¹²", milliseconds)
    }
    guard let candle else { return }
    for instrument in instruments {
      let most = Self.leastDistance(instrument.candles)
      guard candle >= 1, candle <= most else {
        throw Self.refusal("candle", "1 to \(most), the least distance of \(instrument.name)'s candles", candle)
      }
    }
  }

  /// How long a candle lasts, in milliseconds.
  func length(_ candles: TradedCandles) -> Int64 { candle ?? Self.leastDistance(candles) }

  private static func leastDistance(_ candles: TradedCandles) -> Int64 {
    zip(candles.times, candles.times.dropFirst()).reduce(Int64.max) { min($0, $1.1 - $1.0) }
  }

  private static func refusal(_ name: String, _ expected: String, _ found: some Any) -> BacktestError {
    BacktestError("delay", subject: "delay.\(name)", expected: expected, found: "\(found)", category: .usage)
  }
}
