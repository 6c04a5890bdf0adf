import PareArtifact
import PareTensor

/// Arrays in NumPy's `.npy` format, versions 1 to 3.
///
/// Read are little-endian numbers of 1 to 8 bytes, half precision and booleans; an array in Fortran's order is
/// transposed into rows. Texts are read as the numbers of their characters, along one more axis and with zeros behind
/// their ends: `<U7` [rows] as UInt32 [rows, 7], `|S7` as UInt8. Written is version 1 (2 where the header is too long for it), in C's order; integers of four
/// bits, which NumPy lacks, as integers of eight.
///
/// - Source: numpy.lib.format in NumPy's documentation.
public enum NPY {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// - Throws: `ArtifactError`: `no-input`, or what `decode` throws.
  public static func read(_ path: String) throws -> Tensor {
    try decode(WholeFile.read(path), name: path)
  }

  /// - Throws: `ArtifactError`: `cannot-write`, or what `encode` throws.
  public static func write(_ tensor: Tensor, to path: String) throws {
    try WholeFile.write(encode(tensor, name: path), to: path)
  }

  /// The file's bytes: the data begin at a multiple of 64.
  ///
  /// - Throws: `artifact.element-type` for bfloat16, which NumPy does not have.
  public static func encode(_ tensor: Tensor, name: String = "npy") throws -> [UInt8] {
    let tensor = tensor.inWholeBytes()
    guard let descriptor = tensor.elementType.numpyDescriptor else {
      throw ArtifactError(
        "element-type", subject: name, expected: "an element type that NumPy has", found: tensor.elementType.rawValue)
    }
    let extents = tensor.shape.dimensions.map(String.init)
    let shape = extents.count == 1 ? "(\(extents[0]),)" : "(" + extents.joined(separator: ", ") + ")"
    let header = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': \(shape), }"
    let lengthBytes = header.utf8.count + 64 > Int(UInt16.max) ? 4 : 2
    let unpadded = magic.count + 2 + lengthBytes + header.utf8.count + 1
    let padding = (64 - unpadded % 64) % 64
    let headerLength = header.utf8.count + padding + 1
    var bytes = magic + [lengthBytes == 2 ? 1 : 2, 0]
    for shift in 0..<lengthBytes { bytes.append(UInt8(truncatingIfNeeded: headerLength >> (8 * shift))) }
    bytes += Array(header.utf8) + [UInt8](repeating: 0x20, count: padding) + [0x0a]
    tensor.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return bytes
  }

  /// Reads a file's bytes, trusting none of them.
  ///
  /// - Throws: `ArtifactError`: `truncated`, `header`, `element-type`, `shape`, `boolean`, `trailing`.
  public static func decode(_ bytes: [UInt8], name: String = "npy") throws -> Tensor {
    guard bytes.count >= 10, bytes.prefix(6).elementsEqual(magic) else {
      throw ArtifactError("header", subject: name, expected: "a .npy file", found: "\(bytes.count) bytes of something else")
    }
    guard (1...3).contains(bytes[6]) else {
      throw ArtifactError("header", subject: name, expected: "format version 1 to 3", found: "version \(bytes[6])")
    }
    let lengthBytes = bytes[6] == 1 ? 2 : 4
    let headerStart = 8 + lengthBytes
    guard bytes.count >= headerStart else {
      throw ArtifactError("truncated", subject: name, expected: "a header", found: "the end of the file")
    }
    let headerLength = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    guard headerLength <= bytes.count - headerStart else {
      throw ArtifactError(
        "truncated", subject: name, expected: "a header of \(headerLength) bytes",
        found: "\(bytes.count - headerStart)")
    }
    let dataStart = headerStart + headerLength
    let header = try NPYHeader(bytes[headerStart..<dataStart], name: name)
    return try tensor(header, bytes, dataStart, name)
  }

  private static func tensor(_ header: NPYHeader, _ bytes: [UInt8], _ start: Int, _ name: String) throws -> Tensor {
    let text = header.textType
    guard let type = text?.character ?? ElementType(numpyDescriptor: header.descriptor) else {
      throw ArtifactError(
        "element-type", subject: name, expected: "little-endian f2, f4, f8, i1 to i8, u1 to u8, b1, U or S",
        found: quoted(header.descriptor))
    }
    let extents = header.shape + (text.map { [$0.length] } ?? [])
    guard extents.count <= 32, text == nil || !header.isFortranOrder || header.shape.count < 2,
      let count = Safetensors.elementCount(extents)
    else {
      throw ArtifactError("shape", subject: name, expected: "a shape that memory can hold", found: "\(header.shape.prefix(32))")
    }
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: type.byteCount)
    guard !overflow, byteCount == bytes.count - start else {
      throw ArtifactError(
        overflow || byteCount > bytes.count - start ? "truncated" : "trailing", subject: name,
        expected: "\(overflow ? "more than 2^63" : "\(byteCount)") bytes for \(type.rawValue) \(extents)",
        found: "\(bytes.count - start)")
    }
    if type == .bool, let other = bytes[start...].first(where: { $0 > 1 }) {
      throw ArtifactError("boolean", subject: name, expected: "0 or 1", found: "\(other)")
    }
    let isReversed = header.isFortranOrder && text == nil
    let shape = Shape(isReversed ? extents.reversed() : extents)
    let stored = bytes.withUnsafeBytes { buffer in
      Tensor(elementType: type, shape: shape, bytes: UnsafeRawBufferPointer(rebasing: buffer[start...]))
    }
    return isReversed ? stored.reversingAxes() : stored
  }
}

extension NPYHeader {
  /// What the characters of a text are, and how many each text has room for; nil where the array holds no texts.
  fileprivate var textType: (character: ElementType, length: Int)? {
    for (prefix, character) in [("<U", ElementType.uint32), ("|S", .uint8)] where descriptor.hasPrefix(prefix) {
      guard let length = Int(descriptor.dropFirst(2)), length >= 0 else { return nil }
      return (character, length)
    }
    return nil
  }
}

extension ElementType {
  private static let byNumPyDescriptor = Dictionary(
    uniqueKeysWithValues: allCases.compactMap { type in type.numpyDescriptor.map { ($0, type) } })

  /// NumPy's type string; nil where NumPy has no such type.
  var numpyDescriptor: String? {
    switch self {
    case .float16: "<f2"
    case .float32: "<f4"
    case .float64: "<f8"
    case .bfloat16, .int4, .uint4: nil
    case .int8: "|i1"
    case .uint8: "|u1"
    case .int16: "<i2"
    case .uint16: "<u2"
    case .int32: "<i4"
    case .uint32: "<u4"
    case .int64: "<i8"
    case .uint64: "<u8"
    case .bool: "|b1"
    }
  }

  /// Single bytes have no order, whatever a writer says of it.
  init?(numpyDescriptor descriptor: String) {
    let normalized = descriptor.hasSuffix("1") ? "|" + descriptor.drop { "<>|=".contains($0) } : descriptor
    guard let type = Self.byNumPyDescriptor[normalized] else { return nil }
    self = type
  }
}

extension Tensor {
  /// The tensor with its axes in the opposite order: `result[k, j, i] = self[i, j, k]`.
  fileprivate func reversingAxes() -> Tensor {
    guard shape.rank > 1, elementCount > 0 else {
      return reshaped(to: Shape(shape.dimensions.reversed()))
    }
    let size = elementType.byteCount
    let target = Shape(shape.dimensions.reversed())
    // How far the source moves for one step along each axis of the target.
    let sourceStrides: [Int] = shape.strides.reversed()
    var result = Tensor(zeros: elementType, shape: target)
    withUnsafeBytes { source in
      result.withUnsafeMutableBytes { destination in
        var index = [Int](repeating: 0, count: target.rank)
        var from = 0
        for to in 0..<target.elementCount {
          for byte in 0..<size { destination[to * size + byte] = source[from * size + byte] }
          var axis = target.rank - 1
          while axis >= 0 {
            index[axis] += 1
            from += sourceStrides[axis]
            if index[axis] < target[axis] { break }
            from -= sourceStrides[axis] * target[axis]
            index[axis] = 0
            axis -= 1
          }
        }
      }
    }
    return result
  }
}
