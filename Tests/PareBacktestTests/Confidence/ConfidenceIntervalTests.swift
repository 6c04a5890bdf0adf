import Foundation
import PareBacktest
import Testing

@Suite struct ConfidenceIntervalTests {
  @Test func boundsAreInterpolatedQuantiles() {
    // Of 0 … 100 in disorder the quantiles 0.025 and 0.975 are 2.5 and 97.5.
    let resamples = (0...100).map { Double($0 * 37 % 101) }
    let interval = ConfidenceInterval(50, resamples: resamples)
    #expect(agree(interval.lower, 2.5) && agree(interval.upper, 97.5) && interval.level == 0.95)
    let half = ConfidenceInterval(50, resamples: resamples, level: 0.5)
    #expect(half.lower == 25 && half.upper == 75)
    #expect(interval.excludes(2) && interval.excludes(98) && !interval.excludes(3) && !interval.excludes(50))
  }

  @Test func anUndefinedFigureHasNoInterval() throws {
    let defined = [Double](repeating: 1, count: 90) + [Double](repeating: .nan, count: 10)
    #expect(ConfidenceInterval(1, resamples: defined).lower == 1)
    let fewer = ConfidenceInterval(1, resamples: [1, .nan])
    #expect(fewer.estimate == 1 && fewer.lower == nil && fewer.upper == nil && !fewer.excludes(7))
    #expect(ConfidenceInterval(nil, resamples: [1, 2, 3]).lower == nil)
    #expect(ConfidenceInterval(1, resamples: []).upper == nil)
    let json = String(decoding: try JSONEncoder().encode(fewer), as: UTF8.self)
    #expect(json.contains("\"lower\":null") && json.contains("\"upper\":null"))
    #expect(try JSONDecoder().decode(ConfidenceInterval.self, from: Data(json.utf8)) == fewer)
  }

  @Test func everyFigureOfDaysHasAnIntervalAroundIt() throws {
    let days = PeerSeries.persistent(seed: 2, count: 600, memory: 0.6)
    let bootstrap = try StationaryBootstrap(meanBlock: BlockLength.stationary(for: days), resamples: 300)
    let daily = days.enumerated().map { index, net in
      DailyReturn(
        day: Int64(index) * 86_400_000, gross: net + 0.002, net: net, traded: 2 + net, held: 5 + net, steps: 10, trades: index % 3)
    }
    let benchmark = PeerSeries.persistent(seed: 3, count: 600, memory: 0)
    let intervals = ReturnIntervals(of: daily, benchmark: benchmark, bootstrap: bootstrap)
    func agrees(_ figure: ReturnFigure, _ expected: Double?) -> Bool {
      guard let found = intervals[figure].estimate, let expected else { return false }
      return abs(found - expected) <= 1e-12 * max(1, abs(expected))
    }
    #expect(agrees(.netReturn, days.reduce(0, +)) && agrees(.grossReturn, days.reduce(0, +) + 1.2))
    #expect(agrees(.sharpe, RiskRatios.sharpe(daily: days, daysPerYear: 365)))
    #expect(agrees(.expectedShortfall, TailRisk.expectedShortfall(daily: days)))
    #expect(agrees(.informationRatio, RiskRatios.information(daily: days, benchmark: benchmark, daysPerYear: 365)))
    let traded = daily.reduce(0) { $0 + $1.traded }
    #expect(agrees(.breakEven, (days.reduce(0, +) + 1.2) / traded * 10_000) && agrees(.turnover, traded / 600))
    #expect(agrees(.exposure, daily.reduce(0) { $0 + $1.held } / 6000) && agrees(.trades, 600))
    for figure in ReturnFigure.allCases where figure != .maxDrawdown {
      guard let estimate = intervals[figure].estimate, let lower = intervals[figure].lower, let upper = intervals[figure].upper else {
        // Costs have no share of what was lost, and too many resamples lose.
        #expect(figure == .costShare || figure == .calmar, "\(figure)")
        continue
      }
      #expect(lower < estimate && estimate < upper, "\(figure)")
    }
    // A mean's interval is about ± 1.96 deviations of the resampled mean, as percentiles of nearly normal values.
    let sums = bootstrap.distribution(of: days) { $0.reduce(0, +) }.sorted()
    #expect(intervals[.netReturn].lower.map { $0 >= sums[7] && $0 <= sums[8] } ?? false)
    let few = ReturnIntervals(of: Array(daily.prefix(19)))
    #expect(few[.netReturn].estimate == nil && few[.sharpe].lower == nil)
  }
}
