import PareTensor

/// `dX = dY` where x, quantized, lay within the range of the quantized type; 0 where it saturated, or was NaN.
///
/// Inputs: dY in units of x (what DequantizeLinear hands back), then those of QuantizeLinear. Source: the
/// straight-through estimator, Bengio et al. 2013, arXiv:1308.3432; clipped as in Jacob et al. 2018, arXiv:1712.05877.
public enum QuantizeLinearGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.QuantizeLinearGradient"
  public static let inputCount = 3...4
  public static let attributeNames = ["axis", "block_size", "output_dtype"]

  private static func range(_ node: Node) throws -> ClosedRange<Int64> {
    let number = try node.int("output_dtype", default: ElementType.uint8.onnxDataType)
    guard let type = ElementType(onnxDataType: number), QuantizationSlices.types.contains(type),
      let range = type.integerRange
    else {
      throw GraphError(
        "attribute", node: node, expected: "output_dtype to be \(QuantizationSlices.typeNames)", found: "\(number)")
    }
    return range
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.equalInputs(0, 1)
    _ = try range(context.node)
    try QuantizationSlices.check(context, of: x, scale: 2, zeroPoint: 3, quantized: nil)
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let slices = try QuantizationSlices(context, of: 1, scale: 2)
    let range = try range(context.node)
    let (lowest, highest) = (Scalar(range.lowerBound), Scalar(range.upperBound))
    let zeroPoint = try QuantizationSlices.reader(context, 3, Scalar.self)
    let scaleReader = try NumberReader<Scalar>(context, 2)
    return { buffers in
      let dy = buffers.input(0, as: Scalar.self)
      let x = buffers.input(1, as: Scalar.self)
      let scale = buffers.rawInput(2)
      let dx = buffers.output(as: Scalar.self)
      slices.forEach { channel, elements in
        let zero = zeroPoint(buffers, channel)
        let divisor = scaleReader.number(scale, channel)
        for index in elements {
          let level = (x[index] / divisor).rounded(.toNearestOrEven) + zero
          dx[index] = level >= lowest && level <= highest ? dy[index] : 0
        }
      }
    }
  }
}
