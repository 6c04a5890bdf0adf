import PareTensor

/// X broadcast with the constant `shape`, as two operands are. The shape may hold names. Source: ONNX Expand.
public enum Expand: SeparableOperator {
  public static let name: OperatorName = "Expand"
  public static let inputCount = 2...2

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    let shape = try context.extents(1, meaning: "a shape") ?? []
    guard !shape.contains(where: { ($0.fixedValue ?? 1) < 0 }), let dimensions = ValueType.broadcast(x.dimensions, shape) else {
      throw GraphError("shape", node: context.node, expected: "a shape that broadcasts with \(x)", found: "\(shape)")
    }
    return [ValueType(x.elementType, dimensions)]
  }

  static func indexing(_ node: Node, source: Shape, result: Shape, constants: [Tensor?]) throws -> (source: Shape, maps: [[Int]]) {
    let padded = [Int](repeating: 1, count: result.rank - source.rank) + source.dimensions
    let maps = zip(padded, result.dimensions).map { from, to in
      from == 1 ? [Int](repeating: 0, count: to) : Array(0..<to)
    }
    return (Shape(padded), maps)
  }

  /// One extent repeated.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    guard context.constant(0) == nil, let known = context.known(0), let extents = known.extents, extents.count == 1,
      let shape = outputs[0].shape(binding: [:]), shape.elementCount <= 64
    else { return try evaluateConstants(context, outputs) }
    let repeated = [Dimension](repeating: extents[0], count: shape.elementCount)
    return [KnownValue(extents: repeated, elementType: known.elementType, shape: shape)]
  }
}

/// X repeated along each axis as often as the constant `repeats` says. Source: ONNX Tile.
public enum Tile: SeparableOperator {
  public static let name: OperatorName = "Tile"
  public static let inputCount = 2...2

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    let repeats = try context.extents(1, meaning: "repeats") ?? []
    guard repeats.count == x.rank, repeats.allSatisfy({ ($0.fixedValue ?? 1) >= 0 }) else {
      throw GraphError("shape", node: context.node, expected: "\(x.rank) repeats from 0", found: "\(repeats)")
    }
    let dimensions = zip(x.dimensions, repeats).compactMap { DimensionProduct([$0, $1])?.dimension }
    guard dimensions.count == x.rank else {
      throw GraphError("shape", node: context.node, expected: "extents that fit", found: "\(x) repeated \(repeats)")
    }
    return [ValueType(x.elementType, dimensions)]
  }

  static func indexing(_ node: Node, source: Shape, result: Shape, constants: [Tensor?]) throws -> (source: Shape, maps: [[Int]]) {
    (source, zip(source.dimensions, result.dimensions).map { from, to in (0..<to).map { $0 % from } })
  }
}
