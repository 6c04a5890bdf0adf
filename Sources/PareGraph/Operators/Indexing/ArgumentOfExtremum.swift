import PareTensor

/// The index of the extreme along an axis.
protocol ArgumentOperator: NumericOperator {
  static func isBetter<Element: Comparable>(_ candidate: Element, than best: Element) -> Bool
}

extension ArgumentOperator {
  public static var inputCount: ClosedRange<Int> { 1...1 }
  public static var attributeNames: [String] { ["axis", "keepdims", "select_last_index"] }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.numericInput(0)
    let axis = try context.node.axis(default: 0, rank: x.rank)
    _ = try context.node.int("select_last_index", default: 0)
    guard x.dimensions[axis] != 0 else {
      throw GraphError("shape", node: context.node, expected: "at least one element along axis \(axis)", found: "\(x)")
    }
    var dimensions = x.dimensions
    if try context.node.int("keepdims", default: 1) != 0 { dimensions[axis] = 1 } else { dimensions.remove(at: axis) }
    return [ValueType(.int64, dimensions)]
  }

  static func scalarType(_ context: PreparationContext) throws -> ElementType { try context.input(0).elementType }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let shape = try context.input(0).shape
    let axis = AxisDecomposition(shape, axis: try context.node.axis(default: 0, rank: shape.rank))
    let takesLast = try context.node.int("select_last_index", default: 0) != 0
    return { buffers in
      let x = buffers.input(0, as: Element.self)
      let y = buffers.output(as: Int64.self)
      var line = 0
      axis.forEachLine { start in
        var best = 0
        for index in 1..<max(axis.extent, 1) {
          let (value, least) = (x[start + index * axis.inner], x[start + best * axis.inner])
          if isBetter(value, than: least) || (takesLast && value == least) { best = index }
        }
        y[line] = Int64(best)
        line += 1
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { context.noGradients }
}

/// The index of the largest element along `axis`, the first or the last of several. Source: ONNX ArgMax.
public enum ArgMax: ArgumentOperator {
  public static let name: OperatorName = "ArgMax"
  static func isBetter<Element: Comparable>(_ candidate: Element, than best: Element) -> Bool { candidate > best }
}

/// The index of the smallest element along `axis`, the first or the last of several. Source: ONNX ArgMin.
public enum ArgMin: ArgumentOperator {
  public static let name: OperatorName = "ArgMin"
  static func isBetter<Element: Comparable>(_ candidate: Element, than best: Element) -> Bool { candidate < best }
}
