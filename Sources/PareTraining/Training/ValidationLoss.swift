import PareGraph
import PareTensor

/// The mean loss over the validation rows at the current parameters.
final class ValidationLoss {
  private let rows: ChunkedRows
  private let monitored: MonitoredGraph
  /// Of each chunk: its loss times its rows, to be added in order whoever computed them.
  private let sums: UnsafeMutableBufferPointer<Double>
  /// What goes from chunk to chunk.
  private let states: ParameterVector

  init(_ plan: ChunkedRows.Plan, of monitored: MonitoredGraph, vectors: [ParameterVector]) throws {
    self.monitored = monitored
    states = ParameterVector(try ParameterLayout(monitored.graph, names: monitored.carried.map(\.parameter)))
    var placed: [String: UnsafeMutableRawPointer] = [:]
    // States of its own take the place of the training's.
    for vector in vectors + [states] {
      for entry in vector.layout.entries { placed[entry.name] = UnsafeMutableRawPointer(vector.address(of: entry)) }
    }
    rows = try ChunkedRows(plan, data: monitored.data, placed: placed, owners: vectors + [states])
    sums = .allocate(capacity: (monitored.data.rowCount + monitored.chunkSize - 1) / monitored.chunkSize)
    sums.initialize(repeating: 0)
  }

  deinit { sums.deallocate() }

  func value() throws -> Double {
    try rows.run { [monitored, sums, states] start, rows in
      let mean = try rows.executor.buffer(of: monitored.loss).loadUnaligned(as: Float.self)
      sums[start / monitored.chunkSize] = start < monitored.leadingRows ? 0 : Double(mean) * Double(rows.rowCount)
      for entry in states.layout.entries {
        guard let state = monitored.carried.first(where: { $0.parameter == entry.name }) else { continue }
        let value = UnsafeRawBufferPointer(try rows.executor.buffer(of: state.value))
        if let from = value.baseAddress { UnsafeMutableRawPointer(states.address(of: entry)).copyMemory(from: from, byteCount: value.count) }
      }
    }
    return sums.reduce(0, +) / Double(monitored.data.rowCount - monitored.leadingRows)
  }
}
