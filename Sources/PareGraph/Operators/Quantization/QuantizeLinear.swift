import PareTensor

/// `y = saturate(round(x / scale) + zero point)`, rounding half to even; NaN becomes the zero point (ONNX leaves it
/// open).
///
/// - Inputs: x (float32); scale, a scalar or one per slice along `axis`, of x's type; optionally the zero point, of the
///   scale's shape, which gives the type of y. Without one, y is of `output_dtype`, uint8 by default.
/// - Element types of y: int8, uint8, int16, uint16.
/// - Source: ONNX QuantizeLinear, opset 21, without blocks.
public enum QuantizeLinear: FloatingPointOperator {
  public static let name: OperatorName = "QuantizeLinear"
  public static let isFoldable = false
  public static let inputCount = 2...3
  public static let attributeNames = ["axis", "saturate", "block_size", "output_dtype"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.floatingPointInput(0)
    let type = try outputType(context)
    try QuantizationSlices.check(context, of: x, scale: 1, zeroPoint: 2, quantized: type)
    guard try context.input(1).elementType == x.elementType else {
      throw GraphError(
        "element-type", node: context.node, expected: "a scale of the type of x", found: "\(try context.input(1)) for \(x)")
    }
    return [ValueType(type, x.dimensions)]
  }

  private static func outputType(_ context: InferenceContext) throws -> ElementType {
    let number = try context.node.int("output_dtype", default: 0)
    let given = context.has(2) ? try context.input(2).elementType : nil
    let asked = number == 0 ? given ?? .uint8 : ElementType(onnxDataType: number)
    guard let asked, QuantizationSlices.types.contains(asked), asked == given ?? asked else {
      throw GraphError(
        "element-type", node: context.node, expected: "an output of int8, uint8, int16 or uint16, as the zero point is",
        found: given.map(\.rawValue) ?? "output_dtype \(number)")
    }
    return asked
  }

  static func scalarType(_ context: PreparationContext) throws -> ElementType { try context.input(0).elementType }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    switch context.outputs[0].elementType {
    case .int8: try evaluation(context, Scalar.self, Int8.self)
    case .uint8: try evaluation(context, Scalar.self, UInt8.self)
    case .int16: try evaluation(context, Scalar.self, Int16.self)
    case .uint16: try evaluation(context, Scalar.self, UInt16.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Scalar: FloatingPointElement, Quantized: FixedWidthInteger & TensorElement>(
    _ context: PreparationContext, _: Scalar.Type, _: Quantized.Type
  ) throws -> Evaluation {
    let slices = try QuantizationSlices(context, of: 0, scale: 1)
    let hasZeroPoint = context.has(2)
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let scale = buffers.input(1, as: Scalar.self)
      let zeroPoint = hasZeroPoint ? buffers.input(2, as: Quantized.self) : nil
      let y = buffers.output(as: Quantized.self)
      slices.forEach { channel, elements in
        let zero = zeroPoint?[channel] ?? 0
        for index in elements {
          let level = (x[index] / scale[channel]).rounded(.toNearestOrEven) + Scalar(zero)
          y[index] = level.isNaN ? zero : Quantized(min(max(level, Scalar(Quantized.min)), Scalar(Quantized.max)))
        }
      }
    }
  }

  /// Straight through: dY, which is in units of x, where x was within range; 0 where it saturated.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let node = context.node
    let inputs = [dy] + node.inputs
    let type = try context.type(of: node.outputs[0]).elementType
    let attributes = ["axis": Attribute.int(try node.int("axis", default: 1)), "output_dtype": .int(type.onnxDataType)]
    let dx = try context.apply(QuantizeLinearGradient.name, inputs, attributes)
    return context.onlyByFirst(dx)
  }
}

/// `dX = dY` where x, quantized, lay within the range of the quantized type; 0 where it saturated, or was NaN.
///
/// Inputs: dY in units of x (what DequantizeLinear hands back), then those of QuantizeLinear. Source: the
/// straight-through estimator, Bengio et al. 2013, arXiv:1308.3432; clipped as in Jacob et al. 2018, arXiv:1712.05877.
public enum QuantizeLinearGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.QuantizeLinearGradient"
  public static let inputCount = 3...4
  public static let attributeNames = ["axis", "output_dtype"]

  private static func range(_ node: Node) throws -> ClosedRange<Int64> {
    let number = try node.int("output_dtype", default: ElementType.uint8.onnxDataType)
    guard let type = ElementType(onnxDataType: number), QuantizationSlices.types.contains(type),
      let range = type.integerRange
    else {
      throw GraphError(
        "attribute", node: node, expected: "output_dtype to be int8, uint8, int16 or uint16", found: "\(number)")
    }
    return range
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.equalInputs(0, 1)
    _ = try range(context.node)
    try QuantizationSlices.check(context, of: x, scale: 2, zeroPoint: 3, quantized: nil)
    guard try context.input(2).elementType == x.elementType else {
      throw GraphError(
        "element-type", node: context.node, expected: "a scale of the type of x", found: "\(try context.input(2)) for \(x)")
    }
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let slices = try QuantizationSlices(context, of: 1, scale: 2)
    let range = try range(context.node)
    let (lowest, highest) = (Scalar(range.lowerBound), Scalar(range.upperBound))
    let zeroPoint = try QuantizationSlices.reader(context, 3, Scalar.self)
    return { buffers in
      let dy = buffers.input(0, as: Scalar.self)
      let x = buffers.input(1, as: Scalar.self)
      let scale = buffers.input(2, as: Scalar.self)
      let dx = buffers.output(as: Scalar.self)
      slices.forEach { channel, elements in
        let zero = zeroPoint(buffers, channel)
        for index in elements {
          let level = (x[index] / scale[channel]).rounded(.toNearestOrEven) + zero
          dx[index] = level >= lowest && level <= highest ? dy[index] : 0
        }
      }
    }
  }
}
