import PareTensor

/// 1 at the first of the largest elements along an axis (`axis`, −1 by default), 0 at the others. Source: ONNX Hardmax.
public enum Hardmax: FloatingPointOperator {
  public static let name: OperatorName = "Hardmax"
  public static let inputCount = 1...1
  public static let attributeNames = ["axis"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.floatingPointInput(0)
    _ = try context.node.axis(default: -1, rank: x.rank)
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = context.outputs[0].shape
    let lines = AxisDecomposition(shape, axis: try context.node.axis(default: -1, rank: shape.rank))
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      lines.forEachLine { line in
        var largest = 0
        for index in 0..<lines.extent {
          let value = x[line + index * lines.inner]
          // What is not a number counts as the largest.
          if value > x[line + largest * lines.inner] || value.isNaN && !x[line + largest * lines.inner].isNaN {
            largest = index
          }
        }
        for index in 0..<lines.extent { y[line + index * lines.inner] = index == largest ? 1 : 0 }
      }
    }
  }

  /// Its slope is 0 wherever it has one.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] { context.noGradients }
}
