import PareGraph
import PareTensor

/// What a training run takes at its peak, in bytes, known before it begins.
///
/// Not counted are the program itself and what a BLAS library keeps for its threads.
public struct TrainingMemory: Sendable, Hashable, Codable {
  /// The model as it was given, and the trained one that comes back.
  public var models: Int
  /// Parameters and running averages at work, and those of the best epoch.
  public var parameters: Int
  /// A vector for each piece of a batch.
  public var gradients: Int
  /// The optimizer's moments, what it works in, and the masks of sparse parameters.
  public var optimizer: Int
  /// Values between the layers, forward and backward, for all pieces of the full batch and of what an epoch leaves over.
  public var values: Int
  /// What forms of operators work in.
  public var scratch: Int
  /// Values while the validation rows are scored.
  public var validation: Int
  /// The rows to learn from, the order in which they come, and the validation rows.
  public var data: Int
  /// A checkpoint while it is written.
  public var checkpoint: Int

  public var total: Int {
    models + parameters + gradients + optimizer + values + scratch + validation + data + checkpoint
  }

  /// - Parameter scratch: as counted while forms were prepared.
  init(
    _ plan: TrainingPlan, of graph: Graph, data: TrainingData, validation: (plan: ChunkedRows.Plan, data: TrainingData)?,
    settings: TrainingSettings, checkpoints: Bool, scratch: Int
  ) {
    let float = MemoryLayout<Float>.stride
    let (own, averages) = (plan.layout.elementCount * float, plan.statistics.elementCount * float)
    let stored = graph.parameters.values.reduce(0) { $0 + $1.storage.shape.elementCount * $1.storage.elementType.byteCount }
    let order = data.rowCount * MemoryLayout<Int>.stride
    let state = own * (2 + settings.optimizer.momentCount) + averages * 2
    models = stored + own
    parameters = 2 * (own + averages)
    gradients = plan.pieceCount * own
    optimizer = (settings.optimizer.momentCount + (settings.optimizer.isLayerwise ? 1 : 0)) * own + (plan.mask?.count ?? 0)
    values = plan.batches.flatMap(\.pieces).reduce(0) { $0 + $1.rows.plan.memory.byteCount }
    self.scratch = scratch
    self.validation = validation?.plan.byteCount ?? 0
    self.data = data.byteCount + (validation?.data.byteCount ?? 0) + order
    // Tensors, and the file that is made of them.
    checkpoint = checkpoints ? 2 * (state + order) : 0
  }

  /// - Throws: `training.memory` where more is needed than there is.
  func check(against limit: Int?, batchSize: Int) throws {
    guard let limit, total > limit else { return }
    throw TrainingError(
      "memory", subject: "batch size \(batchSize)", expected: "at most \(Self.words(limit)) of memory",
      found:
        "a need of \(Self.words(total)): \(Self.words(values + scratch)) for the batch's values, \(Self.words(gradients + optimizer + parameters)) for parameters, gradients and optimizer, \(Self.words(data)) for data",
      category: .usage)
  }

  /// `3.4 MiB`.
  public static func words(_ byteCount: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(byteCount)
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    let tenths = Int((value * 10).rounded())
    return unit == 0 || tenths >= 1000 ? "\(tenths / 10) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }
}

extension TrainingData {
  var byteCount: Int { tensors.values.reduce(0) { $0 + $1.byteCount } }
}

/// What training may use, and what changes no bit of its outcome.
public struct TrainingResources: Sendable, Hashable {
  /// Threads at most: by default the processor's cores. More than there are pieces of a batch (four at most) help only
  /// the optimizer.
  public var threads: Int?
  /// Bytes at most: by default what the system has available. A run that would need more is refused before it begins.
  public var memory: Int?

  public init(threads: Int? = nil, memory: Int? = nil) {
    self.threads = threads
    self.memory = memory
  }

  var threadCount: Int { max(threads ?? Machine.coreCount, 1) }
  var memoryLimit: Int? { memory ?? Machine.availableMemory }

  func validate() throws {
    if let threads, threads < 1 {
      throw TrainingError("setting", subject: "threads", expected: "at least 1", found: "\(threads)", category: .usage)
    }
  }
}
