import PareTensor

/// For each index a line of `depth` elements along `axis` (−1: the last), all the first of `values` but the second at the
/// index; all the first where the index is out of range.
///
/// - Inputs: indices of any number type, depth (a constant), values `[off, on]`. Source: ONNX OneHot.
public enum OneHot: NumericOperator {
  public static let name: OperatorName = "OneHot"
  public static let inputCount = 3...3
  public static let attributeNames = ["axis"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let node = context.node
    let (indices, values) = (try context.numericInput(0), try context.numericInput(2))
    guard let depth = context.constant(1)?.doubles else {
      throw GraphError(
        "constant", node: node, expected: "depth as a constant", found: "'\(node.inputs[1])', which is known only when run")
    }
    guard depth.count == 1, depth[0] >= 1, depth[0] < 0x1p31 else {
      throw GraphError("constant", node: node, expected: "one depth of at least 1", found: "\(depth)")
    }
    guard values.dimensions == [2] else { throw GraphError("shape", node: node, expected: "two values", found: "\(values)") }
    let axis = try node.axis(default: -1, rank: indices.rank + 1)
    var dimensions = indices.dimensions
    dimensions.insert(.fixed(Int(depth[0])), at: axis)
    return [ValueType(values.elementType, dimensions)]
  }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let shape = context.outputs[0].shape
    let axis = AxisDecomposition(shape, axis: try context.node.axis(default: -1, rank: shape.rank))
    let indices = try context.input(0)
    let read: @Sendable (EvaluationBuffers, Int) -> Double
    switch indices.elementType {
    case .int64: read = { Double($0.input(0, as: Int64.self)[$1]) }
    case .int32: read = { Double($0.input(0, as: Int32.self)[$1]) }
    case .uint8: read = { Double($0.input(0, as: UInt8.self)[$1]) }
    case .float32: read = { Double($0.input(0, as: Float.self)[$1]) }
    case .float64: read = { $0.input(0, as: Double.self)[$1] }
    case let other: throw context.unsupported(other)
    }
    return { buffers in
      let values = buffers.input(2, as: Element.self)
      let y = buffers.output(as: Element.self)
      var line = 0
      axis.forEachLine { start in
        let given = read(buffers, line)
        let index = given < 0 ? given + Double(axis.extent) : given
        for place in 0..<axis.extent { y[start + place * axis.inner] = Double(place) == index.rounded(.towardZero) ? values[1] : values[0] }
        line += 1
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { context.noGradients }
}
