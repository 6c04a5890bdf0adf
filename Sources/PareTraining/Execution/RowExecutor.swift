import PareGraph
import PareTensor

/// A batch executor for a fixed number of rows whose inputs are copied out of larger tensors.
final class RowExecutor {
  let executor: BatchExecutor
  let rowCount: Int
  private let inputs: [(source: Tensor, destination: UnsafeMutableRawPointer, rowByteCount: Int)]

  /// - Throws: `training.missing-input`, `training.input-type` where the data do not fit the graph's inputs.
  init(
    _ graph: Graph, rowCount: Int, outputs: [String], data: TrainingData,
    placed: [String: UnsafeMutableRawPointer] = [:], owners: [ParameterVector] = [], kernels: TrainingKernels = .best
  ) throws {
    executor = try BatchExecutor(
      graph, binding: graph.rowBinding(rowCount), outputs: outputs, placed: placed, owners: owners, kernels: kernels)
    self.rowCount = rowCount
    var inputs: [(Tensor, UnsafeMutableRawPointer, Int)] = []
    for name in executor.inputNames {
      guard let type = executor.type(of: name) else { continue }
      guard let tensor = data[name] else {
        throw TrainingError(
          "missing-input", subject: "input '\(name)'", expected: "a tensor of that name in the data",
          found: data.tensors.keys.sorted().joined(separator: ", "))
      }
      guard tensor.elementType == type.elementType, type.shape.rank > 0, type.shape[0] == rowCount,
        tensor.shape.dimensions.dropFirst() == type.shape.dimensions.dropFirst()
      else {
        throw TrainingError(
          "input-type", subject: "input '\(name)'",
          expected: "\(type.elementType.rawValue)\(Shape([data.rowCount] + type.shape.dimensions.dropFirst()))",
          found: "\(tensor.elementType.rawValue)\(tensor.shape)")
      }
      if let destination = try executor.buffer(of: name).baseAddress {
        inputs.append((tensor, destination, tensor.rowByteCount))
      }
    }
    self.inputs = inputs
  }

  /// Runs on the rows with the given indices.
  ///
  /// - Precondition: there are `rowCount` of them, each within the data.
  func execute(rows: UnsafeBufferPointer<Int>, step: UInt64 = 0) throws {
    precondition(rows.count == rowCount)
    for (source, destination, size) in inputs {
      source.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        for index in 0..<rows.count {
          (destination + index * size).copyMemory(from: base + rows[index] * size, byteCount: size)
        }
      }
    }
    try executor.execute(step: step)
  }

  /// Runs on `rowCount` neighbouring rows from `start` on.
  func execute(from start: Int, step: UInt64 = 0) throws {
    for (source, destination, size) in inputs {
      source.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        destination.copyMemory(from: base + start * size, byteCount: rowCount * size)
      }
    }
    try executor.execute(step: step)
  }
}

/// The numbers of rows in which `total` rows are run, at most `limit` at a time: the full size first.
func chunkSizes(of total: Int, limit: Int) -> [Int] {
  let rest = total % limit
  return (total >= limit ? [limit] : []) + (rest > 0 ? [rest] : [])
}

extension Graph {
  /// Binds the leading dimension of every input to a number of rows.
  func rowBinding(_ rowCount: Int) -> [String: Int] {
    var binding: [String: Int] = [:]
    for input in inputs {
      if case .symbolic(let name)? = input.type.dimensions.first { binding[name] = rowCount }
    }
    return binding
  }
}
