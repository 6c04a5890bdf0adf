/// The figures of daily returns, each with its interval, all from the same resamples.
public struct ReturnIntervals: Codable, Sendable, Hashable {
  /// Sum of the days.
  public let netReturn: ConfidenceInterval
  public let volatility: ConfidenceInterval
  public let sharpe: ConfidenceInterval
  public let sortino: ConfidenceInterval
  public let valueAtRisk: ConfidenceInterval
  public let expectedShortfall: ConfidenceInterval
  /// How the days were resampled.
  public let bootstrap: StationaryBootstrap

  private enum CodingKeys: String, CodingKey {
    case volatility, sharpe, sortino, bootstrap
    case netReturn = "net_return"
    case valueAtRisk = "var_95"
    case expectedShortfall = "cvar_95"
  }

  /// - Parameters:
  ///   - daily: net returns, flat days included.
  ///   - daysPerYear: of the calendar.
  ///   - bootstrap: nil takes the one that suits the days.
  public init(
    daily: [Double], daysPerYear: Double, level: Double = 0.95, bootstrap: StationaryBootstrap? = nil
  ) {
    let bootstrap = bootstrap ?? .suited(to: daily)
    let statistics: [([Double]) -> Double?] = [
      { $0.count >= RiskRatios.fewestDays ? $0.reduce(0, +) : nil },
      { RiskRatios.volatility(daily: $0, daysPerYear: daysPerYear) },
      { RiskRatios.sharpe(daily: $0, daysPerYear: daysPerYear) },
      { RiskRatios.sortino(daily: $0, daysPerYear: daysPerYear) },
      { TailRisk.valueAtRisk(daily: $0) },
      { TailRisk.expectedShortfall(daily: $0) },
    ]
    let intervals = zip(statistics, bootstrap.distributions(of: daily, statistics)).map {
      ConfidenceInterval($0(daily), resamples: $1, level: level)
    }
    netReturn = intervals[0]
    volatility = intervals[1]
    sharpe = intervals[2]
    sortino = intervals[3]
    valueAtRisk = intervals[4]
    expectedShortfall = intervals[5]
    self.bootstrap = bootstrap
  }
}
