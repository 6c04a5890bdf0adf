import PareGraph
import PareTensor
import PareTraining

/// Runs a network over observations, a chunk of fixed size at a time; its weights may be a vector that someone else moves.
///
/// A row's result has the same bits whichever rows are beside it. Not for use from several threads at once.
final class NetworkEvaluator {
  private static let chunkSize = 512

  private let executor: BatchExecutor
  private let chunkSize: Int
  private let input: UnsafeMutableBufferPointer<Float>
  private let output: UnsafeMutableBufferPointer<Float>
  private let inputWidth: Int
  let outputWidth: Int

  /// - Parameters:
  ///   - parameters: the weights to use; nil for the graph's own.
  ///   - chunkSize: rows that run at once; one for whoever acts step by step.
  init(_ graph: Graph, parameters: ParameterVector? = nil, chunkSize: Int = NetworkEvaluator.chunkSize) throws {
    var placed: [String: UnsafeMutableRawPointer] = [:]
    if let parameters, let base = parameters.elements.baseAddress {
      for entry in parameters.layout.entries { placed[entry.name] = UnsafeMutableRawPointer(base + entry.offset) }
    }
    executor = try BatchExecutor(
      graph, binding: ["batch": chunkSize], outputs: ["logits"], placed: placed, owners: parameters.map { [$0] } ?? [])
    input = try executor.buffer(of: "features").bindMemory(to: Float.self)
    output = try executor.buffer(of: "logits").bindMemory(to: Float.self)
    self.chunkSize = chunkSize
    inputWidth = input.count / chunkSize
    outputWidth = output.count / chunkSize
  }

  /// - Parameter observations: row-major, whole rows.
  /// - Returns: `[rows, outputWidth]`.
  func evaluate(_ observations: [Float]) throws -> [Float] {
    let rows = observations.count / inputWidth
    var results: [Float] = []
    results.reserveCapacity(rows * outputWidth)
    try observations.withUnsafeBufferPointer { observations in
      for start in stride(from: 0, to: rows, by: chunkSize) {
        let count = min(chunkSize, rows - start)
        // What is left over runs with whatever lies behind it.
        _ = input.update(fromContentsOf: observations[start * inputWidth..<(start + count) * inputWidth])
        try executor.execute()
        results.append(contentsOf: output[..<(count * outputWidth)])
      }
    }
    return results
  }
}
