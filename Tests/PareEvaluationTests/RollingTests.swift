import PareCompression
import PareEvaluation
import PareMarket
import Testing

/// A student that keeps up with its market.
@Suite struct RollingTests {
  private static func plan(window: Int = 1500, every: Int = 500) -> RollingPlan {
    let schedule = TrainingSchedule(epochs: 12, batchSize: 128, learningRate: 3e-3, weightDecay: 0.1, patience: 4)
    var distillation = Distillation(into: .mlp(hidden: []), temperature: 1, hardWeight: 0.3, training: schedule)
    distillation.weighting.halfLife = 500
    return RollingPlan(
      window: window, every: every, teacher: NetworkTeacher(model: .mlp(hidden: [8]), training: schedule), distillation: distillation,
      continuation: schedule)
  }

  /// A market with a strong linear signal that turns round.
  private static func experiment(candles: Int = 7000, turningAt candle: Int = 4500) throws -> Experiment {
    var simulation = Small.simulation(candles: candles)
    simulation.linear.strength = 0.5
    simulation.interaction.strength = 0
    simulation.signalBreak = SignalBreak(candle: candle)
    var experiment = Experiment(name: "rolling", data: .simulation(simulation))
    experiment.features = FeatureChoice(columns: [.return(1), .return(5), .return(10), .return(20)])
    return experiment
  }

  private static func distiller() throws -> RollingDistiller {
    let experiment = try experiment()
    return try RollingDistiller(plan(), label: experiment.label, features: experiment.features, seed: 3)
  }

  @Test func whatComesLaterChangesNothingLearnedBefore() throws {
    let series = try Small.simulation(candles: 2600).run(seed: 8).series[0]
    var changed = series.candles
    for index in 2000..<changed.count { changed[index].volume *= 3; changed[index].close *= 1.01; changed[index].high *= 1.02 }
    var (one, other) = (try Self.distiller(), try Self.distiller())
    let first = try one.update(with: CandleSeries(key: series.key, candles: Array(series.candles[..<2000])))
    let second = try other.update(with: CandleSeries(key: series.key, candles: Array(changed[..<2000])))
    #expect(first.student.graph.parameters == second.student.graph.parameters)
    #expect(first.last <= series.candles[1999].start + 300_000)
    // And before the window nothing is read.
    var third = try Self.distiller()
    let recent = Array(series.candles[..<2000].suffix(1700))
    #expect(try third.update(with: CandleSeries(key: series.key, candles: recent)).student.graph.parameters == first.student.graph.parameters)
  }

  @Test func theStudentLearnsOnAndTheTeacherIsMadeAnewOnItsSchedule() throws {
    let series = try Small.simulation(candles: 3000).run(seed: 8).series[0]
    var plan = Self.plan()
    plan.teacherEvery = 2
    let experiment = try Self.experiment()
    var distiller = try RollingDistiller(plan, label: experiment.label, features: experiment.features, seed: 3)
    let updates = try [2000, 2500, 3000].map { count in
      try distiller.update(with: CandleSeries(key: series.key, candles: Array(series.candles[..<count])))
    }
    #expect(updates.map(\.hasNewTeacher) == [true, false, true])
    #expect(updates[0].student.graph.parameters != updates[1].student.graph.parameters)
    #expect(updates[1].student.graph.nodes == updates[0].student.graph.nodes)
  }

  @Test func aMarketThatTurnsRoundIsFollowed() async throws {
    let file = ExperimentFile(experiment: try Self.experiment(), directory: ".")
    let result = try await RollingRun(file, plan: Self.plan()).execute()
    let turn = try #require(result.signalBreak)
    let before = try #require(result.skill(\.rolling, in: 0..<turn))
    #expect(before > 0.02 && result.isTrue)
    let later = turn + 1500..<7000
    let (rolling, fixed) = (try #require(result.skill(\.rolling, in: later)), try #require(result.skill(\.fixed, in: later)))
    #expect(rolling > 0.5 * before && fixed < 0)
    #expect(result.blocks.first.map { $0.rolling == $0.fixed } == true)
  }

  @Test func aMarketShorterThanTheWindowIsRefused() async throws {
    let file = ExperimentFile(experiment: try Self.experiment(candles: 1200, turningAt: 600), directory: ".")
    await #expect(throws: EvaluationError.self) { try await RollingRun(file, plan: Self.plan()).execute() }
    #expect(throws: (any Error).self) { try Self.plan(window: 400, every: 900).validate() }
    var plan = Self.plan()
    plan.teacher.features = FeatureChoice(window: 8)
    #expect(throws: CompressionError.self) { try plan.validate() }
  }
}
