import Foundation
import PareArtifact
import PareCompression
import PareEvaluation
import PareMarket
import PareTensor
import Synchronization
import Testing

/// Searches that train.
@Suite struct SearchRunTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  /// 2 · (2 + 1 + 1) = 8 recipes, each with one of two students first.
  private func file(_ data: DataSource? = nil, keys: String = "", seed: UInt64 = 1) throws -> SearchFile {
    var experiment = Experiment(name: "small", data: data ?? .simulation(Small.simulation(candles: 3000)))
    experiment.seed = seed
    experiment.teacher = TeacherConfiguration(
      model: .mlp(hidden: [12]), training: TrainingSchedule(epochs: 2, batchSize: 256, learningRate: 1e-3, patience: 3))
    let text = """
      experiment: small.yaml
      name: s
      method: tpe
      startup: 4
      objectives: [log-loss, bytes, latency]
      \(keys)
      space:
        - {technique: distillation, student: {mlp: {hidden: {choices: [[6], [3]]}}}, temperature: 2, hard-weight: 0.3, training: {epochs: 2, batch-size: 256, learning-rate: 0.001}}
        - one-of:
          - {technique: quantization, precision: {choices: [int8, fp16]}}
          - {technique: weight-sharing, bits: 3}
          - []
      """
    return SearchFile(
      search: try StrictYAML.decode(text, source: "search.yaml"),
      experiment: ExperimentFile(experiment: experiment, directory: folder.path), text: text)
  }

  private func run(
    _ file: SearchFile, as name: String, trials: Int? = nil, workers: Int = 2, stopAfter: Int = .max, beginsAnew: Bool = false
  ) async throws -> SearchResults {
    let stop = SearchStop()
    return try await SearchRun(
      file, directory: folder.file(name), workers: workers, trials: trials, beginsAnew: beginsAnew,
      observer: StoppingObserver(after: stopAfter, stop: stop), stop: stop
    ).execute()
  }

  private func timeless(_ results: SearchResults) throws -> String {
    var copy = results
    for index in copy.trials.indices { copy.trials[index].seconds = 0 }
    return try copy.json()
  }

  private func names(in path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.file(path)).sorted()
  }

  @Test func anInterruptedSearchEndsAsAnUninterruptedOne() async throws {
    let file = try file()
    let whole = try await run(file, as: "whole")
    #expect(whole.isComplete && whole.trials.count == 9 && whole.failed == 0 && whole.recipesEvaluated == 8)
    let part = try await run(file, as: "part", workers: 1, stopAfter: 3)
    #expect(!part.isComplete && part.trials.count == 4 && part.trials.allSatisfy { $0.test == nil })
    // Models that trials share and the teacher lie there, and are not made again.
    let shared = try names(in: "part/models")
    func times() throws -> [Date?] {
      try shared.map { try FileManager.default.attributesOfItem(atPath: folder.file("part/models/\($0)"))[.modificationDate] as? Date }
    }
    let before = try times()
    let resumed = try await run(file, as: "part")
    #expect(try timeless(resumed) == timeless(whole))
    #expect(resumed.trials.prefix(4).map(\.seconds) == part.trials.map(\.seconds))
    #expect(try names(in: "part/models") == names(in: "whole/models"))
    #expect(try names(in: "part/models").count == 1 + 2 + 6, "the teacher, two students, three forms of each")
    #expect(try times() == before)
    for trial in whole.trials {
      let path = try #require(trial.artifact)
      let one = try Data(contentsOf: URL(fileURLWithPath: folder.file("whole/" + path)))
      let other = try Data(contentsOf: URL(fileURLWithPath: folder.file("part/" + path)))
      #expect(one == other && one.count == trial.figures?.bytes)
    }
    // What is shown later is what was found.
    let shown = try SearchRun.results(in: folder.file("part"))
    #expect(try timeless(shown) == timeless(whole))
    let written = try String(contentsOfFile: folder.file("whole/search.json"), encoding: .utf8)
    #expect(try written == whole.json() + "\n")
  }

  @Test func theTestPartReportsTheFrontierAndTheChoiceAlone() async throws {
    let results = try await run(try file(), as: "s", trials: 6)
    let reported = results.trials.filter { $0.test != nil }
    #expect(reported.map(\.name) == results.trials.filter { $0.pareto || $0.name == results.chosen }.map(\.name))
    #expect(results.trials.count == 7 && reported.count < 7 && !reported.isEmpty)
    let lines = try String(contentsOfFile: folder.file("s/frontier.csv"), encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 1 + results.frontier.count && lines[0].hasPrefix("trial,chosen,within_budget,log-loss,bytes,latency,"))
    #expect(results.frontier.map { $0.figures?.bytes ?? 0 } == results.frontier.map { $0.figures?.bytes ?? 0 }.sorted())
    #expect((0...1).contains(results.hypervolume) && results.hypervolume > 0)
  }

  @Test func aTrialIsWhatARunOfTheSameRecipeMakes() async throws {
    let file = try file()
    let results = try await run(file, as: "search", trials: 3)
    var experiment = file.experiment.experiment
    experiment.candidates = try results.trials.dropFirst().map { trial in
      CandidateConfiguration(trial.name, recipe: try Recipe(yaml: trial.recipe))
    }
    experiment.latencyDecisions = 1000
    let judged = try await Small.run(experiment, in: folder)
    for trial in results.trials {
      let candidate = try #require(judged.candidates.first { $0.name == trial.name })
      #expect(candidate.validation == trial.figures?.validation && candidate.planBytes == trial.figures?.planBytes, "\(trial.made)")
      #expect(candidate.bytes == trial.figures?.bytes && candidate.weightBytes == trial.figures?.weightBytes)
      if let test = trial.test { #expect(test == candidate.test) }
    }
  }

  @Test func anotherSearchInTheSameFolderIsRefusedUnlessItBeginsAnew() async throws {
    _ = try await run(try file(), as: "s", trials: 2)
    for (other, words) in [
      (try file(keys: "seed: 2"), "expected the search file that the search began with"),
      (try file(seed: 2), "expected the experiment that the search began with"),
    ] {
      await #expect { try await run(other, as: "s", trials: 2) } throws: { "\($0)".contains(words) }
    }
    let anew = try await run(try file(keys: "seed: 2"), as: "s", trials: 1, beginsAnew: true)
    #expect(anew.trials.count == 2 && anew.seed == 2)
    #expect(try names(in: "s/artifacts") == ["teacher.pare", "trial-0001.pare"])
  }

  @Test func changedDataAreRefused() async throws {
    let series = try Small.simulation(candles: 3000).run(seed: 3).series[0]
    var candles = series.candles
    try CandleCSV.write(series, to: folder.file("a.csv"))
    let file = try file(.csv(path: "a.csv", symbol: "SIM", interval: .fiveMinutes, badRows: .refuse))
    _ = try await run(file, as: "s", trials: 1)
    candles[2900].volume *= 2
    try CandleCSV.write(CandleSeries(key: series.key, candles: candles), to: folder.file("a.csv"))
    await #expect { try await run(file, as: "s", trials: 2) } throws: { "\($0)".contains("expected the data that the search began with (") }
  }

  @Test func changingTheTestPartChangesNothingThatWasFound() async throws {
    let series = try Small.simulation(candles: 3000).run(seed: 3).series[0]
    let dataset = try MarketDataset(
      series: [series], schema: FeatureSchema(interval: .fiveMinutes), label: LabelDefinition(.direction, horizon: 12))
    let cut = dataset.candleIndices[dataset.parts.validation.upperBound - 1] + 12 + 2
    var changed = series.candles
    for index in cut..<changed.count {
      let (pivot, candle) = (series.candles[cut].open, series.candles[index])
      func mirror(_ price: Double) -> Double { pivot * pivot / price }
      changed[index] = Candle(
        start: candle.start, open: mirror(candle.open), high: mirror(candle.low), low: mirror(candle.high), close: mirror(candle.close),
        volume: candle.volume * 2)
    }
    try CandleCSV.write(series, to: folder.file("a.csv"))
    try CandleCSV.write(CandleSeries(key: series.key, candles: changed), to: folder.file("b.csv"))
    let (one, other) = (
      try await run(try file(.csv(path: "a.csv", symbol: "SIM", interval: .fiveMinutes, badRows: .refuse)), as: "a", trials: 6),
      try await run(try file(.csv(path: "b.csv", symbol: "SIM", interval: .fiveMinutes, badRows: .refuse)), as: "b", trials: 6)
    )
    #expect(one.chosen == other.chosen && one.reason == other.reason && one.hypervolume == other.hypervolume)
    for (left, right) in zip(one.trials, other.trials) {
      #expect(left.point == right.point && left.figures == right.figures && left.pareto == right.pareto)
      #expect((left.test == nil) == (right.test == nil) && (left.test == nil || left.test != right.test))
    }
  }

  @Test func oneProcessSearchesInAFolderAtATime() async throws {
    let first = try FolderLock(folder.file(".lock"))
    #expect { try FolderLock(folder.file(".lock")) } throws: { ($0 as? any PareError)?.code == "evaluation.search-locked" }
    withExtendedLifetime(first) {}
  }

  @Test func nothingBegunIsNoInput() {
    #expect { try SearchRun.results(in: folder.path) } throws: { ($0 as? any PareError)?.category == .noInput }
  }
}
