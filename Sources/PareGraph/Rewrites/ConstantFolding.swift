import PareTensor

/// Replaces nodes that yield the same numbers on every run by parameters.
///
/// A node folds where its inputs are parameters that training does not change, or where its outputs are known from the
/// shapes of what it takes (`Shape` and the arithmetic after it). Operators that draw at random, and those that stand
/// for how numbers are stored, stay (`Operator.isFoldable`). Shape arithmetic over names of extents stays too.
public enum ConstantFolding {
  /// Bytes that may be made of constants at least, however small they are.
  private static let leastBudget = 1 << 26

  /// The same function with fewer nodes. Values keep their names; outputs of the graph may be parameters then.
  ///
  /// What is made stays within four times the bytes of the graph's own parameters, or 64 MiB: a node that would need
  /// more (an Expand of a scalar, say) is left to be run.
  ///
  /// - Throws: what an operator throws for its types or data.
  public static func fold(_ graph: Graph) throws -> Graph {
    let inference = try graph.inference()
    let size = graph.parameters.values.reduce(0) { sum, parameter in
      let (total, overflow) = sum.addingReportingOverflow(parameter.storage.byteCount)
      return overflow ? Int.max / 4 : min(total, Int.max / 4)
    }
    var folding = Folding(graph: graph, inference: inference, budget: max(leastBudget, 4 * size))
    for node in graph.nodes { try folding.visit(node) }
    return folding.result.pruned()
  }
}

private struct Folding {
  private(set) var result: Graph
  private let inference: TypeInference
  private var budget: Int

  init(graph: Graph, inference: TypeInference, budget: Int) {
    result = graph
    result.nodes = []
    self.inference = inference
    self.budget = budget
  }

  mutating func visit(_ node: Node) throws {
    guard try OperatorCatalogue.definition(of: node).isFoldable, let values = try values(of: node) else {
      result.nodes.append(node)
      return
    }
    for (name, value) in zip(node.outputs, values) where !name.isEmpty {
      budget -= value.byteCount
      result.parameters[name] = Parameter(ParameterStorage(value), isTrainable: false)
    }
  }

  /// The node's outputs, where they are the same on every run and small enough.
  private func values(of node: Node) throws -> [Tensor]? {
    let known = node.outputs.compactMap { inference.known[$0]?.tensor }
    if known.count == node.outputs.count { return known }
    var types: [TensorType] = []
    var needed = 0
    for output in node.outputs {
      guard let type = inference.types[output], let shape = type.shape(binding: [:]) else { return nil }
      types.append(TensorType(type.elementType, shape))
      let (bytes, overflow) = shape.elementCount.multipliedReportingOverflow(by: type.elementType.byteCount)
      guard !overflow, bytes <= budget - needed else { return nil }
      needed += bytes
    }
    var inputs: [Tensor?] = []
    for input in node.inputs {
      guard !input.isEmpty else {
        inputs.append(nil)
        continue
      }
      guard let parameter = result.parameters[input], !parameter.isTrainable else { return nil }
      inputs.append(parameter.storage.decoded())
    }
    guard inputs.contains(where: { $0 != nil }) else { return nil }
    return try ConstantEvaluation.evaluate(node, inputs: inputs, outputs: types)
  }
}
