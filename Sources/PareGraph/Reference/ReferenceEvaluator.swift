import PareTensor

/// Runs a graph operator by operator in plain Swift: the oracle of tests, and what the faster ways fall back on.
///
/// Every buffer is planned when the evaluator is made; `run` allocates only the tensors that it returns. Not for use
/// from several threads at once.
public final class ReferenceEvaluator {
  /// In what the floating-point values of the graph are computed.
  public enum Precision: Sendable {
    /// Each in its own type.
    case stored
    /// All in Float64, parameters included: the measure of rounding errors.
    case float64
  }

  private struct Step {
    let evaluation: Evaluation
    let inputs: UnsafeMutablePointer<UnsafeRawPointer?>
    let outputs: UnsafeMutablePointer<UnsafeMutableRawPointer>
  }

  private let plan: ExecutionOrder
  private let memory: UnsafeMutableRawPointer
  private var steps: [Step] = []
  private var stepCount: UInt64 = 0

  /// - Parameters:
  ///   - binding: the extent of each symbolic dimension, as `["batch": 32]`.
  ///   - outputs: the values to yield; the graph's outputs by default, but any value may be asked for.
  public init(
    _ graph: Graph, binding: [String: Int] = [:], precision: Precision = .stored, outputs: [String]? = nil
  ) throws {
    plan = try ExecutionOrder(graph, binding: binding, precision: precision, outputs: outputs)
    memory = .allocate(byteCount: max(plan.memory.byteCount, 1), alignment: MemoryPlan.alignment)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: plan.memory.byteCount)
    for (name, tensor) in plan.parameters {
      tensor.withUnsafeBytes { bytes in
        if let from = bytes.baseAddress, let to = address(name) { to.copyMemory(from: from, byteCount: bytes.count) }
      }
    }
    for node in plan.nodes {
      let inputs = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: max(node.node.inputs.count, 1))
      for (index, name) in node.node.inputs.enumerated() {
        (inputs + index).initialize(to: name.isEmpty ? nil : address(name).map { UnsafeRawPointer($0) })
      }
      let outputs = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: max(node.node.outputs.count, 1))
      for (index, name) in node.node.outputs.enumerated() { (outputs + index).initialize(to: address(name) ?? memory) }
      steps.append(Step(evaluation: node.evaluation, inputs: inputs, outputs: outputs))
    }
  }

  deinit {
    for step in steps {
      step.inputs.deallocate()
      step.outputs.deallocate()
    }
    memory.deallocate()
  }

  /// Evaluates the graph.
  ///
  /// - Parameter inputs: one tensor per input that the outputs depend on, of the planned shape. Floating point is
  ///   widened where the evaluator computes in Float64.
  /// - Throws: `GraphError` for a missing or misshapen input, or what an operator finds in its data.
  public func run(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
    for name in plan.inputs {
      guard let type = plan.types[name], let destination = address(name) else { continue }
      guard let tensor = inputs[name] else {
        throw GraphError(
          "missing-input", subject: "input '\(name)'", expected: "a tensor of \(type.elementType.rawValue)\(type.shape)",
          found: "none")
      }
      let converted = tensor.converted(for: type.elementType)
      guard converted.elementType == type.elementType, tensor.shape == type.shape else {
        throw GraphError(
          "input-type", subject: "input '\(name)'", expected: "\(type.elementType.rawValue)\(type.shape)",
          found: "\(tensor.elementType.rawValue)\(tensor.shape)")
      }
      converted.withUnsafeBytes { bytes in
        if let from = bytes.baseAddress { destination.copyMemory(from: from, byteCount: bytes.count) }
      }
    }
    for step in steps {
      try step.evaluation(EvaluationBuffers(inputs: step.inputs, outputs: step.outputs, step: stepCount))
    }
    stepCount += 1
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
    plan.offsets[value].map { memory + $0 }
  }
}

extension Tensor {
  /// Floating point widened to Float64 where that is wanted, eight-bit integers that fit as the four-bit ones that are
  /// wanted; otherwise itself.
  func converted(for elementType: ElementType) -> Tensor {
    if let narrow = asFourBits(elementType) { return narrow }
    guard elementType == .float64, self.elementType.isFloatingPoint, self.elementType != .float64 else { return self }
    return Tensor(doubles, shape: shape)
  }
}
