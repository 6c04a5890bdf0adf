import PareTensor

/// X with its axes in another order: axis i of Y is axis `perm[i]` of X; reversed by default. Source: ONNX Transpose.
public enum Transpose: Operator {
  public static let name: OperatorName = "Transpose"
  public static let inputCount = 1...1
  public static let attributeNames = ["perm"]

  public static let evaluatesHalfPrecision = true

  static func permutation(_ node: Node, rank: Int) throws -> [Int] {
    let given = try node.ints("perm") ?? Array((0..<rank).reversed())
    guard given.sorted() == Array(0..<rank) else {
      throw GraphError("axis", node: node, expected: "perm to order the axes 0 ..< \(rank)", found: "\(given)")
    }
    return given
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    return [ValueType(x.elementType, try permutation(context.node, rank: x.rank).map { x.dimensions[$0] })]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let x = try context.input(0)
    let strides = x.shape.strides
    let copy = StridedCopy(
      context.outputs[0].shape, strides: try permutation(context.node, rank: x.shape.rank).map { strides[$0] },
      elementSize: x.elementType.byteCount)
    return { copy(from: $0.rawInput(0), to: $0.rawOutput(0)) }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let permutation = try permutation(context.node, rank: context.type(of: context.node.inputs[0]).rank)
    let inverse = permutation.indices.sorted { permutation[$0] < permutation[$1] }
    return [try context.apply(name, [dy], ["perm": .ints(inverse)])]
  }
}
