import PareArtifact
import PareGraph
import PareInference
import PareTensor

/// Runs a model over rows, one way or another.
public struct ModelPrediction: Sendable {
  /// How the graph is run.
  public enum Engine: String, Sendable, CaseIterable {
    /// Plain Swift, operator by operator; a quantized model in the integer definition.
    case reference
    /// Plain Swift, a quantized model in the floating-point reading of its QuantizeLinear/DequantizeLinear pairs.
    case qdq
    /// The execution plan, row by row: what is deployed.
    case plan
  }

  private let model: Model
  private let engine: Engine

  public init(_ model: Model, engine: Engine = .plan) {
    self.model = model
    self.engine = engine
  }

  /// - Parameters:
  ///   - inputs: a tensor per input of the graph, rows leading where its first dimension is symbolic. Under an empty
  ///     name: the only input.
  ///   - output: the value to yield; the graph's last output by default.
  /// - Throws: an error that names the input or output that does not fit.
  public func run(_ inputs: [String: Tensor], output: String? = nil) throws -> Tensor {
    guard let name = output ?? model.graph.outputs.last?.name, let result = try run(inputs, outputs: [name])[name] else {
      throw EvaluationError("output", subject: model.graph.name, expected: "a model with outputs", found: "none")
    }
    return result
  }

  /// - Parameter outputs: the values to yield.
  /// - Throws: an error that names the input or output that does not fit.
  public func run(_ inputs: [String: Tensor], outputs: [String]) throws -> [String: Tensor] {
    let graph = model.graph
    let types = try graph.inferredTypes()
    for name in outputs where types[name] == nil {
      throw EvaluationError(
        "output", subject: "--output-name", expected: "a value of the model, as " + graph.outputs.map(\.name).joined(separator: ", "),
        found: "'\(name)'", category: .usage)
    }
    let named = try named(inputs)
    let binding = try binding(of: named)
    switch engine {
    case .reference:
      let lowered = IntegerLowering.applies(to: graph) ? try IntegerLowering.lower(graph) : graph
      return try ReferenceEvaluator(lowered, binding: binding, outputs: outputs).run(named)
    case .qdq:
      return try ReferenceEvaluator(graph, binding: binding, outputs: outputs).run(named)
    case .plan:
      return try planned(named, binding: binding, outputs: outputs)
    }
  }

  /// Resolves the empty name and checks element types and ranks.
  private func named(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
    let expected = model.graph.inputs
    var named = inputs
    if let only = named.removeValue(forKey: "") {
      guard expected.count == 1 else {
        throw EvaluationError(
          "input", subject: "--input", expected: "NAME=FILE for each of " + expected.map(\.name).joined(separator: ", "),
          found: "a file without a name", category: .usage)
      }
      named[expected[0].name] = only
    }
    if let unknown = named.keys.sorted().first(where: { name in !expected.contains { $0.name == name } }) {
      throw EvaluationError(
        "input", subject: "--input", expected: "inputs among " + expected.map(\.name).joined(separator: ", "),
        found: "'\(unknown)'", category: .usage)
    }
    for input in expected {
      guard let tensor = named[input.name] else {
        throw EvaluationError("input", subject: "input '\(input.name)'", expected: "\(input.type)", found: "none", category: .usage)
      }
      let fits = tensor.elementType == input.type.elementType && tensor.shape.rank == input.type.rank
        && zip(tensor.shape.dimensions, input.type.dimensions).allSatisfy { $1.fixedValue.map { [$0] }?.contains($0) ?? true }
      guard fits else {
        throw EvaluationError(
          "input", subject: "input '\(input.name)'", expected: "\(input.type)",
          found: "\(tensor.elementType.rawValue)\(tensor.shape)")
      }
    }
    return named
  }

  private func binding(of inputs: [String: Tensor]) throws -> [String: Int] {
    var binding: [String: Int] = [:]
    for input in model.graph.inputs {
      for (dimension, extent) in zip(input.type.dimensions, inputs[input.name]?.shape.dimensions ?? []) {
        guard case .symbolic(let name) = dimension else { continue }
        guard binding.updateValue(extent, forKey: name) ?? extent == extent else {
          throw EvaluationError(
            "input", subject: "input '\(input.name)'", expected: "'\(name)' to be \(binding[name] ?? 0) everywhere",
            found: "\(extent)")
        }
      }
    }
    return binding
  }

  private func planned(_ inputs: [String: Tensor], binding: [String: Int], outputs: [String]) throws -> [String: Tensor] {
    let plan = try ExecutionPlan(model, outputs: outputs)
    let context = plan.makeContext()
    let rows = binding.values.max() ?? 1
    var bytes = [[UInt8]](repeating: [], count: plan.outputs.count)
    for row in 0..<rows {
      var one: [String: Tensor] = [:]
      for input in model.graph.inputs {
        guard let tensor = inputs[input.name] else { continue }
        one[input.name] = input.type.dimensions.first?.fixedValue == nil && tensor.shape.rank > 0 ? tensor.row(row) : tensor
      }
      let results = try context.run(one)
      for (index, output) in plan.outputs.enumerated() {
        results[output.name]?.withUnsafeBytes { bytes[index].append(contentsOf: $0) }
      }
    }
    var results: [String: Tensor] = [:]
    for (output, bytes) in zip(plan.outputs, bytes) {
      let shape = output.type.shape
      let rows = Shape(shape.rank == 0 ? [] : [rows * shape[0]] + shape.dimensions.dropFirst())
      results[output.name] = bytes.withUnsafeBytes { Tensor(elementType: output.type.elementType, shape: rows, bytes: $0) }
    }
    return results
  }
}

extension Tensor {
  /// One row along the first axis, as a batch of 1.
  fileprivate func row(_ index: Int) -> Tensor {
    let size = shape.dimensions.dropFirst().reduce(1, *) * elementType.byteCount
    return withUnsafeBytes { bytes in
      Tensor(
        elementType: elementType, shape: Shape([1] + shape.dimensions.dropFirst()),
        bytes: UnsafeRawBufferPointer(rebasing: bytes[index * size..<(index + 1) * size]))
    }
  }
}
