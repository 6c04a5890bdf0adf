import PareGraph
import PareTensor
import PareTraining

/// Gathers a histogram of each of several values while a graph runs once over the rows.
enum ActivationObserver {
  /// - Parameters:
  ///   - values: names of values, inputs of the graph among them if need be; the same name may come twice.
  ///   - progress: told the part of the rows that is done.
  /// - Throws: `CompressionError` for values that are not finite, and what evaluating the graph throws.
  static func observe(
    _ values: [String], of graph: Graph, rows: TrainingData, progress: (Double) -> Void
  ) throws -> [String: StreamingHistogram] {
    var histograms = Dictionary(values.map { ($0, StreamingHistogram()) }, uniquingKeysWith: { first, _ in first })
    try RowEvaluation.forEachChunk(of: rows, through: graph, values: Array(histograms.keys)) { chunk, range in
      for (name, tensor) in chunk {
        try tensor.withUnsafeElements(as: Float.self) { try histograms[name]?.add($0, of: name) }
      }
      progress(Double(range.upperBound) / Double(rows.rowCount))
    }
    return histograms
  }
}
