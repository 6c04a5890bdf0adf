import PareGraph

/// `DequantizeLinear` of constant Int8 numbers without zero points that are all 0, which is what it takes without any.
enum DequantizeLinearImport: NodeImport {
  static let operatorName = DequantizeLinear.name
  static let opsets = 10...28

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    var shorter = node.node
    let parameters = context.builder.graph.parameters
    if let name = shorter.input(2), let zeroPoints = parameters[name]?.storage, zeroPoints.elementType == .int8,
      parameters[shorter.inputs[0]] != nil, zeroPoints.decoded().doubles.allSatisfy({ $0 == 0 })
    {
      shorter.inputs = Array(shorter.inputs.prefix(2))
    }
    try context.builder.append(shorter)
  }
}
