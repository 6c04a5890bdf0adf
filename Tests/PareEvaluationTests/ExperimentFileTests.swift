import Foundation
import PareCompression
import PareEvaluation
import PareMarket
import PareTensor
import Testing

@Suite struct ExperimentFileTests {
  private func read(_ yaml: String) throws -> Experiment {
    let folder = try ScratchFolder()
    return try ExperimentFile.read(folder.write(yaml, to: "experiment.yaml")).experiment
  }

  private func message(_ yaml: String) throws -> String {
    do {
      _ = try read(yaml)
      return "no error"
    } catch let error as any PareError {
      #expect(error.category == .badData || error.category == .usage)
      return error.description
    }
  }

  @Test func onlyTheDataHaveToBeNamed() throws {
    let experiment = try read("data: {csv: x.csv, symbol: BTCUSDT}")
    #expect(experiment == Experiment(name: "experiment", data: .csv(path: "x.csv", symbol: "BTCUSDT", interval: nil, badRows: .refuse)))
    #expect(experiment.candidates.map(\.name).count == 6)
  }

  @Test func aResolvedExperimentReadsBackAsItself() async throws {
    let folder = try ScratchFolder()
    var experiment = Small.experiment(.simulation(Small.simulation(candles: 3000)))
    experiment.budget = Budget(tier: .marketMaking, memoryBytes: 1 << 20)
    experiment.threshold = .fixed(0.55)
    let results = try await Small.run(experiment, in: folder)
    #expect(try read(results.configuration) == experiment)
  }

  @Test(arguments: [
    ("data: {csv: x.csv, symbol: B}\nsede: 3", ["sede", "nearest: 'seed'"]),
    ("data: {csv: x.csv, symbol: B, simulation: {}}", ["data", "csv and simulation"]),
    ("data: {symbol: B}", ["data", "exactly one of csv, store, bybit, simulation"]),
    ("data: {csv: x.csv}", ["data.symbol"]),
    ("data: {simulation: {symbols: 1}}\nlabel: {kind: direction, horizon: 12, treshold-bp: 3}", ["label.treshold-bp", "threshold-bp"]),
    ("data: {simulation: {symbols: 1}}\nlabel: {kind: direction, horizon: 6}", ["data.simulation.horizon", "6"]),
    ("data: {simulation: {symbols: 1}}\ncosts: {fee-bp: -1}", ["costs.fee-bp", "-1"]),
    ("data: {simulation: {symbols: 1}}\nsplit: {train: 0.9, validation: 0.2}", ["split", "0.9"]),
    ("data: {simulation: {symbols: 1}}\ndecision: {coverage: 2}", ["decision.coverage", "2"]),
    ("data: {simulation: {symbols: 1}}\nobjectives: []", ["objectives", "at least one"]),
    ("data: {simulation: {symbols: 1}}\nbudget: {latency-ns: 0}", ["budget.latency-ns"]),
    ("data: {simulation: {symbols: 1}}\ncandidates: [{name: a, steps: [{technique: quantisation}]}]", ["candidates[0].steps[0].technique", "quantization"]),
    ("data: {simulation: {symbols: 1}}\ncandidates: [{name: a, steps: [{technique: pruning, sparsity: 1.2}]}]", ["candidates[0].steps[0].sparsity", "1.2"]),
    ("data: {simulation: {symbols: 1}}\ncandidates: [{name: a/b, steps: []}]", ["candidates[0].name", "a/b"]),
    ("data: {simulation: {symbols: 1}}\ncandidates: [{name: a, from: b, steps: []}]", ["candidates[0].from", "'b'"]),
    ("data: {simulation: {symbols: 1}}\ncandidates: [{name: teacher, steps: []}]", ["candidates[0].name", "again"]),
    ("data: {simulation: {symbols: 1}}\nschema: 2", ["schema", "2"]),
    ("data: [1, 2]", ["data"]), ("", ["empty"]), ("a: [", ["YAML"]),
  ])
  func aMistakeIsNamedByItsPath(yaml: String, words: [String]) throws {
    let message = try message(yaml)
    #expect(message.contains("experiment.yaml"))
    #expect(!message.contains("\n"))
    for word in words { #expect(message.contains(word), "\(message)") }
  }

  @Test func aTeacherKeepsItsScheduleWhereAFileSaysNothing() throws {
    let teacher = try read("data: {csv: x.csv, symbol: B}\nteacher: {training: {epochs: 7}}").teacher
    var expected = NetworkTeacher()
    expected.training.epochs = 7
    #expect(teacher == TeacherConfiguration(expected))
  }

  @Test func aMissingFileIsNoInput() {
    #expect { try ExperimentFile.read("/nowhere/experiment.yaml") } throws: { ($0 as? any PareError)?.category == .noInput }
  }

  @Test(arguments: ["examples", "examples/teachers", "benchmarks/teachers/pairings"]) func theExamplesCanBeRead(_ name: String) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.appendingPathComponent(name)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
    #expect(names.count >= 4)
    for name in names {
      let path = folder.appendingPathComponent(name).path
      if !name.hasSuffix(".recipe.yaml"), try PanelFile.read(path) != nil { continue }
      if name.hasSuffix(".recipe.yaml") {
        _ = try RecipeFile.read(path)
      } else if name.hasPrefix("search") {
        _ = try SearchFile.read(path)
      } else {
        _ = try ExperimentFile.read(path)
      }
    }
  }
}
