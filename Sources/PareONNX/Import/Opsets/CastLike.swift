import PareGraph
import PareTensor

/// `CastLike(X, like)` is a Cast to the type of `like`.
enum CastLikeImport: NodeImport {
  static let operatorName: OperatorName = "CastLike"
  static let opsets = 15...28

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    guard node.inputs.count == 2 else {
      throw GraphError("input-count", node: node.node, expected: "2 inputs", found: "\(node.inputs.count)")
    }
    var cast = node
    cast.operatorName = "Cast"
    cast.attributes["to"] = .int(try context.builder.type(of: node.inputs[1]).elementType.onnxDataType)
    cast.inputs.removeLast()
    cast.dropDefaults(notAmong: Cast.attributeNames)
    try context.builder.append(cast.node)
  }
}
