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
    let graph = model.graph
    guard let name = output ?? graph.outputs.last?.name else {
      throw EvaluationError("output", subject: graph.name, expected: "a model with outputs", found: "none")
    }
    guard try graph.inferredTypes()[name] != nil else {
      throw EvaluationError(
        "output", subject: "--output-name", expected: "a value of the model, as " + graph.outputs.map(\.name).joined(separator: ", "),
        found: "'\(name)'", category: .usage)
    }
    let named = try named(inputs)
    let binding = try binding(of: named)
    let result: Tensor?
    switch engine {
    case .reference:
      let lowered = IntegerLowering.applies(to: graph) ? try IntegerLowering.lower(graph) : graph
      result = try ReferenceEvaluator(lowered, binding: binding, outputs: [name]).run(named)[name]
    case .qdq:
      result = try ReferenceEvaluator(graph, binding: binding, outputs: [name]).run(named)[name]
    case .plan:
      result = try planned(named, binding: binding, output: name)
    }
    guard let result else {
      throw EvaluationError("output", subject: graph.name, expected: "a value '\(name)'", found: "none", category: .usage)
    }
    return result
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

  private func planned(_ inputs: [String: Tensor], binding: [String: Int], output: String) throws -> Tensor {
    let plan = try ExecutionPlan(model, outputs: [output])
    let context = plan.makeContext()
    let rows = binding.values.max() ?? 1
    var bytes: [UInt8] = []
    for row in 0..<rows {
      var one: [String: Tensor] = [:]
      for input in model.graph.inputs {
        guard let tensor = inputs[input.name] else { continue }
        one[input.name] = input.type.dimensions.first?.fixedValue == nil && tensor.shape.rank > 0 ? tensor.row(row) : tensor
      }
      guard let result = try context.run(one)[output] else { break }
      result.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    let type = plan.outputs[0].type
    let shape = Shape(type.shape.rank == 0 ? [] : [rows * type.shape[0]] + type.shape.dimensions.dropFirst())
    return bytes.withUnsafeBytes { Tensor(elementType: type.elementType, shape: shape, bytes: $0) }
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
