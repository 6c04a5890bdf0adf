/// The element types of ONNX that Pare stores, with ONNX's names.
public enum ElementType: String, Sendable, Hashable, Codable, CaseIterable {
  case float32, float64, float16, bfloat16
  case int8, uint8, int16, uint16, int32, uint32, int64, uint64
  /// Integers of four bits, one to a byte in memory (as Int8 and UInt8) and two to a byte in files.
  case int4, uint4
  case bool

  /// Bytes of one element in memory.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8, .int4, .uint4, .bool: 1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// Bits of one element where it is stored.
  public var bitCount: Int { self == .int4 || self == .uint4 ? 4 : byteCount * 8 }

  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16: true
    default: false
    }
  }

  /// ONNX's number of the type (`TensorProto.DataType`), which attributes such as Cast's `to` hold.
  public var onnxDataType: Int {
    switch self {
    case .float32: 1
    case .uint8: 2
    case .int8: 3
    case .uint16: 4
    case .int16: 5
    case .int32: 6
    case .int64: 7
    case .bool: 9
    case .float16: 10
    case .float64: 11
    case .uint32: 12
    case .uint64: 13
    case .bfloat16: 16
    case .uint4: 21
    case .int4: 22
    }
  }

  /// The type of a number that ONNX gave it; nil where Pare does not know it.
  public init?(onnxDataType number: Int) {
    guard let type = Self.allCases.first(where: { $0.onnxDataType == number }) else { return nil }
    self = type
  }

  /// The representable range of an integer type; nil for floating point, bool, and uint64, which Int64 cannot hold.
  public var integerRange: ClosedRange<Int64>? {
    switch self {
    case .int4: -8...7
    case .uint4: 0...15
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    case .uint16: 0...65535
    case .int32: Int64(Int32.min)...Int64(Int32.max)
    case .uint32: 0...Int64(UInt32.max)
    case .int64: Int64.min...Int64.max
    default: nil
    }
  }
}

/// A Swift type that is the in-memory form of an element type.
public protocol TensorElement: BitwiseCopyable, Sendable, Hashable {
  static var elementType: ElementType { get }
}

extension Float: TensorElement { public static var elementType: ElementType { .float32 } }
extension Double: TensorElement { public static var elementType: ElementType { .float64 } }
extension Int8: TensorElement { public static var elementType: ElementType { .int8 } }
extension UInt8: TensorElement { public static var elementType: ElementType { .uint8 } }
extension Int16: TensorElement { public static var elementType: ElementType { .int16 } }
extension UInt16: TensorElement { public static var elementType: ElementType { .uint16 } }
extension Int32: TensorElement { public static var elementType: ElementType { .int32 } }
extension UInt32: TensorElement { public static var elementType: ElementType { .uint32 } }
extension Int64: TensorElement { public static var elementType: ElementType { .int64 } }
extension UInt64: TensorElement { public static var elementType: ElementType { .uint64 } }
extension Bool: TensorElement { public static var elementType: ElementType { .bool } }
