import PareTensor

/// The signs of each row's numbers as bits: 1 where x ≥ 0, so −0 is a 1 and NaN a 0. Bit i of a row is bit i mod 8 of its
/// byte i / 8; rows are padded with zeros to whole words of 32 bits.
///
/// - Input: X, floating point `[rows, n]` → `uint8 [rows, 4 ⌈n / 32⌉]`.
public enum PackSigns: Operator {
  public static let name: OperatorName = "pare.PackSigns"
  public static let inputCount = 1...1

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.floatingPointInput(0)
    guard x.rank == 2, let count = x.dimensions[1].fixedValue else {
      throw GraphError("shape", node: context.node, expected: "rows of a known extent", found: "\(x)")
    }
    return [ValueType(.uint8, [x.dimensions[0], .fixed(byteCount(count))])]
  }

  /// Bytes of a row of `count` signs.
  package static func byteCount(_ count: Int) -> Int { (count + 31) / 32 * 4 }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch try context.input(0).elementType {
    case .float32: try evaluation(context, Float.self)
    case .float64: try evaluation(context, Double.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = try context.input(0).shape
    let (rows, count) = (shape[0], shape[1])
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: UInt8.self)
      for row in 0..<rows {
        pack(count, into: y + row * byteCount(count)) { x[row * count + $0] >= 0 }
      }
    }
  }

  /// Writes `count` bits and the zeros that pad them.
  @inline(__always)
  static func pack(_ count: Int, into bytes: UnsafeMutablePointer<UInt8>, _ isOne: (Int) -> Bool) {
    for byte in 0..<byteCount(count) {
      var eight: UInt8 = 0
      for bit in 0..<8 where byte * 8 + bit < count && isOne(byte * 8 + bit) { eight |= 1 << UInt8(bit) }
      bytes[byte] = eight
    }
  }
}
