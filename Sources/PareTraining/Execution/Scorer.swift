import PareGraph
import PareTensor

/// Runs a graph over many rows in chunks and gathers what it yields for each.
public struct Scorer: Sendable {
  public let graph: Graph
  /// The values to yield, each with the rows leading.
  public let outputs: [String]
  /// Rows that run at once.
  public let chunkSize: Int

  /// - Parameter outputs: the graph's outputs by default, but any value may be asked for.
  public init(_ graph: Graph, outputs: [String]? = nil, chunkSize: Int = 1024) {
    precondition(chunkSize > 0)
    self.graph = graph
    self.outputs = outputs ?? graph.outputs.map(\.name)
    self.chunkSize = chunkSize
  }

  /// - Returns: for each output a tensor with as many rows as the data.
  /// - Throws: `TrainingError` where the data do not fit the graph, or an output has no row per row of input.
  public func run(_ data: TrainingData) throws -> [String: Tensor] {
    let graph = try graph.fusingAttention(keeping: Set(outputs))
    var results: [String: Tensor] = [:]
    var start = 0
    for size in chunkSizes(of: data.rowCount, limit: chunkSize) {
      let rows = try RowExecutor(graph, rowCount: size, outputs: outputs, data: data)
      if results.isEmpty { results = try emptyResults(rows.executor, rowCount: size, total: data.rowCount) }
      while start + size <= data.rowCount {
        try rows.execute(from: start)
        for name in outputs {
          let chunk = UnsafeRawBufferPointer(try rows.executor.buffer(of: name))
          results[name]?.withUnsafeMutableBytes { whole in
            let offset = chunk.count / size * start
            UnsafeMutableRawBufferPointer(rebasing: whole[offset..<offset + chunk.count]).copyMemory(from: chunk)
          }
        }
        start += size
      }
    }
    return results
  }

  private func emptyResults(_ executor: BatchExecutor, rowCount: Int, total: Int) throws -> [String: Tensor] {
    var results: [String: Tensor] = [:]
    for name in outputs {
      guard let type = executor.type(of: name), type.shape.rank > 0, type.shape[0] == rowCount else {
        throw TrainingError(
          "rows", subject: "output '\(name)'", expected: "a row per row of input",
          found: executor.type(of: name).map { "\($0.shape)" } ?? "none")
      }
      results[name] = Tensor(zeros: type.elementType, shape: Shape([total] + type.shape.dimensions.dropFirst()))
    }
    return results
  }
}
