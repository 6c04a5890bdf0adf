import PareTensor

/// Named tensors and texts in the safetensors format: eight bytes of header length, a JSON header, the tensors' bytes.
///
/// What is written is the same for the same content: metadata and entries sorted by name, data sorted by element size
/// (largest first, so that every tensor lies aligned to its elements) and then by name, the header padded with spaces
/// to a multiple of eight.
///
/// - Source: the format's definition at github.com/huggingface/safetensors.
public struct Safetensors: Sendable {
  public var tensors: [String: Tensor]
  public var metadata: [String: String]

  /// A longer header is refused before it is read.
  public static let maximumHeaderLength = 16 << 20

  static let metadataKey = "__metadata__"

  public init(tensors: [String: Tensor] = [:], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// - Throws: `ArtifactError`: `no-input`, or what `init(bytes:name:)` throws.
  public static func read(_ path: String) throws -> Safetensors {
    try Safetensors(bytes: WholeFile.read(path), name: path)
  }

  /// - Throws: `ArtifactError`: `cannot-write`, or what `encoded()` throws.
  public func write(to path: String) throws {
    try WholeFile.write(encoded(name: path), to: path)
  }

  /// The file's bytes.
  ///
  /// - Parameter name: what messages call the file.
  /// - Throws: `artifact.tensor-name` for a tensor that bears the metadata's name; `artifact.element-type` for integers of
  ///   four bits, which the format lacks; `artifact.header-length`.
  public func encoded(name: String = "safetensors") throws -> [UInt8] {
    guard tensors[Self.metadataKey] == nil else {
      throw ArtifactError("tensor-name", subject: name, expected: "a name other than the format's own", found: Self.metadataKey)
    }
    let stored = tensors.sorted { left, right in
      let (a, b) = (left.value.elementType.byteCount, right.value.elementType.byteCount)
      return a == b ? left.key.precedesByBytes(right.key) : a > b
    }
    var entries: [(key: String, value: String)] = []
    var dataCount = 0
    for (tensorName, tensor) in stored {
      guard let type = tensor.elementType.safetensorsName else {
        throw ArtifactError(
          "element-type", subject: "\(name): \(quoted(tensorName))", expected: "an element type that safetensors has",
          found: tensor.elementType.rawValue)
      }
      let end = dataCount + tensor.byteCount
      let shape = JSONText.array(tensor.shape.dimensions.map(String.init))
      entries.append((tensorName, "{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(dataCount),\(end)]}"))
      dataCount = end
    }
    entries.sort { $0.key.precedesByBytes($1.key) }
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key.precedesByBytes($1.key) }.map { (key: $0.key, value: JSONText.string($0.value)) }
      entries.insert((Self.metadataKey, JSONText.object(texts)), at: 0)
    }
    var header = Array(JSONText.object(entries).utf8)
    header += [UInt8](repeating: 0x20, count: (8 - header.count % 8) % 8)
    guard header.count <= Self.maximumHeaderLength else {
      throw ArtifactError(
        "header-length", subject: name, expected: "a header of at most \(Self.maximumHeaderLength) bytes",
        found: "\(header.count)")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + header.count + dataCount)
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: header.count >> (8 * shift))) }
    bytes += header
    for (_, tensor) in stored { tensor.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    return bytes
  }
}

extension ElementType {
  private static let bySafetensorsName = Dictionary(
    uniqueKeysWithValues: allCases.compactMap { type in type.safetensorsName.map { ($0, type) } })

  /// The names of all types that the format has.
  static var safetensorsNames: [String] { allCases.compactMap(\.safetensorsName) }

  /// The format's name of an element type; nil where it has no such type.
  var safetensorsName: String? {
    switch self {
    case .float32: "F32"
    case .float64: "F64"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int8: "I8"
    case .uint8: "U8"
    case .int16: "I16"
    case .uint16: "U16"
    case .int32: "I32"
    case .uint32: "U32"
    case .int64: "I64"
    case .uint64: "U64"
    case .int4, .uint4: nil
    case .bool: "BOOL"
    }
  }

  init?(safetensorsName name: String) {
    guard let type = Self.bySafetensorsName[name] else { return nil }
    self = type
  }
}
