import PareTensor

/// The extents of X from `start` to `end`, as Int64; names of extents stay names for what follows. Source: ONNX Shape.
public enum ShapeOf: Operator {
  public static let name: OperatorName = "Shape"
  public static let inputCount = 1...1
  public static let attributeNames = ["start", "end"]
  public static let evaluatesHalfPrecision = true

  private static func range(_ node: Node, rank: Int) throws -> Range<Int> {
    func place(_ given: Int) -> Int { min(max(given < 0 ? max(given, -rank - 1) + rank : given, 0), rank) }
    let (start, end) = (place(try node.int("start", default: 0)), place(try node.int("end", default: rank)))
    return start..<max(start, end)
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    [ValueType(.int64, [.fixed(try range(context.node, rank: context.input(0).rank).count)])]
  }

  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    let x = try context.input(0)
    let extents = Array(x.dimensions[try range(context.node, rank: x.rank)])
    return [KnownValue(extents: extents, shape: [extents.count])]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let shape = try context.input(0).shape
    let extents = shape.dimensions[try range(context.node, rank: shape.rank)].map(Int64.init)
    return { buffers in
      let y = buffers.output(as: Int64.self)
      for (index, extent) in extents.enumerated() { y[index] = extent }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { context.noGradients }
}

/// The number of elements of X, as Int64. Source: ONNX Size.
public enum Size: Operator {
  public static let name: OperatorName = "Size"
  public static let inputCount = 1...1
  public static let evaluatesHalfPrecision = true

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] { [ValueType(.int64, [])] }

  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    [try DimensionProduct(context.input(0).dimensions).map { KnownValue(extents: [$0.dimension], shape: []) }]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let count = Int64(try context.input(0).shape.elementCount)
    return { $0.output(as: Int64.self).pointee = count }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { context.noGradients }
}
