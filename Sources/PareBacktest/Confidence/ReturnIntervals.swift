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
  ///   - original: the same days of another; intervals are then of the differences to it, both resampled by the same places.
  ///   - benchmark: net returns of the same days, for the information ratio.
  ///   - execution: says how days add up and how many a year has.
  ///   - bootstrap: nil takes the one that suits the net returns, or their differences.
  /// - Precondition: a benchmark has as many days, and so has an original.
  public init(
    of days: [DailyReturn], against original: [DailyReturn]? = nil, benchmark: [Double]? = nil,
    execution: Execution = Execution(), level: Double = 0.95, bootstrap: StationaryBootstrap? = nil
  ) {
    precondition(benchmark.map { $0.count == days.count } ?? true, "the benchmark's return on each day")
    precondition(original.map { $0.count == days.count } ?? true, "the original's return on each day")
    let columns = DayColumns(days, benchmark: benchmark ?? [])
    let others = original.map { DayColumns($0, benchmark: benchmark ?? []) }
    let bootstrap = bootstrap ?? .suited(to: others.map { zip(columns.net, $0.net).map { $0 - $1 } } ?? columns.net)
    func value(_ figure: ReturnFigure, _ columns: DayColumns, _ others: DayColumns?) -> Double? {
      guard let own = columns.value(of: figure, execution) else { return nil }
      guard let others else { return own }
      return others.value(of: figure, execution).map { own - $0 }
    }
    var resamples: [ReturnFigure: [Double]] = [:]
    if days.count >= RiskRatios.fewestDays {
      var (drawn, drawnOthers) = (columns, others)
      bootstrap.forEachResample(of: days.count) { places in
        drawn.take(places, of: columns)
        if let others { drawnOthers?.take(places, of: others) }
        for figure in ReturnFigure.allCases {
          resamples[figure, default: []].append(value(figure, drawn, drawnOthers) ?? .nan)
        }
      }
    }
    var intervals: [ReturnFigure: ConfidenceInterval] = [:]
    for figure in ReturnFigure.allCases {
      intervals[figure] = ConfidenceInterval(
        value(figure, columns, others), resamples: resamples[figure] ?? [], level: level)
    }
    self.intervals = intervals
    self.bootstrap = bootstrap
  }
}
