import PareGraph
import PareTensor

/// The mean loss over the validation rows at the current parameters.
final class ValidationLoss {
  /// Rows that are scored at once.
  static let chunkSize = 1024

  private let rows: ChunkedRows
  private let loss: String
  private let rowCount: Int
  /// Of each chunk: its loss times its rows, to be added in order whoever computed them.
  private let sums: UnsafeMutableBufferPointer<Double>

  init(_ plan: ChunkedRows.Plan, loss: String, data: TrainingData, vectors: [ParameterVector]) throws {
    var placed: [String: UnsafeMutableRawPointer] = [:]
    for vector in vectors {
      for entry in vector.layout.entries { placed[entry.name] = UnsafeMutableRawPointer(vector.address(of: entry)) }
    }
    rows = try ChunkedRows(plan, data: data, placed: placed, owners: vectors)
    self.loss = loss
    rowCount = data.rowCount
    sums = .allocate(capacity: (rowCount + Self.chunkSize - 1) / Self.chunkSize)
    sums.initialize(repeating: 0)
  }

  deinit { sums.deallocate() }

  func value() throws -> Double {
    try rows.run { [loss, sums] start, rows in
      let mean = try rows.executor.buffer(of: loss).loadUnaligned(as: Float.self)
      sums[start / Self.chunkSize] = Double(mean) * Double(rows.rowCount)
    }
    return sums.reduce(0, +) / Double(rowCount)
  }
}
