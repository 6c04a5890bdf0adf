import PareGraph
import PareTensor
import PareTraining

/// Evaluates a graph over many rows in pieces, so that no value is held for all rows at once.
enum RowEvaluation {
  /// Rows at a time.
  static let chunk = 1024

  /// Calls `body` with the values of each piece, in order, and the rows that it holds. A value inside a network has the
  /// shape that it has there for so many rows.
  ///
  /// - Parameters:
  ///   - values: names of values of the graph; those of its inputs come from the data as they are.
  ///   - chunk: rows of a piece.
  /// - Throws: what `body` throws, and `TrainingError` where the data do not fit the graph.
  static func forEachChunk(
    of data: TrainingData, through graph: Graph, values: [String], chunk: Int = Self.chunk,
    _ body: ([String: Tensor], Range<Int>) throws -> Void
  ) throws {
    let inputs = Set(graph.inputs.map { $0.name })
    let given = Set(values).intersection(inputs)
    let computed = Set(values).subtracting(inputs).sorted()
    let scorer = Scorer(graph, outputs: computed)
    for first in stride(from: 0, to: data.rowCount, by: chunk) {
      let range = first..<min(first + chunk, data.rowCount)
      let rows = data.rows(range)
      var results = computed.isEmpty ? [:] : try scorer.values(rows)
      for name in given {
        guard let tensor = rows[name] else {
          throw CompressionError("missing-data", subject: "input '\(name)'", expected: "a tensor of that name in the data", found: "none")
        }
        results[name] = tensor
      }
      try body(results, range)
    }
  }
}
