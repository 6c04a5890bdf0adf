import PareTensor

/// `y = (x − zero point) · scale`.
///
/// - Inputs: x of int8, uint8, int16, uint16 or int32; scale, a scalar or one per slice along `axis`, which gives the
///   type of y; optionally the zero point, of x's type and the scale's shape.
/// - Source: ONNX DequantizeLinear, opset 21, without blocks.
public enum DequantizeLinear: FloatingPointOperator {
  public static let name: OperatorName = "DequantizeLinear"
  public static let isFoldable = false
  public static let inputCount = 2...3
  public static let attributeNames = ["axis", "block_size"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    guard QuantizationSlices.types.contains(x.elementType) || x.elementType == .int32 else {
      throw GraphError(
        "element-type", node: context.node, expected: "int8, uint8, int16, uint16 or int32", found: "\(x)")
    }
    try QuantizationSlices.check(context, of: x, scale: 1, zeroPoint: 2, quantized: x.elementType)
    return [ValueType(try context.floatingPointInput(1).elementType, x.dimensions)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    switch try context.input(0).elementType {
    case .int8: try evaluation(context, Scalar.self, Int8.self)
    case .uint8: try evaluation(context, Scalar.self, UInt8.self)
    case .int16: try evaluation(context, Scalar.self, Int16.self)
    case .uint16: try evaluation(context, Scalar.self, UInt16.self)
    case .int32: try evaluation(context, Scalar.self, Int32.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Scalar: FloatingPointElement, Quantized: FixedWidthInteger & TensorElement>(
    _ context: PreparationContext, _: Scalar.Type, _: Quantized.Type
  ) throws -> Evaluation {
    let slices = try QuantizationSlices(context, of: 0, scale: 1)
    let hasZeroPoint = context.has(2)
    return { buffers in
      let x = buffers.input(0, as: Quantized.self)
      let scale = buffers.input(1, as: Scalar.self)
      let zeroPoint = hasZeroPoint ? buffers.input(2, as: Quantized.self) : nil
      let y = buffers.output(as: Scalar.self)
      slices.forEach { channel, elements in
        let zero = Int64(zeroPoint?[channel] ?? 0)
        for index in elements { y[index] = Scalar(Int64(x[index]) - zero) * scale[channel] }
      }
    }
  }

  /// dY as it is: the gradient by the quantized input is kept in units of y, since the pair is differentiated as one.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    context.onlyByFirst(context.outputGradient)
  }
}

/// The slices of a tensor that share a scale: all of it, or one for each index along `axis`.
struct QuantizationSlices: Sendable {
  /// What activations and weights are quantized to.
  static let types: Set<ElementType> = [.int8, .uint8, .int16, .uint16]

  private let slices: AxisDecomposition

  /// - Parameter index: which input of the node is quantized.
  init(_ context: PreparationContext, of index: Int, scale: Int) throws {
    let shape = try context.input(index).shape
    slices =
      try context.input(scale).shape.elementCount == 1
      ? AxisDecomposition(whole: shape)
      : AxisDecomposition(shape, axis: try context.node.axis(default: 1, rank: shape.rank))
  }

  /// Calls `body(channel, positions)` for each run of neighbours that share a scale.
  @inline(__always)
  func forEach(_ body: (Int, Range<Int>) -> Void) {
    for block in 0..<slices.outer {
      for channel in 0..<slices.extent {
        let start = (block * slices.extent + channel) * slices.inner
        body(channel, start..<start + slices.inner)
      }
    }
  }

  /// Checks shapes and types of scale and zero point, and the values of a scale that is constant.
  ///
  /// - Parameter quantized: the type that the zero point has to have; nil allows every type of `types`.
  static func check(
    _ context: InferenceContext, of x: ValueType, scale: Int, zeroPoint: Int, quantized: ElementType?
  ) throws {
    let node = context.node
    let blockSize = try node.int("block_size", default: 0)
    guard blockSize == 0 else {
      throw GraphError(
        "attribute", node: node, expected: "block_size 0 (blocks are not supported)", found: "\(blockSize)")
    }
    let scaleType = try context.floatingPointInput(scale)
    if !scaleType.isScalar {
      let axis = try node.axis(default: 1, rank: x.rank)
      guard scaleType.dimensions == [x.dimensions[axis]] else {
        throw GraphError(
          "shape", node: node, expected: "a scalar scale or one per index of axis \(axis) of \(x)", found: "\(scaleType)")
      }
    }
    if context.has(zeroPoint) {
      let type = try context.input(zeroPoint)
      guard type.dimensions == scaleType.dimensions || type.isScalar && scaleType.isScalar,
        quantized.map({ $0 == type.elementType }) ?? types.contains(type.elementType)
      else {
        throw GraphError(
          "shape", node: node,
          expected: "a zero point \(ValueType(quantized ?? .uint8, scaleType.dimensions)) like the scale", found: "\(type)")
      }
    }
    if let bad = context.constant(scale)?.doubles.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw GraphError("scale", node: node, expected: "finite scales above 0", found: "\(bad)")
    }
  }

  /// Reads a zero point of whatever integer type as a floating-point number; 0 where there is none.
  static func reader<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _ index: Int, _: Scalar.Type
  ) throws -> @Sendable (EvaluationBuffers, Int) -> Scalar {
    guard context.has(index) else { return { _, _ in 0 } }
    switch try context.input(index).elementType {
    case .int8: return { Scalar($0.input(index, as: Int8.self)[$1]) }
    case .uint8: return { Scalar($0.input(index, as: UInt8.self)[$1]) }
    case .int16: return { Scalar($0.input(index, as: Int16.self)[$1]) }
    case .uint16: return { Scalar($0.input(index, as: UInt16.self)[$1]) }
    case let other: throw context.unsupported(other)
    }
  }
}
