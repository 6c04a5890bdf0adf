import PareTensor

/// An operator that folds some axes of its input: `data`, and optionally the `axes` as a constant second input.
///
/// Axes that are not given mean all, or none with `noop_with_empty_axes`. Source: ONNX Reduce*, opset 18.
protocol ReductionOperator: Operator {
  /// Folds one element into what was gathered so far.
  static func fold<Scalar: BinaryFloatingPoint>(_ gathered: Scalar, _ element: Scalar) -> Scalar
  static func start<Scalar: BinaryFloatingPoint>(_: Scalar.Type) -> Scalar
  static func finish<Scalar: BinaryFloatingPoint>(_ gathered: Scalar, count: Int) -> Scalar
}

extension ReductionOperator {
  public static var inputCount: ClosedRange<Int> { 1...2 }
  public static var attributeNames: [String] { ["keepdims", "noop_with_empty_axes"] }

  static func start<Scalar: BinaryFloatingPoint>(_: Scalar.Type) -> Scalar { 0 }
  static func finish<Scalar: BinaryFloatingPoint>(_ gathered: Scalar, count: Int) -> Scalar { gathered }

  /// The axes to fold, ascending, from 0.
  static func axes(_ node: Node, rank: Int, constant: Tensor?) throws -> [Int] {
    if node.input(1) != nil && constant == nil {
      throw GraphError("constant", node: node, expected: "axes as a constant", found: "a value that is computed")
    }
    let given = constant?.values(as: Int64.self).map(Int.init) ?? []
    if given.isEmpty {
      return try node.int("noop_with_empty_axes", default: 0) != 0 ? [] : Array(0..<rank)
    }
    let axes = given.map { $0 < 0 ? $0 + rank : $0 }
    guard axes.allSatisfy((0..<rank).contains), Set(axes).count == axes.count else {
      throw GraphError("axis", node: node, expected: "different axes within -\(rank) ..< \(rank)", found: "\(given)")
    }
    return axes.sorted()
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let data = try context.input(0)
    let axes = try axes(context.node, rank: data.rank, constant: context.constant(1))
    let keeps = try context.node.int("keepdims", default: 1) != 0
    let dimensions: [Dimension] = data.dimensions.enumerated().compactMap { axis, dimension in
      axes.contains(axis) ? (keeps ? 1 : nil) : dimension
    }
    return [ValueType(data.elementType, dimensions)]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch context.outputs[0].elementType {
    case .float32: try evaluation(context, Float.self)
    case .float64: try evaluation(context, Double.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Scalar: BinaryFloatingPoint & TensorElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = try context.input(0).shape
    let axes = try axes(context.node, rank: shape.rank, constant: context.constant(1))
    let kept = Shape(shape.dimensions.enumerated().map { axes.contains($0.offset) ? 1 : $0.element })
    let outputCount = kept.elementCount
    let folded = axes.reduce(1) { $0 * shape[$1] }
    // The output walks the input's index space with stride 0 along folded axes.
    let loop = BroadcastLoop(left: shape, right: kept, result: shape)
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      for index in 0..<outputCount { y[index] = start(Scalar.self) }
      loop.forEach { _, from, to in y[to] = fold(y[to], x[from]) }
      for index in 0..<outputCount { y[index] = finish(y[index], count: folded) }
    }
  }
}

/// Sum over axes.
public enum ReduceSum: ReductionOperator {
  public static let name: OperatorName = "ReduceSum"

  static func fold<Scalar: BinaryFloatingPoint>(_ gathered: Scalar, _ element: Scalar) -> Scalar { gathered + element }
}
