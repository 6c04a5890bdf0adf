import PareBacktest
import PareTensor
import Testing

@Suite struct ScoreIntervalsTests {
  private struct Rows {
    var probabilities: [Float] = []
    var labels: [Int32] = []
    var returns: [Double] = []
    var days: [Int64] = []
  }

  /// Rows of classes whose probabilities know something of the labels.
  private func rows(classes: Int, days: Int, perDay: Int, seed: UInt64) -> Rows {
    var generator = SeededGenerator(seed: seed)
    var rows = Rows()
    for day in 0..<days {
      for _ in 0..<perDay {
        let label = generator.below(classes)
        var scores = (0..<classes).map { _ in Float(generator.normal()) }
        scores[label] += 0.5
        let weights = scores.map { Float(2).squareRoot() * $0 }.map { exp2Approximation($0) }
        let sum = weights.reduce(0, +)
        rows.probabilities += weights.map { $0 / sum }
        rows.labels.append(Int32(label))
        rows.returns.append((Double(label) - 0.5 * Double(classes - 1)) / 100 + generator.normal() / 50)
        rows.days.append(Int64(day) * 86_400_000)
      }
    }
    return rows
  }

  /// Any positive function will do.
  private func exp2Approximation(_ value: Float) -> Float { (1 + max(value, -0.9)) * (1 + max(value, -0.9)) + 0.05 }

  @Test(arguments: [2, 3]) func estimatesAreThoseOfAllRows(classes: Int) throws {
    let rows = rows(classes: classes, days: 60, perDay: 40, seed: UInt64(classes))
    let probabilities = try ClassProbabilities(rows.probabilities, classCount: classes)
    let found = try ScoreIntervals(of: probabilities, labels: rows.labels, forwardReturns: rows.returns, days: rows.days)
    let metrics = try ClassificationMetrics(of: probabilities, labels: rows.labels)
    let scores = rows.labels.indices.map { Double(probabilities[$0, class: classes - 1] - probabilities[$0, class: 0]) }
    let expected: [ScoreFigure: Double?] = [
      .accuracy: metrics.accuracy, .balancedAccuracy: metrics.balancedAccuracy, .logLoss: metrics.logLoss,
      .f1: metrics.f1.compactMap { $0 }.reduce(0, +) / Double(classes), .auc: metrics.areaUnderCurve, .brier: metrics.brier,
      .calibrationError: metrics.calibrationError,
      .correlation: InformationCoefficient.pearson(scores: scores, returns: rows.returns),
      .rankCorrelation: InformationCoefficient.rank(scores: scores, returns: rows.returns),
    ]
    for figure in ScoreFigure.allCases {
      let value = try #require(expected[figure] ?? nil, "\(figure)")
      let interval = found[figure]
      #expect(abs((interval.estimate ?? .nan) - value) < 1e-9, "\(figure)")
      let (lower, upper) = try (#require(interval.lower), #require(interval.upper))
      #expect(upper > lower, "\(figure)")
      // An error of calibration is a distance: resampling makes it larger.
      #expect(upper > value && (lower < value || figure == .calibrationError), "\(figure)")
    }
  }

  @Test func differencesArePairedDayByDay() throws {
    let rows = rows(classes: 2, days: 80, perDay: 30, seed: 6)
    let probabilities = try ClassProbabilities(rows.probabilities, classCount: 2)
    // A candidate that differs from the original in a few rows alone.
    let changed = rows.probabilities.enumerated().map { index, value in (index / 2) % 40 == 0 ? 1 - value : value }
    let other = try ClassProbabilities(changed, classCount: 2)
    func intervals(against: ClassProbabilities?) throws -> ScoreIntervals {
      try ScoreIntervals(of: other, against: against, labels: rows.labels, forwardReturns: rows.returns, days: rows.days)
    }
    let (alone, paired) = (try intervals(against: nil)[.accuracy], try intervals(against: probabilities)[.accuracy])
    let own = try ClassificationMetrics(of: other, labels: rows.labels).accuracy
    let before = try ClassificationMetrics(of: probabilities, labels: rows.labels).accuracy
    #expect(abs((paired.estimate ?? .nan) - (own - before)) < 1e-12)
    func width(_ interval: ConfidenceInterval) throws -> Double { try #require(interval.upper) - #require(interval.lower) }
    #expect(try width(paired) < width(alone) / 2)
    let same = try intervals(against: other)
    for figure in ScoreFigure.allCases { #expect(same[figure].lower == 0 && same[figure].upper == 0, "\(figure)") }

    let days = PeerSeries.persistent(seed: 2, count: 100, memory: 0).enumerated().map { index, net in
      DailyReturn(day: Int64(index), gross: net + 0.001, net: net, traded: 1, held: 3, steps: 5, trades: 1)
    }
    let better = days.map { DailyReturn(day: $0.day, gross: $0.gross + 0.01, net: $0.net + 0.01, traded: 1, held: 3, steps: 5, trades: 1) }
    let gain = ReturnIntervals(of: better, against: days)
    #expect(abs((gain[.netReturn].lower ?? 0) - 1) < 1e-9 && abs((gain[.netReturn].upper ?? 0) - 1) < 1e-9)
    #expect(gain[.turnover].lower == 0 && gain[.turnover].upper == 0 && (gain[.sharpe].lower ?? 0) > 0)
  }

  @Test func anAccuracysIntervalIsThatOfIndependentRows() throws {
    let rows = rows(classes: 2, days: 200, perDay: 50, seed: 5)
    let probabilities = try ClassProbabilities(rows.probabilities, classCount: 2)
    let found = try ScoreIntervals(of: probabilities, labels: rows.labels, forwardReturns: rows.returns, days: rows.days)[.accuracy]
    let share = try #require(found.estimate)
    let deviation = (share * (1 - share) / 10_000).squareRoot()
    let width = try #require(found.upper) - #require(found.lower)
    #expect(abs(width / (2 * 1.96 * deviation) - 1) < 0.2)
  }

  @Test func binnedAreasAreWithinABinOfTheirRanks() throws {
    // One day as often as there are days: every resample is all rows.
    let one = rows(classes: 2, days: 1, perDay: 700, seed: 9)
    var rows = Rows()
    for day in 0..<20 {
      rows.probabilities += one.probabilities
      rows.labels += one.labels
      rows.returns += one.returns
      rows.days += one.days.map { _ in Int64(day) }
    }
    let probabilities = try ClassProbabilities(rows.probabilities, classCount: 2)
    let found = try ScoreIntervals(of: probabilities, labels: rows.labels, forwardReturns: rows.returns, days: rows.days)[.auc]
    let estimate = try #require(found.estimate)
    // Half of a bin's pairs counts; all of them would be 1/512 off.
    #expect(abs(try #require(found.lower) - estimate) < 1.0 / 2048 && found.lower == found.upper)
  }

  @Test func fewDaysHaveFiguresAndNoIntervals() throws {
    let rows = rows(classes: 3, days: 19, perDay: 5, seed: 1)
    let probabilities = try ClassProbabilities(rows.probabilities, classCount: 3)
    let found = try ScoreIntervals(of: probabilities, labels: rows.labels, forwardReturns: rows.returns, days: rows.days)
    #expect(found[.accuracy].estimate != nil && found[.accuracy].lower == nil)
  }

  @Test func columnsThatDoNotMatchAreRefused() throws {
    let rows = rows(classes: 2, days: 3, perDay: 2, seed: 1)
    let probabilities = try ClassProbabilities(rows.probabilities, classCount: 2)
    #expect(throws: BacktestError.self) {
      try ScoreIntervals(of: probabilities, labels: rows.labels, forwardReturns: [], days: rows.days)
    }
    #expect(throws: BacktestError.self) {
      try ScoreIntervals(
        of: probabilities, labels: rows.labels, forwardReturns: rows.returns, days: rows.days.reversed())
    }
  }

  @Test func tradesHaveIntervalsAroundTheirFigures() throws {
    var generator = SeededGenerator(seed: 4)
    let trades = (0..<300).map { _ in generator.normal() + 0.2 }
    let found = TradeIntervals(of: trades)
    let won = trades.filter { $0 > 0 }
    #expect(found[.hitRate].estimate == Double(won.count) / 300)
    #expect(abs((found[.averageWin].estimate ?? 0) - won.reduce(0, +) / Double(won.count)) < 1e-12)
    for figure in TradeFigure.allCases {
      let (estimate, lower, upper) = try (
        #require(found[figure].estimate), #require(found[figure].lower), #require(found[figure].upper))
      #expect(lower < estimate && estimate < upper)
    }
    #expect(TradeIntervals(of: Array(trades.prefix(19)))[.hitRate].estimate == nil)
    #expect(TradeIntervals(of: [])[.profitFactor].lower == nil)
  }
}
