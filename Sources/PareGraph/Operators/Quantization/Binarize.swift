import PareTensor

/// `y = 1` where x ≥ 0 (−0 among them), else −1 (NaN among them): what `pare.BinaryDense` takes of its inputs, for training.
///
/// - Gradient: `dx = dy` where −1 ≤ x ≤ 1, else 0, which is that of a hard tanh.
/// - Source: Hubara et al. 2016, arXiv:1602.02830, §1.3.
public enum Binarize: FloatingPointOperator {
  public static let name: OperatorName = "pare.Binarize"
  public static let inputCount = 1...1

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    [try context.floatingPointInput(0)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      for index in 0..<count { y[index] = x[index] >= 0 ? 1 : -1 }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let x = context.node.inputs[0]
    let isWide = try context.type(of: x).elementType == .float64
    func bound(_ value: Double) -> Tensor { isWide ? Tensor(scalar: value) : Tensor(scalar: Float(value)) }
    let low = try context.builder.constant(bound(-1), named: "binarize.low")
    let high = try context.builder.constant(bound(1), named: "binarize.high")
    return [try context.apply(ClipGradient.name, [dy, x, low, high])]
  }
}
