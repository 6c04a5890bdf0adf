import PareCompression
import PareEvaluation
import PareTensor
import Synchronization

extension Small {
  /// A space of 3 · (1 + 5) · (3 + 1 + 1) = 90 points, all of them recipes.
  static let space = """
    space:
      - {technique: distillation, student: {mlp: {hidden: {choices: [[4], [8], [16, 8]]}}}, temperature: 2, hard-weight: 0.3}
      - optional: {technique: pruning, sparsity: {choices: [0.1, 0.3, 0.5, 0.7, 0.9]}}
      - one-of:
        - {technique: quantization, precision: {choices: [int8, int4, fp16]}}
        - {technique: weight-sharing, bits: 4}
        - []
    """

  static func search(_ keys: String, space: String = space) throws -> Search {
    try StrictYAML.decode("experiment: other.yaml\n\(keys)\n\(space)", source: "search.yaml")
  }

  static func figures(logLoss: Double, bytes: Int, netReturn: Double = 0, estimateNs: Double? = 100) -> TrialFigures {
    TrialFigures(
      validation: candidate("x", netReturn: netReturn, logLoss: logLoss).validation, bytes: bytes, weightBytes: bytes, planBytes: bytes,
      parameters: bytes, estimateNs: estimateNs)
  }

  static let teacher = SearchTrial(
    ordinal: 0, point: nil, made: "MLP", recipe: "{}", artifact: "artifacts/teacher.pare", figures: figures(logLoss: 0.5, bytes: 100_000))

  static func store(in folder: ScratchFolder, _ name: String = "search.sqlite") throws -> SearchStore {
    try SearchStore(path: folder.file(name))
  }
}

/// Figures that follow from the recipe alone, at once; trials end in an order of its own.
final class FakeTrials: TrialEvaluator {
  /// The trials that were evaluated, in the order in which they ended.
  let ended = Mutex<[String]>([])
  private let delays: UInt64
  private let fails: @Sendable (Recipe) -> Bool
  private let isHindered: @Sendable (String) -> Bool

  /// - Parameters:
  ///   - delays: decides how long each trial gives way to others.
  ///   - isHindered: whether a trial meets what hinders all of them.
  init(
    delays: UInt64 = 0, fails: @escaping @Sendable (Recipe) -> Bool = { _ in false },
    isHindered: @escaping @Sendable (String) -> Bool = { _ in false }
  ) {
    (self.delays, self.fails, self.isHindered) = (delays, fails, isHindered)
  }

  func evaluate(_ recipe: Recipe, name: String) async throws -> EvaluatedTrial {
    var generator = SeededGenerator(seed: delays, stream: name)
    for _ in 0..<(delays == 0 ? 0 : generator.below(40)) { await Task.yield() }
    defer { ended.withLock { $0.append(name) } }
    if isHindered(name) {
      throw EvaluationError("disk-full", subject: "disk", expected: "room", found: "none", category: .cannotCreate)
    }
    if fails(recipe) { throw CompressionError("range", subject: "budget", expected: "at most 10 bytes", found: "12") }
    return EvaluatedTrial(figures: try Self.figures(of: recipe), artifact: "artifacts/\(name).pare")
  }

  /// Wider students and finer numbers lose less and weigh more.
  private static func figures(of recipe: Recipe) throws -> TrialFigures {
    let text = try recipe.json()
    let width = text.contains("[16,8]") ? 16.0 : text.contains("[8]") ? 8 : 4
    let sparsity = recipe.steps.lazy.compactMap { $0 as? Pruning }.first?.sparsity ?? 0
    let bits = text.contains("int8") ? 8.0 : text.contains("int4") ? 4 : text.contains("fp16") ? 16 : text.contains("weight-sharing") ? 5 : 32
    let loss = 0.5 + 0.1 / width + 0.05 * sparsity * sparsity + (bits == 4 ? 0.03 : 0.1 / (bits * bits))
    let bytes = 500 + width * 40 * bits / 8 * (1 - 0.8 * sparsity)
    return Small.figures(logLoss: loss, bytes: Int(bytes), netReturn: 0.6 - loss, estimateNs: 20 + width * (bits < 16 ? 1 : 2))
  }
}

/// Asks a search to stop once so many trials are stored.
final class StoppingObserver: SearchObserver {
  let recorded = Mutex<[SearchProgress]>([])
  private let count: Int
  private let stop: SearchStop

  init(after count: Int, stop: SearchStop) {
    (self.count, self.stop) = (count, stop)
  }

  func began(_ stage: String, units: Int) {}
  func advanced(to unit: Int, note: String) {}
  func ended(_ note: String) {}

  func recorded(_ progress: SearchProgress) {
    let all = recorded.withLock { list in
      list.append(progress)
      return list.count
    }
    if all >= count { stop.request() }
  }
}
