import PareGraph
import PareTensor

/// Everything that one step of training needs, made ready once: loss and gradient for the full batch and for the smaller
/// one at an epoch's end, each in pieces that may run at the same time, and the parameters, their gradients and the
/// optimizer's moments as vectors of one layout.
///
/// A step allocates nothing, and its result has the same bits on any number of threads.
package final class TrainingStep: TeamWork {
  package let parameters: ParameterVector
  /// The running averages that normalizations keep, and states that go from batch to batch; not trained, but moved by
  /// every step.
  package let statistics: ParameterVector
  /// How far training has come, for losses that move with it.
  private let signals: ParameterVector
  let update: ParameterUpdate
  private let batches: [Batch]
  private let team: WorkerTeam?
  /// Steps made, for operators that draw random numbers.
  var stepCount: UInt64 = 0

  private struct Batch {
    let rowCount: Int
    let pieces: [Piece]
  }

  private struct Piece {
    let range: Range<Int>
    let rows: RowExecutor
    let loss: UnsafePointer<Float>
    /// Gradients that could not be written where they belong.
    let copies: [Copy]
    /// The running averages after the step.
    let updates: [Copy]
  }

  private struct Copy {
    let from: UnsafePointer<Float>
    let to: UnsafeMutablePointer<Float>
    let count: Int

    func carryOut() { to.update(from: from, count: count) }
  }

  private enum Phase: Int {
    case pieces, collect, apply, collectAndApply
  }

  /// What the threads work on.
  private var current = (batch: 0, rows: UnsafeBufferPointer<Int>(start: nil, count: 0))

  /// - Parameters:
  ///   - graph: the model with `loss` appended to it.
  ///   - mixesRows: the loss's.
  ///   - threads: at most; the processor's cores by default.
  package convenience init(
    _ graph: Graph, loss: String, data: TrainingData, settings: TrainingSettings, mixesRows: Bool = false,
    threads: Int? = nil, kernels: TrainingKernels = .best
  ) throws {
    try self.init(
      TrainingPlan(graph, loss: loss, data: data, settings: settings, mixesRows: mixesRows), of: graph, data: data, settings: settings,
      threads: threads ?? Machine.coreCount, kernels: kernels)
  }

  /// Takes the memory that a plan asks for.
  init(
    _ plan: TrainingPlan, of graph: Graph, data: TrainingData, settings: TrainingSettings, threads: Int,
    kernels: TrainingKernels = .best
  ) throws {
    parameters = ParameterVector(plan.layout, of: graph)
    statistics = ParameterVector(plan.statistics, of: graph)
    signals = ParameterVector(plan.signals, of: graph)
    update = ParameterUpdate(
      parameters, pieceCount: plan.pieceCount, mask: plan.mask, settings: settings, kernels: kernels)
    let (parameters, others, gradients) = (parameters, [statistics, signals], update.gradients)
    batches = try plan.batches.map { batch in
      Batch(
        rowCount: batch.rowCount,
        pieces: try zip(batch.pieces, gradients).map { piece, gradient in
          try Self.piece(
            piece, updates: plan.updates, data: data, parameters: parameters, gradient: gradient, others: others,
            kernels: kernels)
        })
    }
    let useful = max(plan.pieceCount, update.isShared ? threads : 1)
    team = min(threads, useful) > 1 ? WorkerTeam(threadCount: min(threads, useful)) : nil
  }

  /// One step on the given rows, as many as the batch or what an epoch leaves over.
  ///
  /// - Parameters:
  ///   - rateFactor: on the optimizer's learning rate.
  ///   - progress: the share of all steps that is done, 0 in the first and 1 in the last.
  /// - Returns: the loss before the step.
  package func run(rows: UnsafeBufferPointer<Int>, rateFactor: Double = 1, progress: Double = 1) throws -> Float {
    for entry in signals.layout.entries {
      signals.address(of: entry).pointee = entry.name == TrainingSignal.progress.rawValue ? Float(progress) : 1
    }
    guard let index = batches.firstIndex(where: { $0.rowCount == rows.count }) else {
      preconditionFailure("no plan for \(rows.count) rows")
    }
    let pieceCount = batches[index].pieces.count
    current = (index, rows)
    if let team, pieceCount > 1 {
      try team.run(self, phase: Phase.pieces.rawValue)
    } else {
      try perform(phase: Phase.pieces.rawValue, thread: 0, of: 1)
    }
    stepCount += 1
    update.begin(rateFactor: rateFactor)
    let sharing = update.isShared ? team : nil
    if update.needsWholeGradient {
      try go(.collect, sharing)
      update.limitNorm()
      try go(.apply, sharing)
    } else {
      try go(.collectAndApply, sharing)
    }
    var loss: Float = 0
    for piece in 0..<pieceCount {
      for copy in batches[index].pieces[piece].updates { copy.carryOut() }
      loss += batches[index].pieces[piece].loss.pointee
    }
    return loss
  }

  /// Learns from other rows from now on, as where targets follow from what was learnt before.
  ///
  /// - Precondition: the tensors have the names, element types and extents of a row of those before, and no step names a row
  ///   that they lack.
  package func take(_ data: TrainingData) {
    for piece in batches.flatMap(\.pieces) { piece.rows.take(data) }
  }

  private func go(_ phase: Phase, _ team: WorkerTeam?) throws {
    if let team { try team.run(self, phase: phase.rawValue) } else { try perform(phase: phase.rawValue, thread: 0, of: 1) }
  }

  func perform(phase: Int, thread: Int, of threadCount: Int) throws {
    let pieces = batches[current.batch].pieces
    switch Phase(rawValue: phase) {
    case .pieces:
      for index in stride(from: thread, to: pieces.count, by: threadCount) {
        let range = pieces[index].range
        // Each piece draws random numbers of its own.
        try pieces[index].rows.execute(
          rows: UnsafeBufferPointer(rebasing: current.rows[range]),
          step: stepCount * UInt64(pieces.count) + UInt64(index))
        for copy in pieces[index].copies { copy.carryOut() }
      }
    case .collect: update.collect(pieces: pieces.count, thread: thread, of: threadCount)
    case .apply: update.apply(thread: thread, of: threadCount)
    case .collectAndApply: update.collectAndApply(pieces: pieces.count, thread: thread, of: threadCount)
    case nil: preconditionFailure("no phase \(phase)")
    }
  }

  /// Threads that take part, the caller's included.
  package var threadCount: Int { team?.threadCount ?? 1 }

  /// Pieces of a full batch.
  package var pieceCount: Int { batches.first?.pieces.count ?? 1 }

  /// How long each node of loss and gradient takes on the first piece of a full batch, of whatever the buffers hold.
  package func profile() throws -> [(node: Node, duration: Duration)] {
    try batches.first?.pieces.first?.rows.executor.profile() ?? []
  }

  /// Names of the nodes that the reference evaluates.
  package var referenceNodes: [String] { batches.first?.pieces.first?.rows.executor.referenceNodes ?? [] }

  private static func piece(
    _ piece: TrainingPlan.Piece, updates: [String], data: TrainingData, parameters: ParameterVector,
    gradient: ParameterVector, others: [ParameterVector], kernels: TrainingKernels
  ) throws -> Piece {
    let statistics = others[0]
    var placed: [String: UnsafeMutableRawPointer] = [:]
    for vector in [parameters] + others {
      for entry in vector.layout.entries { placed[entry.name] = UnsafeMutableRawPointer(vector.address(of: entry)) }
    }
    for (value, entry) in piece.placed { placed[value] = UnsafeMutableRawPointer(gradient.address(of: entry)) }
    let rows = try RowExecutor(
      piece.rows, data: data, placed: placed, owners: [parameters, gradient] + others, kernels: kernels)
    func address(_ value: String) throws -> UnsafePointer<Float> {
      UnsafePointer(try rows.executor.buffer(of: value).bindMemory(to: Float.self).baseAddress.unsafelyUnwrapped)
    }
    return Piece(
      range: piece.range, rows: rows, loss: try address(piece.loss),
      copies: try piece.copied.map {
        Copy(from: try address($0.value), to: gradient.address(of: $0.entry), count: $0.entry.shape.elementCount)
      },
      updates: try zip(updates, statistics.layout.entries).map {
        Copy(from: try address($0), to: statistics.address(of: $1), count: $1.shape.elementCount)
      })
  }
}
