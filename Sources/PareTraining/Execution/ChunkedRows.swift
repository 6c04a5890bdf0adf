import PareGraph
import PareTensor

/// Runs a graph over all rows of some data, a chunk of fixed size at a time, on several threads where that pays.
///
/// Chunks are cut by the number of rows alone, so that each row's result has the same bits on any number of threads.
final class ChunkedRows: TeamWork {
  /// Multiply-adds, over all rows, from which on several threads take part.
  private static let leastWork = 1 << 25

  let chunkSize: Int
  private let rowCount: Int
  /// One for the full chunk per thread.
  private let executors: [RowExecutor]
  /// For what is left over.
  private let rest: RowExecutor?
  private let team: WorkerTeam?
  private var consume: (Int, RowExecutor) throws -> Void = { _, _ in }

  /// What the rows will need.
  struct Plan {
    let full: RowPlan?
    let rest: RowPlan?
    let threadCount: Int

    /// - Parameter threads: at most.
    init(
      _ graph: Graph, outputs: [String], data: TrainingData, chunkSize: Int, placed: Set<String> = [], threads: Int
    ) throws {
      let rowCount = data.rowCount
      let plans = try chunkSizes(of: rowCount, limit: chunkSize).map {
        try RowPlan(graph, rowCount: $0, extents: graph.extents(of: data), outputs: outputs, placed: placed)
      }
      full = plans.first { $0.rowCount == chunkSize }
      rest = plans.last { $0.rowCount != chunkSize }
      let chunks = rowCount / chunkSize
      let work = full.map { Shards.multiplyAdds(graph.nodes, types: $0.plan.types) } ?? 0
      threadCount = work >= ChunkedRows.leastWork / max(chunks, 1) ? max(min(threads, chunks), 1) : 1
    }

    /// Bytes of the values.
    var byteCount: Int { (full?.plan.memory.byteCount ?? 0) * threadCount + (rest?.plan.memory.byteCount ?? 0) }
  }

  init(
    _ plan: Plan, data: TrainingData, placed: [String: UnsafeMutableRawPointer] = [:], owners: [ParameterVector] = []
  ) throws {
    executors = try plan.full.map { full in
      try (0..<plan.threadCount).map { _ in try RowExecutor(full, data: data, placed: placed, owners: owners) }
    } ?? []
    rest = try plan.rest.map { try RowExecutor($0, data: data, placed: placed, owners: owners) }
    chunkSize = plan.full?.rowCount ?? max(data.rowCount, 1)
    rowCount = data.rowCount
    team = plan.threadCount > 1 ? WorkerTeam(threadCount: plan.threadCount) : nil
  }

  /// Any executor, to ask for types.
  var sample: RowExecutor? { executors.first ?? rest }

  /// Runs everything. `consume` is given the first row of each chunk and the executor that has run it; it is called at
  /// the same time for different chunks.
  func run(_ consume: @escaping (Int, RowExecutor) throws -> Void) throws {
    self.consume = consume
    defer { self.consume = { _, _ in } }
    if let team {
      try team.run(self, phase: 0)
    } else if let executor = executors.first {
      for chunk in 0..<rowCount / chunkSize { try run(chunk, executor) }
    }
    if let rest {
      let start = rowCount - rest.rowCount
      try rest.execute(from: start)
      try consume(start, rest)
    }
  }

  func perform(phase: Int, thread: Int, of threadCount: Int) throws {
    for chunk in stride(from: thread, to: rowCount / chunkSize, by: threadCount) { try run(chunk, executors[thread]) }
  }

  private func run(_ chunk: Int, _ executor: RowExecutor) throws {
    try executor.execute(from: chunk * chunkSize)
    try consume(chunk * chunkSize, executor)
  }
}
