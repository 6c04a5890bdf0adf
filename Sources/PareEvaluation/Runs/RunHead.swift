/// What identifies a run and what came of it, in a few words.
public struct RunHead: Sendable, Equatable, Encodable {
  /// The run's number in its store, counted from 1 and given once; null of a run that is read from its folder.
  @ExplicitNull public var id: Int?
  public var experiment: String
  /// UTC, ISO 8601, to the second. Of a run that was added later, when its results were written.
  public var started: String
  /// From the start until everything was written; null where that is not known.
  @ExplicitNull public var seconds: Double?
  public var seed: UInt64
  /// Where the data come from, in words, and the digest of candles, features, labels and split.
  public var dataSource: String
  public var dataDigest: String
  /// The version of Pare, the instruction set of the kernels, and the digest of the cost table; null where not known.
  @ExplicitNull public var version: String?
  @ExplicitNull public var kernels: String?
  @ExplicitNull public var costs: String?
  /// The chosen candidate; null where none is within the budget.
  @ExplicitNull public var chosen: String?
  public var reason: String
  /// The run's folder. A later run of the same name may have written there since.
  public var folder: String
  /// The figures of the chosen candidate by part and key path: `test.net_return`, `latency_ns.p99`.
  public var chosenFigures: [String: Double]
}

/// Everything that is kept of a run but the text of its `results.json`.
public struct RunRecord: Sendable, Equatable, Encodable {
  public var run: RunHead
  /// The resolved experiment, as YAML.
  public var configuration: String
  /// In the order of the results.
  public var figures: [RunFigure]
  public var artifacts: [RunArtifact]

  init(_ head: RunHead, configuration: String, figures: [RunFigure], artifacts: [RunArtifact]) {
    run = head
    run.chosenFigures = Self.figures(of: head.chosen, in: figures)
    self.configuration = configuration
    self.figures = figures
    self.artifacts = artifacts
  }

  /// Of the first subject of that name.
  private static func figures(of chosen: String?, in figures: [RunFigure]) -> [String: Double] {
    guard let first = figures.first(where: { $0.subject == chosen && !$0.subject.isEmpty }) else { return [:] }
    let own = figures.filter { $0.subject == first.subject && $0.list == first.list }
    return Dictionary(own.map { ($0.part.isEmpty ? $0.name : $0.part + "." + $0.name, $0.value) }) { first, _ in first }
  }
}
