import PareGraph

/// The exact Gelu, as onnxruntime's optimizer and older exporters write it.
enum MicrosoftGelu: NodeImport {
  static let operatorName = OperatorName("Gelu", domain: "com.microsoft")
  static let opsets = 1...1

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    var standard = node.node
    standard.operatorName = "Gelu"
    try context.builder.append(standard)
  }
}
