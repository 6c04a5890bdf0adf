import Foundation
import PareArtifact
import PareBacktest
import PareBoostedTrees
import PareCompression
import PareEvaluation
import PareInference
import PareMarket
import PareTensor
import Testing

/// Runs whose teachers are not one network on the experiment's own rows.
@Suite struct TeacherRunTests {
  private static let schedule = TrainingSchedule(epochs: 3, batchSize: 256, learningRate: 1e-3, patience: 3)

  /// A student of a teacher, and that student in integers.
  private func experiment(_ teacher: TeacherConfiguration, candles: Int = 3000) throws -> Experiment {
    var experiment = Small.experiment(.simulation(Small.simulation(candles: candles)))
    experiment.teacher = teacher
    experiment.candidates = [
      CandidateConfiguration(
        "student",
        recipe: Recipe("student") { Distillation(into: .mlp(hidden: [6]), temperature: 2, hardWeight: 0.2, training: Self.schedule) }),
      CandidateConfiguration("int8", from: "student", recipe: Recipe("int8") { Quantization(.int8) }),
    ]
    return experiment
  }

  private static let windows = FeatureChoice(columns: [.return(1), .rangeOverOpen], window: 24)

  @Test func aTeacherOfWindowsTeachesAStudentOfRows() async throws {
    let folder = try ScratchFolder()
    let network = NetworkTeacher(
      model: .recurrent(.gru, hidden: [6]), training: Self.schedule, features: Self.windows, rows: 500)
    let results = try await Small.run(try experiment(TeacherConfiguration(network)), in: folder)
    let (teacher, student) = (results.candidates[0], results.candidates[1])
    #expect(teacher.artifact == "artifacts/teacher.pare")
    #expect(FileManager.default.fileExists(atPath: folder.file("run/artifacts/teacher.pare")))
    #expect((teacher.latencyNs?.p50 ?? 0) > 0 && teacher.bytes > 0 && student.bytes > 0)
    #expect(student.test.agreement > 0.5)
    let summary = try #require(results.teacher)
    #expect(summary.models == ["teacher"] && !summary.wasKept)
    #expect(summary.test.softened.map(\.entropy) == summary.test.softened.map(\.entropy).sorted())
    #expect(summary.test.confusion.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-4 })
    // Both are judged on the same decisions.
    #expect(teacher.evidence?.test.days.returns.count == student.evidence?.test.days.returns.count)
  }

  @Test func anEnsembleOfEqualInputsIsOneModelAndSaysHowFarItsMembersAreApart() async throws {
    let folder = try ScratchFolder()
    let ensemble = EnsembleTeacher([
      "a": TeacherConfiguration(model: .mlp(hidden: [6]), training: Self.schedule),
      "b": TeacherConfiguration(model: .mlp(hidden: []), training: Self.schedule),
    ])
    for combination in EnsembleTeacher.Combination.allCases {
      var one = ensemble
      one.combine = combination
      one.folds = 2
      let results = try await Small.run(try experiment(TeacherConfiguration(one)), in: folder, as: combination.rawValue)
      let path = folder.file("\(combination.rawValue)/teachers/small-1.safetensors")
      let kept = try Safetensors.read(path)
      let (logits, apart) = (try #require(kept.tensors["logits"]), try #require(kept.tensors["disagreement"]))
      #expect(logits.shape[0] == apart.shape[0])
      #expect(apart.doubles.allSatisfy { $0 >= 0 && $0 <= 0.5 } && apart.doubles.contains { $0 > 0 })
      // What was said by the members and combined is what the merged model's plan says.
      let said = logits.values(as: Float.self)
      let context = try ExecutionPlan(try Artifact.read(folder.file("\(combination.rawValue)/artifacts/teacher.pare"))).makeContext()
      let series = try Small.simulation(candles: 3000).run(seed: 1).series[0]
      let dataset = try MarketDataset(series: [series], schema: FeatureSchema(interval: .fiveMinutes), label: .init(.direction, horizon: 12))
      #expect(said.count == 2 * dataset.rowCount)
      for row in dataset.parts[.test] where row % 37 == 0 {
        let features = Array(dataset.features[row * dataset.width..<(row + 1) * dataset.width])
        try features.withUnsafeBufferPointer { _ = try context.run(features: try #require($0.baseAddress)) }
        let up = 1 / (1 + exp(said[2 * row] - said[2 * row + 1]))
        #expect(abs(up - (context.output("probabilities", as: Float.self)?[1] ?? 0)) < 1e-5)
      }
      #expect(results.candidates[0].pareto || results.candidates.contains { $0.pareto })
    }
  }

  @Test func anEnsembleOfDifferentInputsTeachesAndIsNeverChosen() async throws {
    let folder = try ScratchFolder()
    let ensemble = EnsembleTeacher(
      [
        "rows": TeacherConfiguration(model: .mlp(hidden: [6]), training: Self.schedule),
        "windows": TeacherConfiguration(
          NetworkTeacher(model: .recurrent(.lstm, hidden: [4]), training: Self.schedule, features: Self.windows, rows: 400)),
      ], combine: .weighted, folds: 1)
    let results = try await Small.run(try experiment(TeacherConfiguration(ensemble)), in: folder)
    let parts = ["artifacts/teacher-rows.pare", "artifacts/teacher-windows.pare"]
    #expect(results.candidates[0].parts == parts && results.candidates[0].artifact == nil)
    #expect(Set(parts).isSubset(of: try RunRecord.read(from: folder.file("run")).artifacts.map(\.path)))
    #expect(!results.candidates[0].pareto && results.chosen != "teacher")
  }

  @Test(.enabled(if: XGBoostLibrary.isAvailable, "XGBoost's library is not installed; scripts/setup installs it"))
  func boostedTreesTeachAndCanBeParedLikeAnyModel() async throws {
    let folder = try ScratchFolder()
    let trees = TreeTeacher(BoostingSettings(rounds: 20, depth: 3, earlyStoppingRounds: 5))
    let results = try await Small.run(try experiment(TeacherConfiguration(trees)), in: folder)
    #expect(results.candidates[0].artifact == "artifacts/teacher.pare")
    #expect((results.candidates[0].latencyNs?.p50 ?? 0) > 0 && results.candidates[1].test.agreement > 0.5)
  }

  @Test(arguments: AgentTeacher.Learner.allCases) func anAgentTeachesAndItsCurvesAreKept(learner: AgentTeacher.Learner) async throws {
    let folder = try ScratchFolder()
    let agent = AgentTeacher(learner, hidden: [8], epochs: 2, patience: 2, members: 2)
    let results = try await Small.run(try experiment(TeacherConfiguration(agent)), in: folder)
    let summary = try #require(results.teacher)
    #expect(summary.curves.count == 2 && summary.curves.allSatisfy { !$0.points.isEmpty })
    #expect(results.candidates[0].bytes > 0 && results.candidates[1].test.agreement > 0.4)
    // Found again with its curves.
    let again = try await Small.run(try experiment(TeacherConfiguration(agent)), in: folder)
    #expect(again.teacher?.wasKept == true && again.teacher?.curves == summary.curves)
  }

  /// A network over the cross-section whose followers' signal is in their leaders' candles.
  @Test(arguments: [SymbolSight.Edges.learned, .given]) func aNetworkOverTheCrossSectionTeaches(edges: SymbolSight.Edges) async throws {
    let folder = try ScratchFolder()
    let teacher = GraphTeacher(
      CrossSectionArchitecture(GraphAttentionSettings(hidden: [8], heads: 2, sight: SymbolSight(edges: edges))),
      edges: edges == .given ? .correlation(candles: nil, strongest: 2) : .ofTheNetwork, training: Self.schedule)
    var experiment = try experiment(TeacherConfiguration(teacher))
    var simulation = MarketSimulation.leadLag(symbols: 3)
    (simulation.candles, simulation.paths) = (1500, 16)
    experiment.data = .simulatedPanel(simulation)
    experiment.label = try LabelDefinition(.direction, horizon: simulation.horizon)
    let results = try await Small.run(experiment, in: folder)
    #expect(results.data.symbols.count == 3 && results.truth != nil)
    #expect((results.candidates[0].latencyNs?.p50 ?? 0) > 0 && results.candidates[1].test.agreement > 0.4)
  }

  /// Files of industries have holes.
  @Test func aSymbolWithoutAGroupHearsNobody() async throws {
    let folder = try ScratchFolder()
    let path = try folder.write("symbol,industry\nSIM-A,x\nSIM-B,x\nSIM-C,\n", to: "industries.csv")
    let teacher = GraphTeacher(
      CrossSectionArchitecture(GraphAttentionSettings(hidden: [4], heads: 2, sight: SymbolSight(edges: .given))),
      edges: .groups(path: path, column: nil), training: Self.schedule)
    var experiment = try experiment(TeacherConfiguration(teacher))
    var simulation = MarketSimulation.leadLag(symbols: 3)
    (simulation.candles, simulation.paths) = (1000, 16)
    experiment.data = .simulatedPanel(simulation)
    experiment.label = try LabelDefinition(.direction, horizon: simulation.horizon)
    let results = try await Small.run(experiment, in: folder)
    let graph = try Artifact.read(folder.file("run/artifacts/teacher.pare")).graph
    let edges = try #require(graph.parameters["adjacency"]).storage.decoded().values(as: Float.self)
    // Logarithms: who shares a group, and oneself.
    #expect(edges.map { $0 == 0 } == [true, true, false, true, true, false, false, false, true])
    #expect(results.candidates[0].bytes > 0)
  }

  @Test func aCrossSectionOfOneSymbolIsRefused() async throws {
    let folder = try ScratchFolder()
    let teacher = GraphTeacher(CrossSectionArchitecture(GraphAttentionSettings()))
    await #expect { try await Small.run(try experiment(TeacherConfiguration(teacher)), in: folder) } throws: { error in
      (error as? MarketError)?.code == "market.cross-section"
    }
  }

  @Test(arguments: [PortfolioLayer.Rule.rank(long: 0.34, short: 0.34), .volatilityScaled, .meanVariance(shrinkage: nil)])
  func aPortfolioLayerMakesMoneyOfAlphas(rule: PortfolioLayer.Rule) async throws {
    let folder = try ScratchFolder()
    var simulation = MarketSimulation.leadLag(symbols: 3)
    (simulation.candles, simulation.paths) = (1500, 16)
    var experiment = try experiment(TeacherConfiguration(TruthTeacher()))
    experiment.data = .simulatedPanel(simulation)
    experiment.label = try LabelDefinition(.direction, horizon: simulation.horizon)
    experiment.execution.portfolio = PortfolioChoice(PortfolioLayer(rule), candles: 40)
    let results = try await Small.run(experiment, in: folder)
    // Who knows the truth earns before costs; positions hold the gross exposure and no more.
    #expect(results.candidates[0].test.money.metrics.grossReturn > 0)
    let again: Experiment = try StrictYAML.decode(results.configuration, source: "configuration")
    #expect(again.execution.portfolio == experiment.execution.portfolio)
  }

  @Test func aPortfolioOfOneSymbolIsRefused() async throws {
    let folder = try ScratchFolder()
    var experiment = try experiment(TeacherConfiguration())
    experiment.execution.portfolio = PortfolioChoice(PortfolioLayer(.volatilityScaled))
    experiment.teacher = TeacherConfiguration(model: .mlp(hidden: []), training: Self.schedule)
    await #expect { try await Small.run(experiment, in: folder) } throws: { error in
      (error as? BacktestError)?.code == "backtest.cross-section"
    }
  }

  @Test func everyKindSurvivesItsSpelling() throws {
    let network = NetworkTeacher(model: .recurrent(.gru, hidden: [6]), training: Self.schedule, features: Self.windows, rows: 500)
    let kinds: [TeacherConfiguration] = [
      TeacherConfiguration(network), TeacherConfiguration(TreeTeacher(BoostingSettings(rounds: 7), rows: 90)),
      TeacherConfiguration(AgentTeacher(.ppo, hidden: [3], members: 2)),
      TeacherConfiguration(RecordedTeacher(TableFile(path: "x.csv"), says: .positions, gaps: .hold, confidence: 0.8)),
      TeacherConfiguration(EnsembleTeacher(["a": TeacherConfiguration(network), "b": TeacherConfiguration(TreeTeacher())], combine: .stacked)),
      TeacherConfiguration(TruthTeacher()),
      TeacherConfiguration(
        GraphTeacher(
          CrossSectionArchitecture(GraphAttentionSettings(sight: SymbolSight(edges: .given))),
          edges: .correlation(candles: 60, strongest: 3), rows: 50)),
    ]
    #expect(Set(kinds.map { type(of: $0.kind).key }) == Set(TeacherCatalogue.all.map { $0.key }))
    for kind in kinds {
      let experiment = try experiment(kind)
      let read: Experiment = try StrictYAML.decode(try StrictYAML.encode(experiment), source: "experiment.yaml")
      #expect(read.teacher == kind)
    }
  }

  @Test(arguments: [
    ("teacher: {trees: {rounds: 0}}", "teacher.trees.rounds"), ("teacher: {trees: {round: 3}}", "teacher.trees.round"),
    ("teacher: {agent: {learner: sarsa}}", "teacher.agent.learner"), ("teacher: {agent: {discount: 1}}", "teacher.agent.discount"),
    ("teacher: {ensemble: {members: {a: {trees: {}}}}}", "teacher.ensemble.members"),
    ("teacher: {ensemble: {members: {a: {trees: {}}, b: {model: {mlp: {hidden: [0]}}}}}}", "teacher.ensemble.members.b.model"),
    ("teacher: {recorded: {file: x.csv, says: nothing}}", "teacher.recorded.says"),
    ("teacher: {recorded: {file: x.csv, says: positions, confidence: 0.4}}", "teacher.recorded.confidence"),
    ("teacher: {model: {mlp: {hidden: [4]}}, trees: {}}", "teacher"), ("teacher: {rows: 1}", "teacher.rows"),
  ])
  func aMistakeInATeacherIsNamedByItsPath(line: String, path: String) throws {
    #expect {
      let _: Experiment = try StrictYAML.decode("data: {csv: x.csv, symbol: B}\n\(line)\n", source: "experiment.yaml")
    } throws: { error in
      ((error as? any PareError)?.subject ?? "").contains(path)
    }
  }

  @Test func recordedPositionsTeach() async throws {
    let folder = try ScratchFolder()
    let file = try positions(in: folder) { _ in true }
    let teacher = RecordedTeacher(TableFile(path: file), says: .positions)
    var experiment = try experiment(TeacherConfiguration(teacher))
    experiment.label = try LabelDefinition(.buyHoldSell(thresholdBasisPoints: 20), horizon: 12)
    let results = try await Small.run(experiment, in: folder)
    #expect(!results.candidates[0].hasArtifact && results.candidates[0].latencyNs == nil)
    #expect(results.candidates[0].compressionRatio == nil)
    #expect(results.candidates[1].test.agreement > 0.5)
    // What is written is read again.
    #expect(try Results(json: results.json()).candidates[0].latencyNs == nil)
  }

  @Test func aRecordWithAGapIsRefusedAndSaysWhere() async throws {
    let folder = try ScratchFolder()
    let file = try positions(in: folder) { $0 != 1500 }
    let teacher = RecordedTeacher(TableFile(path: file), says: .positions)
    await #expect { try await Small.run(try experiment(TeacherConfiguration(teacher)), in: folder) } throws: { error in
      guard let error = error as? EvaluationError else { return false }
      return error.code == "evaluation.recorded-gap" && error.found?.contains("2024-01-06 05:05") == true
    }
    var holding = teacher
    holding.gaps = .hold
    _ = try await Small.run(try experiment(TeacherConfiguration(holding)), in: folder)
  }

  @Test(arguments: [
    ("time,symbol,position\n1704067500000,OTHER,1\n", "evaluation.recorded-symbol"),
    ("time,position\n1704067500000,1\n1704067500000,-1\n", "evaluation.recorded-twice"),
    ("time,score\n1704067500000,1\n", "evaluation.recorded"),
    ("time,position\n1704067500000,7\n", "evaluation.recorded-gap"),
  ])
  func aRecordThatDoesNotFitIsRefused(text: String, code: String) async throws {
    let folder = try ScratchFolder()
    let file = try folder.write(text, to: "record.csv")
    var teacher = RecordedTeacher(TableFile(path: file), says: .positions)
    if code == "evaluation.recorded" { teacher.gaps = .hold }
    await #expect { try await Small.run(try experiment(TeacherConfiguration(teacher)), in: folder) } throws: { error in
      (error as? EvaluationError)?.code == code
    }
  }

  @Test func recordedLogitsOfOtherClassesAreRefused() async throws {
    let folder = try ScratchFolder()
    let file = try folder.write("time,sell,hold,buy\n1704067500000,0,1,2\n", to: "record.csv")
    let teacher = RecordedTeacher(TableFile(path: file), says: .logits)
    await #expect { try await Small.run(try experiment(TeacherConfiguration(teacher)), in: folder) } throws: { error in
      (error as? EvaluationError)?.expected?.contains("down") == true
    }
  }

  /// Follows the sign of the last candle.
  private func positions(in folder: ScratchFolder, keeping: (Int) -> Bool) throws -> String {
    let series = try Small.simulation(candles: 3000).run(seed: 1).series[0]
    let rows = series.candles.indices.filter(keeping).map { index in
      let candle = series.candles[index]
      return "\(candle.start + 300_000),\(candle.close > candle.open ? 1 : candle.close < candle.open ? -1 : 0)"
    }
    return try folder.write("time,position\n" + rows.joined(separator: "\n") + "\n", to: "positions.csv")
  }
}
