/// Every operator that Pare knows: a list per folder of `Operators/`. Adding an operator is a file in its folder and a
/// line in the folder's list.
public enum OperatorCatalogue {
  public static let all: [any Operator.Type] = [
    products, arithmetic, elementwise, logic, classification, shapes, indexing, reductions, convolution, pooling,
    normalization, recurrent, stateSpace, attention, quantization, trees,
  ].flatMap { $0 }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// Nil where the operator is not known.
  package static func definition(named name: OperatorName) -> (any Operator.Type)? { byName[name] }

  /// - Throws: `graph.unknown-operator`, naming the node and the operators that are known.
  public static func definition(of node: Node) throws -> any Operator.Type {
    guard let definition = byName[node.operatorName] else {
      let known = all.map { $0.name.description }.sorted().joined(separator: ", ")
      throw GraphError(
        "unknown-operator", node: node, expected: "one of the operators \(known)",
        found: node.operatorName.description)
    }
    return definition
  }

  /// A node's reference evaluation, in Float32 with rounding after it where the operator itself knows no half precision.
  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let definition = try definition(of: context.node)
    if !definition.evaluatesHalfPrecision, HalfPrecisionEvaluation.concerns(context) {
      return try HalfPrecisionEvaluation.prepare(definition, context)
    }
    return try definition.prepare(context)
  }
}
