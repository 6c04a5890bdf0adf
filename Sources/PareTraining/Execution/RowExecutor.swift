import PareGraph
import PareTensor

/// What a graph does with a fixed number of rows. Takes no memory for values.
struct RowPlan {
  let plan: BatchPlan
  let rowCount: Int

  /// - Parameters:
  ///   - extents: of the names of axes within a row.
  ///   - placed: values that lie in the caller's memory.
  init(_ graph: Graph, rowCount: Int, extents: [String: Int] = [:], outputs: [String], placed: Set<String> = []) throws {
    let binding = extents.merging(graph.rowBinding(rowCount)) { $1 }
    plan = try BatchPlan(graph, binding: binding, outputs: outputs, placed: placed)
    self.rowCount = rowCount
  }

  /// - Throws: `training.missing-input`, `training.input-type` where the data do not fit the graph's inputs.
  func checkInputs(_ data: TrainingData) throws {
    for name in plan.inputs {
      guard let type = plan.types[name] else { continue }
      guard let tensor = data[name] else {
        throw TrainingError(
          "missing-input", subject: "input '\(name)'", expected: "a tensor of that name in the data",
          found: data.tensors.keys.sorted().joined(separator: ", "))
      }
      guard type.shape.rank > 0, type.shape[0] == rowCount else {
        throw TrainingError(
          "input-type", subject: "input '\(name)'", expected: "\(rowCount) rows, or a first dimension with a name",
          found: "\(type.elementType.rawValue)\(type.shape)")
      }
      guard tensor.elementType == type.elementType,
        tensor.shape.dimensions.dropFirst() == type.shape.dimensions.dropFirst()
      else {
        throw TrainingError(
          "input-type", subject: "input '\(name)'",
          expected: "\(type.elementType.rawValue)\(Shape([data.rowCount] + type.shape.dimensions.dropFirst()))",
          found: "\(tensor.elementType.rawValue)\(tensor.shape)")
      }
    }
  }
}

/// A batch executor for a fixed number of rows whose inputs are copied out of larger tensors.
final class RowExecutor {
  let executor: BatchExecutor
  let rowCount: Int
  private var inputs: [(name: String, source: Tensor, destination: UnsafeMutableRawPointer, rowByteCount: Int)]

  /// - Throws: `training.missing-input`, `training.input-type` where the data do not fit the graph's inputs.
  init(
    _ plan: RowPlan, data: TrainingData, placed: [String: UnsafeMutableRawPointer] = [:], owners: [ParameterVector] = [],
    kernels: TrainingKernels = .best
  ) throws {
    try plan.checkInputs(data)
    executor = try BatchExecutor(plan.plan, placed: placed, owners: owners, kernels: kernels)
    rowCount = plan.rowCount
    var inputs: [(String, Tensor, UnsafeMutableRawPointer, Int)] = []
    for name in executor.inputNames {
      if let tensor = data[name], let destination = try executor.buffer(of: name).baseAddress {
        inputs.append((name, tensor, destination, tensor.rowByteCount))
      }
    }
    self.inputs = inputs
  }

  /// Copies rows out of other tensors from now on.
  ///
  /// - Precondition: they have the names, element types and extents of a row of those before.
  func take(_ data: TrainingData) {
    for index in inputs.indices {
      guard let tensor = data[inputs[index].name] else { preconditionFailure("no tensor '\(inputs[index].name)'") }
      precondition(tensor.elementType == inputs[index].source.elementType && tensor.rowByteCount == inputs[index].rowByteCount)
      inputs[index].source = tensor
    }
  }

  /// Runs on the rows with the given indices.
  ///
  /// - Precondition: there are `rowCount` of them, each within the data.
  func execute(rows: UnsafeBufferPointer<Int>, step: UInt64 = 0) throws {
    precondition(rows.count == rowCount)
    for (_, source, destination, size) in inputs {
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
    for (_, source, destination, size) in inputs {
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

  /// Binds the names of axes within a row to the extents that the data have there.
  func extents(of data: TrainingData) -> [String: Int] {
    var binding: [String: Int] = [:]
    for input in inputs {
      guard let shape = data[input.name]?.shape, shape.rank == input.type.rank else { continue }
      for (axis, dimension) in input.type.dimensions.enumerated().dropFirst() {
        if case .symbolic(let name) = dimension { binding[name] = shape[axis] }
      }
    }
    return binding
  }

  /// The graph with names of axes within a row bound, so that a loss that is appended to it knows their extents.
  func bound(to data: TrainingData) throws -> Graph {
    let extents = extents(of: data)
    return extents.isEmpty ? self : try specialized(extents)
  }

  /// Whether any number of rows may run at once: the leading dimension of every input is a name.
  var takesAnyRowCount: Bool {
    inputs.allSatisfy { input in
      if case .symbolic? = input.type.dimensions.first { true } else { false }
    }
  }
}
