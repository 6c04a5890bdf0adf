import PareGraph
import PareTensor

/// How conversions write a node as several.
extension ImportContext {
  /// Adds a node with one output and names the output: by default fresh, after the node that is converted.
  mutating func apply(
    _ operatorName: OperatorName, _ inputs: [String], _ attributes: [String: Attribute] = [:], for node: ONNXNode,
    output: String? = nil
  ) throws -> String {
    let stem = output == nil ? "\(node.name)/\(operatorName.type)" : node.name
    return try builder.apply(
      operatorName, inputs, attributes: attributes, name: builder.freshNodeName(stem), output: output)
  }

  /// Adds a parameter that nothing changes.
  mutating func constant(_ tensor: Tensor, _ meaning: String, for node: ONNXNode) throws -> String {
    try builder.constant(tensor, named: "\(node.name).\(meaning)")
  }

  /// Numbers in the floating-point type of a value that they meet.
  mutating func numbers(
    _ values: [Double], shape: Shape? = nil, like value: String, _ meaning: String, for node: ONNXNode
  ) throws -> String {
    let type = try builder.type(of: value).elementType
    return try constant(Tensor(numbers: values, elementType: type, shape: shape ?? [values.count]), meaning, for: node)
  }

  /// One number as a scalar.
  mutating func number(_ value: Double, like other: String, _ meaning: String, for node: ONNXNode) throws -> String {
    try numbers([value], shape: [], like: other, meaning, for: node)
  }

  mutating func axes(_ axes: Int..., for node: ONNXNode) throws -> String {
    try constant(Tensor(axes.map(Int64.init)), "axes", for: node)
  }

  /// The value in another element type; itself where it has that one.
  mutating func cast(_ value: String, to type: ElementType, for node: ONNXNode) throws -> String {
    guard try builder.type(of: value).elementType != type else { return value }
    return try apply("Cast", [value], ["to": .int(type.onnxDataType)], for: node)
  }

  /// Gives a value the name of an output of the node that is converted.
  mutating func finish(_ value: String, as output: Int, of node: ONNXNode) throws {
    guard output < node.outputs.count else { return }
    _ = try apply("Identity", [value], for: node, output: node.outputs[output])
  }

  /// The first input, integers and booleans as Float32.
  mutating func floatingPointInput(of node: ONNXNode) throws -> String {
    let x = try node.requiredInput(0)
    return try builder.type(of: x).elementType.isFloatingPoint ? x : cast(x, to: .float32, for: node)
  }
}

extension ONNXNode {
  func requiredInput(_ index: Int) throws -> String {
    guard let name = node.input(index) else {
      throw GraphError("missing-input", node: node, expected: "input \(index)", found: "none")
    }
    return name
  }

  /// A list of numbers; empty where it is not given.
  func floats(_ attribute: String) throws -> [Double] {
    switch attributes[attribute] {
    case nil: return []
    case .floats(let values): return values
    case .ints(let values): return values.map(Double.init)
    case let other?:
      throw GraphError("attribute-kind", node: node, expected: "attribute '\(attribute)' to be numbers", found: "\(other)")
    }
  }

  /// A list of texts; empty where it is not given.
  func strings(_ attribute: String) throws -> [String] {
    switch attributes[attribute] {
    case nil: return []
    case .strings(let values): return values
    case .floats(let values) where values.isEmpty: return []
    case .ints(let values) where values.isEmpty: return []
    case let other?:
      throw GraphError("attribute-kind", node: node, expected: "attribute '\(attribute)' to be texts", found: "\(other)")
    }
  }

  /// An error about an attribute's content.
  func attributeError(_ expected: String, found: String) -> GraphError {
    GraphError("attribute", node: node, expected: expected, found: found)
  }
}

extension Tensor {
  /// Numbers rounded to a floating-point type.
  ///
  /// - Precondition: the type is floating point, and there are as many numbers as the shape asks for.
  init(numbers: [Double], elementType: ElementType, shape: Shape) {
    switch elementType {
    case .float64: self.init(numbers, shape: shape)
    case .float32: self.init(numbers.map { Float($0) }, shape: shape)
    default:
      let bits = numbers.map { elementType.bits(of: Float($0)) }
      self = bits.withUnsafeBytes { Tensor(elementType: elementType, shape: shape, bytes: $0) }
    }
  }
}
