import PareGraph
import PareTensor

/// Before opset 21 a GroupNormalization had a scale and a bias per group; now it has them per channel.
enum GroupNormalization18: NodeImport {
  static let operatorName: OperatorName = "GroupNormalization"
  static let opsets = 18...20

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    let groups = try node.node.int("num_groups", default: 0)
    guard node.inputs.count == 3, groups > 0, let channels = try context.builder.type(of: node.inputs[0]).channels,
      channels > 0, channels.isMultiple(of: groups)
    else {
      throw GraphError(
        "attribute", node: node.node, expected: "three inputs, and num_groups that divides a known number of channels",
        found: "\(node.inputs.count) inputs, num_groups = \(groups)")
    }
    func vector(_ extents: [Int]) throws -> String {
      try context.builder.constant(Tensor(extents.map(Int64.init)), named: "\(node.name).shape")
    }
    let (rows, spread, flat) = (try vector([groups, 1]), try vector([groups, channels / groups]), try vector([channels]))
    var newer = node.node
    for index in 1...2 {
      let column = try context.builder.apply("Reshape", [node.inputs[index], rows])
      let repeated = try context.builder.apply("Expand", [column, spread])
      newer.inputs[index] = try context.builder.apply("Reshape", [repeated, flat])
    }
    try context.builder.append(newer)
  }
}

extension ValueType {
  /// The extent of axis 1, where it is known.
  fileprivate var channels: Int? { rank > 1 ? dimensions[1].fixedValue : nil }
}
