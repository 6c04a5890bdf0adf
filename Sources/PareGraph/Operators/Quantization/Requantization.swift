import PareTensor

/// `left · right / result` of three scales, each operation rounded to their type: what turns an accumulator into levels
/// of the result.
struct RequantizationFactor: Sendable {
  private let (left, right, result): (Int, Int, Int)
  private let type: ElementType

  /// - Parameters: positions of the scales among the node's inputs; all are of one type.
  init(_ context: PreparationContext, left: Int, right: Int, result: Int) throws {
    (self.left, self.right, self.result) = (left, right, result)
    type = try context.input(left).elementType
    guard type.isFloatingPoint else { throw context.unsupported(type) }
  }

  /// - Parameters: which of the numbers of each scale; there is one of the result.
  @inline(__always)
  func value(_ buffers: EvaluationBuffers, left leftIndex: Int, right rightIndex: Int) -> Double {
    switch type {
    case .float32:
      return Double(
        buffers.input(left, as: Float.self)[leftIndex] * buffers.input(right, as: Float.self)[rightIndex]
          / buffers.input(result, as: Float.self)[0])
    case .float64:
      return buffers.input(left, as: Double.self)[leftIndex] * buffers.input(right, as: Double.self)[rightIndex]
        / buffers.input(result, as: Double.self)[0]
    default:
      let read = { (input: Int, index: Int) in type.float(ofBits: buffers.input(input, as: UInt16.self)[index]) }
      let rounded = { (value: Float) in type.float(ofBits: type.bits(of: value)) }
      return Double(rounded(rounded(read(left, leftIndex) * read(right, rightIndex)) / read(result, 0)))
    }
  }
}

/// Writes levels as int8 or uint8: rounded half to even, the zero point added, saturated. NaN, which scales of 0 and
/// infinity give, becomes the zero point.
struct QuantizedWriter: Sendable {
  private let zeroPoint: Int
  private let isSigned: Bool

  /// - Parameter zeroPoint: which input holds it, a single int8 or uint8.
  init(_ context: PreparationContext, zeroPoint: Int) throws {
    self.zeroPoint = zeroPoint
    switch context.outputs[0].elementType {
    case .int8: isSigned = true
    case .uint8: isSigned = false
    case let other: throw context.unsupported(other)
    }
  }

  @inline(__always)
  func callAsFunction(_ buffers: EvaluationBuffers, _ position: Int, _ level: Double) {
    if isSigned {
      write(buffers, position, level, Int8.self)
    } else {
      write(buffers, position, level, UInt8.self)
    }
  }

  @inline(__always)
  private func write<Quantized: FixedWidthInteger & TensorElement>(
    _ buffers: EvaluationBuffers, _ position: Int, _ level: Double, _: Quantized.Type
  ) {
    let zero = buffers.input(zeroPoint, as: Quantized.self)[0]
    let shifted = level.rounded(.toNearestOrEven) + Double(zero)
    let saturated = min(max(shifted, Double(Quantized.min)), Double(Quantized.max))
    buffers.output(as: Quantized.self)[position] = level.isNaN ? zero : Quantized(saturated)
  }
}
