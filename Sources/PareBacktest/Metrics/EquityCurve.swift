/// Cumulative return over time, gross and net, for plots and paired comparisons; columns of equal length.
public struct EquityCurve: Codable, Sendable, Hashable {
  /// When each value holds, Unix milliseconds: the end of its day or step.
  public internal(set) var times: [Int64] = []
  /// Cumulative return since the beginning, as a fraction.
  public internal(set) var gross: [Double] = []
  public internal(set) var net: [Double] = []

  mutating func append(time: Int64, gross: Double, net: Double) {
    times.append(time)
    self.gross.append(gross)
    self.net.append(net)
  }
}

/// What one day earned, as fractions (of the equity at its beginning when compounding).
public struct DailyReturn: Codable, Sendable, Hashable {
  /// The day's date, as its midnight UTC, Unix milliseconds; by an exchange's calendar the date is the one there.
  public let day: Int64
  public let gross: Double
  public let net: Double
  /// Notional traded, one way.
  public let traded: Double
  /// Σ |position| over the day's steps, and how many those are.
  public let held: Double
  public let steps: Int
  /// Trades that ended.
  public let trades: Int

  public init(
    day: Int64, gross: Double, net: Double, traded: Double = 0, held: Double = 0, steps: Int = 0, trades: Int = 0
  ) {
    self.day = day
    self.gross = gross
    self.net = net
    self.traded = traded
    self.held = held
    self.steps = steps
    self.trades = trades
  }
}
