/// Integers of four bits, which are held one to a byte in memory and two to a byte in files.
extension ElementType {
  public var isFourBit: Bool { self == .int4 || self == .uint4 }

  /// The eight-bit type with the same sign, which is how a four-bit integer lies in memory; any other type itself.
  public var inWholeBytes: ElementType {
    switch self {
    case .int4: .int8
    case .uint4: .uint8
    default: self
    }
  }
}

extension Tensor {
  /// Bytes that `count` four-bit integers take in a file.
  public static func packedByteCount(_ count: Int) -> Int { count / 2 + count % 2 }

  /// The elements two to a byte, the first of each pair in the low half, as ONNX packs them. An odd last byte's high half
  /// is 0.
  ///
  /// - Precondition: the element type has four bits.
  public func packedFourBits() -> [UInt8] {
    precondition(elementType.isFourBit, "\(elementType.rawValue) has no four bits")
    return withUnsafeBytes { elements in
      (0..<Self.packedByteCount(elements.count)).map { pair in
        let high = 2 * pair + 1 < elements.count ? elements[2 * pair + 1] : 0
        return elements[2 * pair] & 0xf | high << 4
      }
    }
  }

  /// Elements from bytes that hold two each; what the high half of an odd last byte holds is ignored.
  ///
  /// - Precondition: the element type has four bits, and there are as many bytes as the shape asks for.
  public init(packedFourBits bytes: some RandomAccessCollection<UInt8>, elementType: ElementType, shape: Shape) {
    precondition(elementType.isFourBit, "\(elementType.rawValue) has no four bits")
    precondition(bytes.count == Self.packedByteCount(shape.elementCount), "\(bytes.count) bytes for shape \(shape)")
    self.init(zeros: elementType, shape: shape)
    let count = shape.elementCount
    withUnsafeMutableBytes { elements in
      for (pair, byte) in bytes.enumerated() {
        elements[2 * pair] = Self.widened(byte & 0xf, elementType)
        if 2 * pair + 1 < count { elements[2 * pair + 1] = Self.widened(byte >> 4, elementType) }
      }
    }
  }

  /// The low half of a byte as a byte of its own, the sign carried on.
  private static func widened(_ half: UInt8, _ type: ElementType) -> UInt8 {
    type == .int4 && half & 8 != 0 ? half | 0xf0 : half
  }

  /// The same integers in the eight-bit type in which they lie in memory; any other tensor itself.
  public func inWholeBytes() -> Tensor {
    guard elementType.isFourBit else { return self }
    return withUnsafeBytes { Tensor(elementType: elementType.inWholeBytes, shape: shape, bytes: $0) }
  }

  /// Eight-bit integers as a four-bit type of the same sign; nil where one is out of its range or the type is another.
  public func asFourBits(_ type: ElementType) -> Tensor? {
    guard type.isFourBit, elementType == type.inWholeBytes, let range = type.integerRange else { return nil }
    guard doubles.allSatisfy({ range.contains(Int64($0)) }) else { return nil }
    return withUnsafeBytes { Tensor(elementType: type, shape: shape, bytes: $0) }
  }
}
