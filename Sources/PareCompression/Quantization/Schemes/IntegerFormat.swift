import PareTensor

/// The integers onto which real numbers are mapped.
public struct IntegerFormat: Sendable, Hashable {
  /// 8 or 4.
  public var bits: Int
  public var isSigned: Bool
  /// Whether the lowest integer is left out.
  public var isNarrow: Bool

  public init(bits: Int, isSigned: Bool, isNarrow: Bool = false) {
    self.bits = bits
    self.isSigned = isSigned
    self.isNarrow = isNarrow
  }

  /// `q_min … q_max`.
  public var range: ClosedRange<Int> {
    let lowest = (isSigned ? -(1 << (bits - 1)) : 0) + (isNarrow ? 1 : 0)
    return lowest...(isSigned ? 1 << (bits - 1) : 1 << bits) - 1
  }

  /// The integer that stands for 0 in a symmetric map.
  public var middle: Int { isSigned ? 0 : 1 << (bits - 1) }

  /// What holds them in a graph.
  var elementType: ElementType {
    switch (bits, isSigned) {
    case (4, true): .int4
    case (4, false): .uint4
    case (_, true): .int8
    default: .uint8
    }
  }

  /// Integers of this format as a tensor.
  func tensor(_ integers: [Int16], shape: Shape) -> Tensor {
    let bytes = integers.map { UInt8(truncatingIfNeeded: $0) }
    return bytes.withUnsafeBytes { Tensor(elementType: elementType, shape: shape, bytes: $0) }
  }
}
