import PareGraph
import PareTensor

/// `ConstantOfShape(shape)` is an Expand of its one value, 0 in Float32 by default.
enum ConstantOfShapeImport: NodeImport {
  static let operatorName: OperatorName = "ConstantOfShape"
  static let opsets = 9...28

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    let value = node.tensors["value"] ?? Tensor(scalar: Float(0))
    guard value.elementCount == 1, node.inputs.count == 1, node.attributes.isEmpty else {
      throw GraphError(
        "attribute", node: node.node, expected: "a shape, and a value of one element", found: "a value of \(value.shape)")
    }
    let scalar = try context.builder.constant(value.reshaped(to: []), named: "\(node.name).value")
    try context.builder.append(Node("Expand", name: node.name, inputs: [scalar, node.inputs[0]], outputs: node.outputs))
  }
}
