/// Every operator that Pare knows. Adding one is a file beside this one and a line here.
public enum OperatorCatalogue {
  public static let all: [any Operator.Type] = [
    Gemm.self,
    Add.self,
    Relu.self, ReluGradient.self,
    ReduceSum.self,
    QuantizeByReciprocal.self, QuantizedDense.self,
  ]

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// - Throws: `graph.unknown-operator`, naming the node and the operators that are known.
  public static func definition(of node: Node) throws -> any Operator.Type {
    guard let definition = byName[node.operatorName] else {
      let known = all.map { $0.name.description }.sorted().joined(separator: ", ")
      throw GraphError(
        "unknown-operator", node: node, expected: "one of opset \(Graph.opset)'s operators \(known)",
        found: node.operatorName.description)
    }
    return definition
  }
}
