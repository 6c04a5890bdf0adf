import Foundation
import PareEvaluation
import PareMarket

/// A run with all that a report can show, made once for all tests that read it: evidence, steps, quantized layers, truth, windows.
final class SmallRun: Sendable {
  let folder: String
  let results: Results
  private let scratch: ScratchFolder

  static let shared = Task { try await SmallRun() }
  static let series = Task { try await SmallSeries() }

  private init() async throws {
    scratch = try ScratchFolder()
    folder = scratch.file("run")
    var experiment = Small.experiment(.simulation(Small.simulation(candles: 14_000)))
    experiment.candidates = experiment.candidates.filter { ["student", "int8"].contains($0.name) }
    experiment.walkForward = WalkForward(windows: 2)
    results = try await Small.run(experiment, in: scratch)
  }
}

/// Two seeds of a small experiment.
final class SmallSeries: Sendable {
  let folder: String
  let results: SeriesResults
  private let scratch: ScratchFolder

  fileprivate init() async throws {
    scratch = try ScratchFolder()
    folder = scratch.file("series")
    var experiment = Small.experiment(.simulation(Small.simulation(candles: 10_000)))
    experiment.candidates = Array(experiment.candidates.prefix(2))
    experiment.moreSeeds = [2]
    let file = ExperimentFile(experiment: experiment, directory: scratch.path)
    results = try await SeriesRun(file, directory: folder).execute().series
  }
}
