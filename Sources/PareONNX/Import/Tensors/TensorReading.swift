import Foundation
import PareTensor

/// Reads the tensors of a file, wherever their elements are, trusting no size that it reads.
struct TensorReading {
  /// Where data outside the file are looked for; nil where there is no such place.
  let external: ExternalData?

  /// What messages call a tensor without a name.
  private static func subject(_ tensor: WireTensor, _ owner: String) -> String {
    tensor.name.isEmpty ? owner : "tensor \(quoted(tensor.name))"
  }

  /// - Parameter owner: what messages call a tensor that has no name of its own.
  /// - Throws: `onnx.element-type`, `onnx.tensor-shape`, `onnx.tensor-data`, `onnx.external-data`.
  func read(_ tensor: WireTensor, of owner: String) throws -> Tensor {
    let subject = Self.subject(tensor, owner)
    guard let type = ElementType(onnxDataType: Int(tensor.elementType)) else {
      throw ONNXError(
        "element-type", subject: subject, expected: ElementType.supportedNames,
        found: ElementType.words(onnxDataType: tensor.elementType))
    }
    let extents = tensor.extents.compactMap { Int(exactly: $0) }
    guard extents.count == tensor.extents.count, extents.count <= 64, let count = Shape.checkedElementCount(extents.map { max($0, 1) }),
      count <= 1 << 40, extents.allSatisfy({ $0 >= 0 }), !tensor.hasSegment
    else {
      throw ONNXError(
        "tensor-shape", subject: subject, expected: "a whole tensor with extents from 0 that memory can hold",
        found: tensor.hasSegment ? "a segment" : "\(tensor.extents.prefix(16))")
    }
    let shape = Shape(extents)
    func bytes(_ data: UnsafeRawBufferPointer) throws -> Tensor {
      let expected = (shape.elementCount * type.bitCount + 7) / 8
      guard data.count == expected else {
        throw ONNXError(
          "tensor-data", subject: subject, expected: "\(expected) bytes for \(type.rawValue)\(shape)", found: "\(data.count)")
      }
      return type.bitCount == 4 ? Tensor(fourBits: data, elementType: type, shape: shape) : Tensor(elementType: type, shape: shape, bytes: data)
    }
    if tensor.location == .external {
      guard let external else {
        throw ONNXError(
          "external-data", subject: subject, expected: "data inside the file", found: "data in another file, and no folder to look in")
      }
      return try external.withData(of: tensor, subject: subject, expecting: (shape.elementCount * type.bitCount + 7) / 8, bytes)
    }
    if tensor.hasRawData { return try tensor.rawData.withUnsafeBytes(bytes) }
    return try typed(tensor, type, shape, subject)
  }

  /// From the list of numbers that ONNX provides for the type.
  private func typed(_ tensor: WireTensor, _ type: ElementType, _ shape: Shape, _ subject: String) throws -> Tensor {
    func filled<Stored, Element: TensorElement>(_ list: [Stored], _ convert: (Stored) -> Element?) throws -> Tensor {
      guard list.count == shape.elementCount else {
        throw ONNXError(
          "tensor-data", subject: subject, expected: "\(shape.elementCount) elements for \(type.rawValue)\(shape)",
          found: "\(list.count)")
      }
      return Tensor(
        try list.map { stored in
          guard let element = convert(stored) else {
            throw ONNXError("tensor-data", subject: subject, expected: "elements of \(type.rawValue)", found: "\(stored)")
          }
          return element
        }, shape: shape)
    }
    switch type {
    case .float32: return try filled(tensor.floatData) { $0 }
    case .float64: return try filled(tensor.doubleData) { $0 }
    case .int64: return try filled(tensor.int64Data) { $0 }
    case .int32: return try filled(tensor.int32Data) { $0 }
    case .uint64: return try filled(tensor.uint64Data) { $0 }
    case .uint32: return try filled(tensor.uint64Data) { UInt32(exactly: $0) }
    case .int8: return try filled(tensor.int32Data) { Int8(exactly: $0) }
    case .uint8: return try filled(tensor.int32Data) { UInt8(exactly: $0) }
    case .int16: return try filled(tensor.int32Data) { Int16(exactly: $0) }
    case .uint16: return try filled(tensor.int32Data) { UInt16(exactly: $0) }
    case .bool: return try filled(tensor.int32Data) { $0 != 0 }
    case .float16, .bfloat16:
      let bits = try filled(tensor.int32Data) { UInt16(truncatingIfNeeded: $0) }
      return bits.withUnsafeBytes { Tensor(elementType: type, shape: shape, bytes: $0) }
    case .int4, .uint4:
      // Two elements an entry, of which the low byte counts.
      guard tensor.int32Data.count == (shape.elementCount + 1) / 2 else {
        throw ONNXError(
          "tensor-data", subject: subject, expected: "\((shape.elementCount + 1) / 2) pairs for \(type.rawValue)\(shape)",
          found: "\(tensor.int32Data.count)")
      }
      return tensor.int32Data.map { UInt8(truncatingIfNeeded: $0) }.withUnsafeBytes {
        Tensor(fourBits: $0, elementType: type, shape: shape)
      }
    }
  }
}

extension Tensor {
  /// From elements of four bits, two to a byte, the first in the low half.
  ///
  /// - Precondition: half a byte an element, rounded up.
  init(fourBits packed: UnsafeRawBufferPointer, elementType: ElementType, shape: Shape) {
    precondition(packed.count == (shape.elementCount + 1) / 2)
    self.init(zeros: elementType, shape: shape)
    let isSigned = elementType == .int4
    withUnsafeMutableBytes { bytes in
      for index in bytes.indices {
        let half = index % 2 == 0 ? packed[index / 2] & 0xf : packed[index / 2] >> 4
        bytes[index] = isSigned && half > 7 ? half | 0xf0 : half
      }
    }
  }

  /// Elements of four bits, two to a byte, the first in the low half.
  var fourBits: [UInt8] {
    withUnsafeBytes { bytes in
      (0..<(bytes.count + 1) / 2).map { index in
        bytes[2 * index] & 0xf | (2 * index + 1 < bytes.count ? bytes[2 * index + 1] << 4 : 0)
      }
    }
  }
}
