import PareGraph

/// Before opset 18 a Split without sizes divided evenly among its outputs without saying so.
enum Split13: NodeImport {
  static let operatorName: OperatorName = "Split"
  static let opsets = 13...17

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    var newer = node.node
    if newer.inputs.count < 2 { newer.attributes["num_outputs"] = .int(node.outputs.count) }
    try context.builder.append(newer)
  }
}
