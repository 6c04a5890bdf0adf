import PareGraph
import PareTensor

/// Runs a graph over many rows at once: matrix products by BLAS, other operators by vector kernels, and by the
/// reference where neither has a form for them.
///
/// Every buffer is planned when the executor is made; `execute` allocates nothing. The same inputs give the same bits.
/// Not for use from several threads at once.
public final class BatchExecutor {
  private struct Step {
    let evaluation: Evaluation
    let buffers: (inputs: UnsafeMutablePointer<UnsafeRawPointer?>, outputs: UnsafeMutablePointer<UnsafeMutableRawPointer>)
  }

  private let plan: BatchPlan
  private let memory: UnsafeMutableRawPointer
  private let placed: [String: UnsafeMutableRawPointer]
  private var steps: [Step] = []
  /// Whose memory `placed` points into.
  private let owners: [ParameterVector]

  /// Names of the nodes that the reference evaluates, for lack of a fast form.
  public let referenceNodes: [String]

  /// - Parameters:
  ///   - binding: the extent of each symbolic dimension, as `["batch": 256]`.
  ///   - outputs: the values to yield; the graph's outputs by default, but any value may be asked for.
  /// - Throws: `GraphError` for what is wrong with the graph, `LinearAlgebraError` where there is no BLAS.
  public convenience init(_ graph: Graph, binding: [String: Int] = [:], outputs: [String]? = nil) throws {
    try self.init(graph, binding: binding, outputs: outputs ?? graph.outputs.map(\.name), placed: [:], owners: [])
  }

  /// - Parameters:
  ///   - placed: where values lie that are not in the executor's own memory. A parameter that is not placed is copied.
  ///   - owners: keeps that memory alive.
  package convenience init(
    _ graph: Graph, binding: [String: Int], outputs: [String], placed: [String: UnsafeMutableRawPointer],
    owners: [ParameterVector], kernels: TrainingKernels = .best
  ) throws {
    try self.init(
      BatchPlan(graph, binding: binding, outputs: outputs, placed: Set(placed.keys)), placed: placed, owners: owners,
      kernels: kernels)
  }

  /// Takes the memory that a plan asks for.
  init(
    _ plan: BatchPlan, placed: [String: UnsafeMutableRawPointer], owners: [ParameterVector], kernels: TrainingKernels
  ) throws {
    let prepared = try plan.steps.map { try $0.prepared(kernels) }
    referenceNodes = zip(plan.steps, prepared).filter { !$1.isFast }.map { $0.0.node.name }
    self.plan = plan
    self.owners = owners
    self.placed = placed
    memory = .allocate(byteCount: max(plan.memory.byteCount, 1), alignment: MemoryPlan.alignment)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: plan.memory.byteCount)
    for (name, tensor) in plan.constants {
      tensor.withUnsafeBytes { bytes in
        if let from = bytes.baseAddress { address(name)?.copyMemory(from: from, byteCount: bytes.count) }
      }
    }
    for (step, prepared) in zip(plan.steps, prepared) {
      let inputs = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: max(step.inputs.count, 1))
      for (index, name) in step.inputs.enumerated() {
        (inputs + index).initialize(to: name.isEmpty ? nil : address(name).map { UnsafeRawPointer($0) })
      }
      let outputs = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: max(step.outputs.count, 1))
      for (index, name) in step.outputs.enumerated() { (outputs + index).initialize(to: address(name) ?? memory) }
      steps.append(Step(evaluation: prepared.evaluation, buffers: (inputs, outputs)))
    }
  }

  deinit {
    for step in steps {
      step.buffers.inputs.deallocate()
      step.buffers.outputs.deallocate()
    }
    memory.deallocate()
  }

  /// Bytes of the buffers: inputs, constants, outputs and what lies between.
  public var bufferByteCount: Int { plan.memory.byteCount }

  /// The memory of an input, to be filled before `execute`, or of an output, to be read after it.
  ///
  /// - Throws: `training.no-buffer` where the value is neither.
  public func buffer(of value: String) throws -> UnsafeMutableRawBufferPointer {
    guard plan.inputs.contains(value) || plan.outputs.contains(value), let address = address(value),
      let type = plan.types[value]
    else {
      throw TrainingError("no-buffer", subject: "value '\(value)'", expected: "an input or output of the executor", found: "none")
    }
    return UnsafeMutableRawBufferPointer(start: address, count: type.byteCount)
  }

  /// Element type and shape of a value as planned.
  public func type(of value: String) -> TensorType? { plan.types[value] }

  /// The inputs that the wanted outputs depend on.
  public var inputNames: [String] { plan.inputs }

  /// Evaluates the graph on what the input buffers hold.
  ///
  /// - Parameter step: counts runs, for operators that draw random numbers.
  public func execute(step: UInt64 = 0) throws {
    for index in steps.indices {
      let buffers = steps[index].buffers
      try steps[index].evaluation(EvaluationBuffers(inputs: buffers.inputs, outputs: buffers.outputs, step: step))
    }
  }

  /// Evaluates the graph on what the input buffers hold, and says how long each node took, those that run as one under
  /// the first.
  package func profile(step: UInt64 = 0) throws -> [(node: Node, duration: Duration)] {
    try steps.indices.map { index in
      let start = ContinuousClock.now
      let buffers = steps[index].buffers
      try steps[index].evaluation(EvaluationBuffers(inputs: buffers.inputs, outputs: buffers.outputs, step: step))
      return (plan.steps[index].node, ContinuousClock.now - start)
    }
  }

  /// Evaluates the graph on tensors. Allocates the tensors that it returns.
  ///
  /// - Throws: `GraphError` for a missing or misshapen input, or what an operator finds in its data.
  public func run(_ inputs: [String: Tensor], step: UInt64 = 0) throws -> [String: Tensor] {
    for name in plan.inputs {
      guard let type = plan.types[name], let destination = address(name) else { continue }
      guard let tensor = inputs[name], tensor.elementType == type.elementType, tensor.shape == type.shape else {
        throw GraphError(
          "input-type", subject: "input '\(name)'", expected: "\(type.elementType.rawValue)\(type.shape)",
          found: inputs[name].map { "\($0.elementType.rawValue)\($0.shape)" } ?? "none")
      }
      tensor.withUnsafeBytes { bytes in
        if let from = bytes.baseAddress { destination.copyMemory(from: from, byteCount: bytes.count) }
      }
    }
    try execute(step: step)
    var results: [String: Tensor] = [:]
    for name in plan.outputs {
      guard let type = plan.types[name], let source = address(name) else { continue }
      results[name] = Tensor(
        elementType: type.elementType, shape: type.shape,
        bytes: UnsafeRawBufferPointer(start: source, count: type.byteCount))
    }
    return results
  }

  private func address(_ value: String) -> UnsafeMutableRawPointer? {
    let value = plan.aliases[value] ?? value
    return placed[value] ?? plan.offsets[value].map { memory + $0 }
  }
}
