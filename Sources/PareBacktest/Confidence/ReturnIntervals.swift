/// The figures of daily returns, each with its interval, all from the same resamples.
///
/// Days are what is resampled, so figures that the backtest reads at every step (the drawdown) are here read once a day, and
/// what funding and borrowing took counts among the costs.
public struct ReturnIntervals: Sendable, Hashable {
  private let intervals: [ReturnFigure: ConfidenceInterval]
  /// How the days were resampled.
  public let bootstrap: StationaryBootstrap

  public subscript(figure: ReturnFigure) -> ConfidenceInterval {
    intervals[figure] ?? ConfidenceInterval(nil, resamples: [])
  }

  /// - Parameters:
  ///   - days: flat days included.
  ///   - benchmark: net returns of the same days, for the information ratio.
  ///   - execution: says how days add up and how many a year has.
  ///   - bootstrap: nil takes the one that suits the net returns.
  /// - Precondition: a benchmark has as many days.
  public init(
    of days: [DailyReturn], benchmark: [Double]? = nil, execution: Execution = Execution(), level: Double = 0.95,
    bootstrap: StationaryBootstrap? = nil
  ) {
    precondition(benchmark.map { $0.count == days.count } ?? true, "the benchmark's return on each day")
    let columns = DayColumns(days, benchmark: benchmark ?? [])
    let bootstrap = bootstrap ?? .suited(to: columns.net)
    var resamples: [ReturnFigure: [Double]] = [:]
    if days.count >= RiskRatios.fewestDays {
      var drawn = columns
      bootstrap.forEachResample(of: days.count) { places in
        drawn.take(places, of: columns)
        for figure in ReturnFigure.allCases {
          resamples[figure, default: []].append(drawn.value(of: figure, execution) ?? .nan)
        }
      }
    }
    var intervals: [ReturnFigure: ConfidenceInterval] = [:]
    for figure in ReturnFigure.allCases {
      intervals[figure] = ConfidenceInterval(
        columns.value(of: figure, execution), resamples: resamples[figure] ?? [], level: level)
    }
    self.intervals = intervals
    self.bootstrap = bootstrap
  }
}
