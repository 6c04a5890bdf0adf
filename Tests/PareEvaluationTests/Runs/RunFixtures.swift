import Foundation
import PareEvaluation

extension Small {
  /// Results that nobody found.
  static func results(
    seed: UInt64 = 1, candidates: [CandidateResult] = [], configuration: String = "name: bare\n", digest: String = "00"
  ) -> Results {
    let part = DataSummary.Part(rows: 1, first: "2024-01-01 00:00", last: "2024-01-02 00:00")
    return Results(
      experiment: "bare", seed: seed,
      data: DataSummary(
        source: "file", digest: digest, symbols: ["X"], interval: "5m", candles: 3, missingCandles: 0, features: ["return_1"],
        classes: ["down", "up"], horizon: 1, rows: 3, train: part, validation: part, test: part, clipped: ["train": 0]),
      configuration: configuration, candidates: candidates, baselines: [], truth: nil, objectives: ["net-return"],
      budget: Budget(), decision: Decision(chosen: candidates.first?.name, reason: "None.", hypervolume: 0))
  }
}

extension ScratchFolder {
  /// Writes results into a folder, as a run does, and gives its path.
  @discardableResult
  func run(_ name: String, _ results: Results) throws -> String {
    try FileManager.default.createDirectory(atPath: file(name) + "/artifacts", withIntermediateDirectories: true)
    _ = try write(results.json() + "\n", to: name + "/results.json")
    return file(name)
  }
}
