import PareGraph

/// Opsets before 13, which converters of scikit-learn's, XGBoost's and LightGBM's models still declare where a file needs
/// no newer one: read are the operators that already had the meaning that they have in opset 13.
enum OlderOpsets {
  /// The first opset that every operator is read in as it is.
  static let complete = 13

  /// Since which opset an operator means what it means in opset 13.
  private static let since: [String: Int] = [
    "Abs": 6, "Add": 7, "ArgMax": 1, "Cast": 6, "Concat": 4, "Constant": 1, "Div": 7, "Equal": 7, "Exp": 6, "Gather": 1,
    "Gemm": 7, "Greater": 7, "Identity": 1, "If": 1, "Less": 7, "Log": 6, "MatMul": 1, "Mul": 7, "Neg": 6, "Not": 1, "Relu": 6,
    "Reshape": 5, "Shape": 1, "Sigmoid": 6, "Sqrt": 6, "Sub": 7, "Tanh": 6, "Transpose": 1, "Where": 9,
  ]

  /// - Throws: `graph.opset`, naming the node and the operators that are read.
  static func check(_ name: OperatorName, opset: Int, node: Node) throws {
    guard name.domain.isEmpty, opset < complete, (since[name.type] ?? .max) > opset else { return }
    throw GraphError(
      "opset", node: node,
      expected: "opset \(complete) or later, or one of " + since.filter { $0.value <= opset }.keys.sorted().joined(separator: ", "),
      found: "\(name.type) of opset \(opset)")
  }
}
