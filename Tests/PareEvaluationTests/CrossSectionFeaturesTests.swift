import Foundation
import PareArtifact
import PareCompression
import PareEvaluation
import PareMarket
import PareTensor
import Testing

/// Students whose rows hold every symbol's columns.
@Suite struct CrossSectionFeaturesTests {
  private static let schedule = TrainingSchedule(epochs: 30, batchSize: 256, learningRate: 3e-3, patience: 30)

  /// Six symbols, two of which lead the others, known by whoever knows the truth.
  private func experiment(crossSection: Bool, student: NetworkArchitecture, candles: Int = 3000) throws -> Experiment {
    var simulation = MarketSimulation.leadLag(symbols: 6)
    (simulation.candles, simulation.paths) = (candles, 16)
    var experiment = Experiment(name: "cross-section", data: .simulatedPanel(simulation))
    experiment.label = try LabelDefinition(.direction, horizon: simulation.horizon)
    experiment.features = FeatureChoice(columns: [.return(1), .return(5)], crossSection: crossSection)
    experiment.teacher = TeacherConfiguration(TruthTeacher())
    experiment.candidates = [
      CandidateConfiguration(
        "student", recipe: Recipe("student") { Distillation(into: student, temperature: 1, hardWeight: 0, training: Self.schedule) })
    ]
    experiment.latencyDecisions = 1000
    return experiment
  }

  @Test func aStudentThatSeesTheOthersLearnsWhatTheySay() async throws {
    let folder = try ScratchFolder()
    var skills: [Double] = []
    for crossSection in [false, true] {
      let results = try await Small.run(
        try experiment(crossSection: crossSection, student: .mlp(hidden: [24])), in: folder, as: "run-\(crossSection)")
      let bayes = try #require(results.truth?.test.bayesSkill)
      skills.append(results.candidates[1].test.skill / bayes)
      #expect(results.data.features.count == (crossSection ? 6 * 3 + 6 : 2))
      #expect((results.candidates[1].influence != nil) == crossSection)
    }
    #expect(skills[0] < 0.4 && skills[1] > 0.5, "\(skills)")
    let section = try #require(try Artifact.read(folder.file("run-true/artifacts/student.pare")).sections["features"])
    #expect(section.contains("\"cross-section\":[\"SIM-A\",\"SIM-B\""))
  }

  /// A network over the cross-section sees symbols one by one, whatever its students see.
  @Test func aGraphTeacherIsTheSameWhateverItsStudentsSee() async throws {
    let folder = try ScratchFolder()
    var losses: [Double] = []
    for crossSection in [false, true] {
      var experiment = try experiment(crossSection: crossSection, student: .mlp(hidden: []), candles: 1500)
      experiment.teacher = TeacherConfiguration(
        GraphTeacher(
          CrossSectionArchitecture(GraphAttentionSettings(hidden: [8], heads: 2, sight: SymbolSight(edges: .learned))),
          training: TrainingSchedule(epochs: 3, batchSize: 256, learningRate: 1e-3, patience: 3)))
      losses.append(try await Small.run(experiment, in: folder, as: "run-\(crossSection)").candidates[0].test.scores.logLoss)
    }
    #expect(losses[0] == losses[1] && losses[0] > 0)
  }

  /// Of a linear model the influence is its weights, which a reader can check.
  @Test func theInfluenceOfALinearModelIsItsWeights() async throws {
    let folder = try ScratchFolder()
    let results = try await Small.run(try experiment(crossSection: true, student: .mlp(hidden: [])), in: folder)
    let influence = try #require(results.candidates[1].influence)
    #expect(influence.symbols == results.data.symbols && influence.table.count == 6)
    let weight = try #require(
      try Artifact.read(folder.file("run/artifacts/student.pare")).graph.parameters.first { $0.key.hasSuffix("weight") }?.value
    ).storage.decoded()
    let classes = weight.shape.dimensions.contains(2) ? 2 : 0
    #expect(weight.shape.elementCount == 24 * classes)
    let values = weight.doubles
    // [columns, classes] or [classes, columns].
    func entry(_ column: Int, _ of: Int) -> Double { weight.shape[0] == 24 ? values[column * 2 + of] : values[of * 24 + column] }
    for seen in 0..<6 {
      let squares = (0..<2).map { column in
        let half = (entry(3 * seen + column, 0) - entry(3 * seen + column, 1)) / 2
        return half * half
      }
      let expected = (squares.reduce(0, +) / 2).squareRoot()
      for decided in 0..<6 {
        // A row beyond the normalizer's bounds does not move.
        #expect(abs(influence.table[decided][seen] / expected - 1) < 0.02, "\(decided) \(seen)")
      }
    }
    #expect(try Results(json: results.json()).candidates[1].influence == influence)
    let page = try String(contentsOfFile: folder.file("run/report.html"), encoding: .utf8)
    #expect(page.contains("influence-section"))
  }

  /// A linear model for each symbol has a weight for each that it hears, and those of the simulator's edges stand out.
  @Test func theLargestInfluencesAreThePlantedEdges() async throws {
    let folder = try ScratchFolder()
    let experiment = try experiment(crossSection: true, student: NetworkArchitecture(ExpertsSettings(columns: 6)))
    let results = try await Small.run(experiment, in: folder)
    let influence = try #require(results.candidates[1].influence)
    let edges = MarketSimulation.leadLag(symbols: 6).leadLag
    #expect(edges.count == 8)
    let strongest = influence.pairs.prefix(edges.count).map { "\($0.seen) → \($0.decided)" }
    #expect(Set(strongest) == Set(edges.map { "\($0.leader) → \($0.follower)" }), "\(strongest)")
    // And by far: the weakest edge above twice the strongest of the others.
    #expect(influence.pairs[edges.count - 1].influence > 2 * influence.pairs[edges.count].influence)
  }

  @Test func oneSymbolIsRefused() async throws {
    let folder = try ScratchFolder()
    var experiment = try experiment(crossSection: true, student: .mlp(hidden: []))
    experiment.data = .simulation(Small.simulation(candles: 1500))
    experiment.label = try LabelDefinition(.direction, horizon: 12)
    await #expect { try await Small.run(experiment, in: folder) } throws: { error in
      "\(error)".contains("features.cross-section: expected data of two symbols or more, found 1")
    }
  }

  @Test(arguments: [
    ("features: {cross-section: true, clip: 0.5}", "features.clip: expected at least 1 with 'cross-section'"),
    ("features: {file: x.csv, cross-section: true}", "features.cross-section: expected none beside a file of features"),
    ("features: {cross-section: 3}", "features.cross-section"),
    ("teacher: {graph: {network: {graph-attention: {}}}, features: {cross-section: true}}", "teacher.features"),
  ])
  func aMistakeIsNamed(line: String, expected: String) {
    var message = ""
    do {
      let _: Experiment = try StrictYAML.decode("data: {csv: x.csv, symbol: B}\n\(line)\n", source: "experiment.yaml")
    } catch { message = "\(error)" }
    #expect(message.contains(expected), "\(message)")
  }

  @Test func theChoiceSurvivesItsSpelling() throws {
    let experiment = try experiment(crossSection: true, student: .mlp(hidden: []))
    let read: Experiment = try StrictYAML.decode(try StrictYAML.encode(experiment), source: "experiment.yaml")
    #expect(read == experiment && read.features.crossSection)
  }
}
