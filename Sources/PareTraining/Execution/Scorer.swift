import PareGraph
import PareTensor

/// Runs a graph over many rows in chunks and gathers what it yields for each.
public struct Scorer: Sendable {
  public let graph: Graph
  /// The values to yield, each with the rows leading.
  public let outputs: [String]
  /// Rows that run at once; nil for 1024, or fewer where rows are large.
  public let chunkSize: Int?
  /// Threads at most, where there is enough to do; they change no bit of the result.
  public let threads: Int

  /// - Parameters:
  ///   - outputs: the graph's outputs by default, but any value may be asked for.
  ///   - threads: the processor's cores by default.
  public init(_ graph: Graph, outputs: [String]? = nil, chunkSize: Int? = nil, threads: Int? = nil) {
    precondition((chunkSize ?? 1) > 0)
    self.graph = graph
    self.outputs = outputs ?? graph.outputs.map(\.name)
    self.chunkSize = chunkSize
    self.threads = max(threads ?? Machine.coreCount, 1)
  }

  /// - Returns: for each output a tensor with as many rows as the data.
  /// - Throws: `TrainingError` where the data do not fit the graph, or an output has no row per row of input.
  public func run(_ data: TrainingData) throws -> [String: Tensor] {
    let plan = try ChunkedRows.Plan(
      graph.fusingAttention(keeping: Set(outputs)), outputs: outputs, data: data, chunkSize: chunkSize ?? data.chunkSize,
      threads: threads)
    let rows = try ChunkedRows(plan, data: data)
    var results: [(name: String, tensor: Tensor)] = []
    for name in outputs { results.append((name, try emptyResult(name, rows.sample, total: data.rowCount))) }
    // Chunks write to rows of their own, of memory that nobody moves meanwhile.
    let places = results.indices.map { index in
      results[index].tensor.withUnsafeMutableBytes { $0 }
    }
    try withExtendedLifetime(results) {
      try rows.run { [outputs] start, rows in
        for (name, place) in zip(outputs, places) {
          let chunk = UnsafeRawBufferPointer(try rows.executor.buffer(of: name))
          let offset = chunk.count / rows.rowCount * start
          UnsafeMutableRawBufferPointer(rebasing: place[offset..<offset + chunk.count]).copyMemory(from: chunk)
        }
      }
    }
    return Dictionary(results.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
  }

  /// The outputs for all rows at once, each of whatever shape it has: for values inside a network, whose first axis need not
  /// be the rows.
  ///
  /// - Throws: `TrainingError` where the data do not fit the graph.
  public func values(_ data: TrainingData) throws -> [String: Tensor] {
    let graph = try graph.fusingAttention(keeping: Set(outputs))
    let plan = try ChunkedRows.Plan(graph, outputs: outputs, data: data, chunkSize: data.rowCount, threads: 1)
    var results: [String: Tensor] = [:]
    try ChunkedRows(plan, data: data).run { [outputs] _, rows in
      for name in outputs {
        guard let type = rows.executor.type(of: name) else { continue }
        let bytes = UnsafeRawBufferPointer(try rows.executor.buffer(of: name))
        results[name] = Tensor(elementType: type.elementType, shape: type.shape, bytes: bytes)
      }
    }
    return results
  }

  private func emptyResult(_ name: String, _ rows: RowExecutor?, total: Int) throws -> Tensor {
    guard let rows, let type = rows.executor.type(of: name), type.shape.rank > 0, type.shape[0] == rows.rowCount else {
      throw TrainingError(
        "rows", subject: "output '\(name)'", expected: "a row per row of input",
        found: rows?.executor.type(of: name).map { "\($0.shape)" } ?? "none")
    }
    return Tensor(zeros: type.elementType, shape: Shape([total] + type.shape.dimensions.dropFirst()))
  }
}
