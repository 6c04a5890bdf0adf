import PareBacktest
import PareCompression
import PareMarket

/// Windows that move through a panel's days: in each the teacher's size, the teacher and some models are found anew from the days before.
///
/// ```yaml
/// walk-forward: {windows: 4, kind: expanding, models: [linear, c-s3g]}
/// ```
/// Nothing is fitted to a panel but models: its features are z-scores across a day. So a window is days of its own for training, validation
/// and test, and what lies behind them is not looked at.
public struct PanelWalkForward: Sendable, Hashable {
  public var walk: WalkForward
  /// Of the experiment's models and candidates those that are made in each window, besides the teacher.
  public var models: [String]

  public init(_ walk: WalkForward, models: [String]) {
    (self.walk, self.models) = (walk, models)
  }

  /// The days of the parts in each window.
  ///
  /// What a decision earns is known `horizon` days after the open that follows it; such days before a cut are left out, and the embargo's
  /// after it.
  ///
  /// - Throws: `evaluation.walk-forward` where a part has no day left.
  package func parts(days: Int, split: ChronologicalSplit, horizon: Int) throws -> [[DatasetPart: Range<Int>]] {
    let embargo = split.embargo ?? horizon
    return try walk.windows(candles: days, split: split).enumerated().map { number, window in
      let (first, count) = (window.candles.lowerBound, Double(window.candles.count))
      let cuts = [window.split.train, window.split.train + window.split.validation].map { first + Int(($0 * count).rounded()) }
      let bounds: [(DatasetPart, Int, Int)] = [
        (.train, first, cuts[0] - horizon - 1), (.validation, cuts[0] + embargo, cuts[1] - horizon - 1),
        (.test, cuts[1] + embargo, window.candles.upperBound),
      ]
      return try bounds.reduce(into: [:]) { parts, bound in
        let (part, lower, upper) = bound
        guard lower < upper else {
          throw EvaluationError(
            "walk-forward", subject: "window \(number + 1) of \(walk.windows)", expected: "days for \(part.rawValue)",
            found: "none of \(window.candles.count) days", category: .usage)
        }
        parts[part] = lower..<upper
      }
    }
  }
}

extension PanelWalkForward: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case windows, kind, models }

  public init(from decoder: any Decoder) throws {
    let path = ParameterPath(decoder.codingPath)
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let windows = try container.decode(Int.self, forKey: .windows)
    try path.key(CodingKeys.windows).require((2...100).contains(windows), expected: "2 to 100", found: windows)
    self.init(
      WalkForward(windows: windows, kind: try container.wordIfPresent(forKey: .kind) ?? .expanding),
      models: try container.decode([String].self, forKey: .models))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(walk.windows, forKey: .windows)
    try container.encode(walk.kind, forKey: .kind)
    try container.encode(models, forKey: .models)
  }
}

extension PanelExperiment {
  /// With those models alone that are made in each window.
  func inAWindow(of walk: PanelWalkForward) -> PanelExperiment {
    var experiment = self
    experiment.models = models.filter { walk.models.contains($0.name) }
    experiment.candidates = candidates.filter { walk.models.contains($0.name) }
    return experiment
  }
}

/// What became of the models in the windows.
package struct PanelWalkForwardResult: Codable, Sendable {
  package struct Window: Codable, Sendable {
    /// Decision times of the first and the last test day, Unix milliseconds.
    package var first: Int64
    package var last: Int64
    /// Days of each part.
    package var days: [String: Int]
    var seeds: [PanelSeedResult]
    package var summary: PanelSummary
  }

  package var windows: [Window]
  /// Means over windows and seeds; a seed's windows are compared with the teacher's as one stretch of days.
  package var summary: PanelSummary

  /// - Parameters:
  ///   - results: by seed and window.
  ///   - parts: the days of each window.
  ///   - times: decision times of the panel's days.
  init(_ results: [[PanelSeedResult]], _ parts: [[DatasetPart: Range<Int>]], times: [Int64], horizon: Int, margin: Double) throws {
    windows = try parts.enumerated().map { index, days in
      let (test, seeds) = (days[.test] ?? 0..<1, results.map { $0[index] })
      return Window(
        first: times[test.lowerBound], last: times[test.upperBound - 1],
        days: Dictionary(uniqueKeysWithValues: days.map { ($0.key.rawValue, $0.value.count) }), seeds: seeds,
        summary: try PanelSummary(seeds, horizon: horizon, margin: margin))
    }
    summary = try PanelSummary(stretches: results, horizon: horizon, margin: margin)
  }
}
