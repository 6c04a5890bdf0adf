import PareArtifact
import PareGraph
import PareTensor

/// Writes a run's state to its checkpoint, and reads it back.
final class CheckpointFile {
  private static let schema = "1"
  private static let schemaKey = "pare-checkpoint"
  private static let checksumKey = "checksum"

  private let settings: Checkpointing
  private let identity: String
  private let vectors: [(name: String, vector: ParameterVector)]
  private let step: TrainingStep
  private var written = ContinuousClock.now

  /// - Parameters:
  ///   - identity: tells this run from others.
  ///   - vectors: what moves; read and written in place.
  init(
    _ settings: Checkpointing, identity: String, vectors: [(name: String, vector: ParameterVector)], step: TrainingStep
  ) {
    self.settings = settings
    self.identity = identity
    self.vectors = vectors
    self.step = step
  }

  /// A fingerprint of everything that decides the outcome: the graph with its loss and first weights, the rows, the
  /// settings.
  static func identity(_ problem: TrainingProblem, _ settings: TrainingSettings) throws -> String {
    var fingerprint = Fingerprint()
    let graph = try Artifact.encode(Model(graph: problem.graph), name: "graph '\(problem.graph.name)'")
    graph.withUnsafeBytes { fingerprint.add($0) }
    for data in [problem.training, problem.monitored?.data] {
      for (name, tensor) in (data?.tensors ?? [:]).sorted(by: { $0.key < $1.key }) {
        fingerprint.add("\(name): \(tensor.elementType.rawValue)\(tensor.shape)")
        tensor.withUnsafeBytes { fingerprint.add($0) }
      }
      fingerprint.add("|")
    }
    fingerprint.add(String(reflecting: settings))
    return fingerprint.digits
  }

  func writeIfDue(_ state: TrainingState) throws {
    if ContinuousClock.now - written >= settings.interval { try write(state) }
  }

  /// - Throws: `artifact.cannot-write`.
  func write(_ state: TrainingState) throws {
    var file = Safetensors(tensors: state.tensors, metadata: state.metadata)
    for (name, vector) in vectors {
      for (parameter, tensor) in vector.tensors { file.tensors["\(name)/\(parameter)"] = tensor }
    }
    file.metadata["optimizer-steps"] = String(step.update.optimizer.stepCount)
    file.metadata["random-steps"] = String(step.stepCount)
    file.metadata["run"] = identity
    file.metadata[Self.schemaKey] = Self.schema
    file.metadata[Self.checksumKey] = Artifact.checksum(of: file)
    try file.write(to: settings.path)
    written = .now
  }

  /// Puts the file's vectors in place.
  ///
  /// - Returns: where the run stood; nil where it begins anew.
  /// - Throws: `training.checkpoint` for a file that is there and not to be resumed, damaged, or of another run.
  func restore(settings: TrainingSettings, order: RowOrder) throws -> TrainingState? {
    guard WholeFile.exists(self.settings.path) else { return nil }
    guard self.settings.resumes else {
      throw failure("no file of that name, or to be told to resume", "one that is there", category: .usage)
    }
    let file = try Safetensors.read(self.settings.path)
    guard file.metadata[Self.schemaKey] == Self.schema else {
      throw failure("a checkpoint of schema \(Self.schema)", file.metadata[Self.schemaKey] ?? "another file")
    }
    guard file.metadata[Self.checksumKey] == Artifact.checksum(of: file) else {
      throw failure("content with its checksum", "a damaged file")
    }
    guard file.metadata["run"] == identity else {
      throw failure("a checkpoint of the same model, data and settings", "one of another run")
    }
    var state = TrainingState(settings: settings, order: order)
    guard state.restore(file, epochs: settings.epochs),
      let optimizerSteps = file.metadata["optimizer-steps"].flatMap({ Int($0) }), optimizerSteps >= 0,
      let randomSteps = file.metadata["random-steps"].flatMap({ UInt64($0) })
    else { throw failure("a state that the run can be in", "another one") }
    for (name, vector) in vectors {
      for entry in vector.layout.entries {
        guard let tensor = file.tensors["\(name)/\(entry.name)"], tensor.elementType == .float32, tensor.shape == entry.shape
        else { throw failure("float32\(entry.shape) for '\(name)/\(entry.name)'", "none") }
        tensor.withUnsafeElements(as: Float.self) { source in
          if let from = source.baseAddress { vector.address(of: entry).update(from: from, count: source.count) }
        }
      }
    }
    step.update.optimizer.stepCount = optimizerSteps
    step.stepCount = randomSteps
    return state
  }

  private func failure(_ expected: String, _ found: String, category: ErrorCategory = .badData) -> TrainingError {
    TrainingError("checkpoint", subject: settings.path, expected: expected, found: found, category: category)
  }
}

extension TrainingState {
  /// Numbers of which there are many.
  fileprivate var tensors: [String: Tensor] {
    [
      "order": Tensor(order.map { Int64($0) }),
      "training-losses": Tensor(history.map(\.trainingLoss)),
      "validation-losses": Tensor(history.compactMap(\.validationLoss)),
    ]
  }

  /// The others. A floating-point number is its 64 bits, so that nothing is lost.
  fileprivate var metadata: [String: String] {
    let (a, b, c, d) = generator.state
    var result = [
      "epoch": String(epoch), "step": String(step), "over": isOver ? "1" : "0",
      "generator": [a, b, c, d].map { String($0) }.joined(separator: " "),
      "loss-sum": String(lossSum.bitPattern), "best-epoch": String(stopping.bestEpoch),
      "plateau-best": String(plateau.bestLoss.bitPattern), "plateau-waited": String(plateau.epochsWithoutBetter),
      "plateau-reductions": String(plateau.reductions),
    ]
    if let best = stopping.bestLoss { result["best-loss"] = String(best.bitPattern) }
    return result
  }

  /// Takes a file's content over.
  ///
  /// - Returns: false where it is no state of this run.
  fileprivate mutating func restore(_ file: Safetensors, epochs: Int) -> Bool {
    func integer(_ key: String, _ range: ClosedRange<Int>) -> Int? {
      file.metadata[key].flatMap { Int($0) }.flatMap { range.contains($0) ? $0 : nil }
    }
    func number(_ key: String) -> Double? { file.metadata[key].flatMap { UInt64($0) }.map { Double(bitPattern: $0) } }
    func numbers(_ key: String) -> [Double]? {
      file.tensors[key].flatMap { $0.elementType == .float64 ? $0.values(as: Double.self) : nil }
    }
    let words = (file.metadata["generator"] ?? "").split(separator: " ").compactMap { UInt64($0) }
    guard let epoch = integer("epoch", 1...epochs + 1), let step = integer("step", 0...stepsPerEpoch - 1),
      let over = integer("over", 0...1), let lossSum = number("loss-sum"),
      let bestEpoch = integer("best-epoch", 0...epochs), let plateauBest = number("plateau-best"),
      let waited = integer("plateau-waited", 0...epochs), let reductions = integer("plateau-reductions", 0...epochs),
      words.count == 4, words.contains(where: { $0 != 0 }),
      let rows = file.tensors["order"], rows.elementType == .int64, rows.elementCount == order.count,
      let trainingLosses = numbers("training-losses"), let validationLosses = numbers("validation-losses"),
      trainingLosses.count == epoch - 1, validationLosses.isEmpty || validationLosses.count == epoch - 1,
      over == 1 || epoch <= epochs
    else { return false }
    let places = rows.values(as: Int64.self)
    var seen = [Bool](repeating: false, count: places.count)
    for place in places {
      guard let index = Int(exactly: place), seen.indices.contains(index), !seen[index] else { return false }
      seen[index] = true
    }
    self.epoch = epoch
    self.step = step
    isOver = over == 1
    order = places.map { Int($0) }
    generator = SeededGenerator(state: (words[0], words[1], words[2], words[3]))
    self.lossSum = lossSum
    stopping.bestEpoch = bestEpoch
    stopping.bestLoss = number("best-loss")
    plateau.bestLoss = plateauBest
    plateau.epochsWithoutBetter = waited
    plateau.reductions = reductions
    history = trainingLosses.indices.map {
      EpochRecord(
        epoch: $0 + 1, trainingLoss: trainingLosses[$0], validationLoss: validationLosses.isEmpty ? nil : validationLosses[$0])
    }
    return true
  }
}
