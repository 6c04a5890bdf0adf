import PareBacktest
import PareMarket

/// What the seeds together say of each model on the test days.
package struct PanelSummary: Codable, Sendable {
  /// One model over all seeds.
  package struct Row: Codable, Sendable {
    package var name: String
    package var words: String
    /// Means over the seeds.
    package var bytes: Double
    package var parameters: Double
    package var seconds: Double
    package var ic: SeedSummary?
    package var icRatio: SeedSummary?
    package var rankIC: SeedSummary?
    package var rankICRatio: SeedSummary?
    package var direction: SeedSummary?
    package var excess: SeedSummary?
    package var informationRatio: SeedSummary?
    package var longShort: SeedSummary?
    package var sharpe: SeedSummary?
    package var turnover: SeedSummary?
    package var fidelity: SeedSummary?
    /// The teacher's bytes over its own.
    package var ratio: Double?
    /// Its daily ICs less the teacher's; nil for the teacher.
    package var comparison: CoefficientComparison?
    /// The shares of the teacher's IC and rank IC that it keeps.
    package var kept: KeptShare?
    package var keptRank: KeptShare?
  }

  package var rows: [Row]

  /// The teacher first, then the candidates, then the others by falling rank IC.
  init(_ seeds: [PanelSeedResult], horizon: Int, margin: Double) throws {
    try self.init(stretches: seeds.map { [$0] }, horizon: horizon, margin: margin)
  }

  /// - Parameter stretches: by seed, the results on stretches of days that follow one another, the same for every seed. A seed's days are
  ///   compared as one stretch; means and deviations are over all results.
  init(stretches seeds: [[PanelSeedResult]], horizon: Int, margin: Double) throws {
    let names = seeds.first?.first?.models.map(\.name) ?? []
    let teachers = seeds.map { $0.compactMap { $0.models.first } }
    rows = try names.compactMap { name in
      let models = seeds.map { $0.compactMap { $0[name] } }
      guard models.map(\.count) == seeds.map(\.count), let first = models.first?.first else { return nil }
      return try Row(first, models, teachers, horizon: horizon, margin: margin)
    }
  }
}

extension PanelSummary.Row {
  fileprivate init(
    _ first: PanelModelResult, _ bySeed: [[PanelModelResult]], _ teachersBySeed: [[PanelModelResult]], horizon: Int, margin: Double
  ) throws {
    let (models, teachers) = (bySeed.flatMap(\.self), teachersBySeed.flatMap(\.self))
    func mean(_ value: (PanelModelResult) -> Double) -> Double { models.reduce(0) { $0 + value($1) } / Double(models.count) }
    func summary(_ value: (PanelJudgement) -> Double?) -> SeedSummary? {
      let values = models.compactMap { value($0.test) }
      return values.count == models.count ? SeedSummary(values) : nil
    }
    (name, words) = (first.name, first.words)
    (bytes, parameters, seconds) = (mean { Double($0.bytes) }, mean { Double($0.parameters) }, mean(\.seconds))
    (ic, icRatio) = (summary(\.metrics.ic.mean), summary(\.metrics.ic.ratio))
    (rankIC, rankICRatio) = (summary(\.metrics.rankIC.mean), summary(\.metrics.rankIC.ratio))
    direction = summary(\.metrics.direction.accuracy)
    (excess, informationRatio) = (summary(\.longOnly.annualExcess), summary(\.longOnly.informationRatio))
    (longShort, sharpe, turnover) = (summary(\.longShort.annualReturn), summary(\.longShort.sharpe), summary(\.longShort.turnover))
    fidelity = summary(\.fidelity)
    guard first.role != .teacher else { return }
    let own = teachers.reduce(0) { $0 + Double($1.bytes) } / Double(teachers.count)
    ratio = own / bytes
    func daily(_ figures: (CrossSectionMetrics) -> DailyFigures, _ of: [[PanelModelResult]]) -> [DailyFigures] {
      of.map { stretches in DailyFigures(stretches.flatMap { figures($0.test.metrics).values }) }
    }
    comparison = try CoefficientComparison(student: daily(\.ic, bySeed), teacher: daily(\.ic, teachersBySeed), horizon: horizon, margin: margin)
    kept = try KeptShare(student: daily(\.ic, bySeed), teacher: daily(\.ic, teachersBySeed), horizon: horizon)
    keptRank = try KeptShare(student: daily(\.rankIC, bySeed), teacher: daily(\.rankIC, teachersBySeed), horizon: horizon)
  }
}
