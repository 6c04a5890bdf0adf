/// Latencies of an earlier run, so that a choice that depends on them can be repeated to the bit.
public struct RecordedLatencies: Sendable {
  private let path: String
  /// Nil for a teacher that has none.
  private let byName: [String: Latency?]
  private let steps: [String: [StepResult]]

  /// - Parameter path: a `results.json`.
  /// - Throws: `.noInput` where it cannot be read, `.badData` where it holds something else.
  public init(path: String) throws {
    self.path = path
    let text = try InputText.read(path)
    do {
      let results = try Results(json: text)
      byName = Dictionary(results.candidates.map { ($0.name, $0.latencyNs) }, uniquingKeysWith: { first, _ in first })
      steps = Dictionary(results.candidates.map { ($0.name, $0.steps ?? []) }, uniquingKeysWith: { first, _ in first })
    } catch {
      throw EvaluationError("results", subject: path, expected: "a results.json of Pare", found: "something else")
    }
  }

  /// Sees to it, before any work is done, that none is missing.
  func require(_ candidates: [String]) throws {
    for candidate in candidates { _ = try latency(of: candidate) }
  }

  /// - Throws: an error that names the candidate where the earlier run did not have it.
  func latency(of candidate: String) throws -> Latency? {
    guard let latency = byName[candidate] else {
      throw EvaluationError(
        "latency", subject: path, expected: "the latency of '\(candidate)'",
        found: "latencies of " + byName.keys.sorted().joined(separator: ", "))
    }
    return latency
  }

  /// Puts the latencies of a recipe's step in the place of its own; none where the earlier run did not say any.
  func restore(in step: inout StepResult, number: Int, of candidate: String) {
    let recorded = steps[candidate].flatMap { $0.indices.contains(number) ? $0[number] : nil }
    step.before[Figure.latency] = recorded?.before[Figure.latency]
    step.figures[Figure.latency] = recorded?.figures[Figure.latency]
  }
}
