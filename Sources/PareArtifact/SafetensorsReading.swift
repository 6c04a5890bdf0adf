import PareTensor

extension Safetensors {
  private struct Entry {
    let name: String
    let elementType: ElementType
    let shape: [Int]
    let begin: Int
    let end: Int
  }

  /// Reads a file's bytes, trusting none of them.
  ///
  /// - Parameter name: what messages call the file.
  /// - Throws: `ArtifactError`: `truncated`, `header-length`, `header`, `content`, `element-type`, `shape`, `offsets`,
  ///   `boolean`.
  public init(bytes: [UInt8], name: String = "safetensors") throws {
    self.init()
    try bytes.withUnsafeBytes { try decode($0, name: name) }
  }

  private mutating func decode(_ bytes: UnsafeRawBufferPointer, name: String) throws {
    guard bytes.count >= 8 else {
      throw ArtifactError("truncated", subject: name, expected: "a safetensors file", found: "\(bytes.count) bytes")
    }
    let headerLength = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard headerLength <= UInt64(Self.maximumHeaderLength) else {
      throw ArtifactError(
        "header-length", subject: name, expected: "a header of at most \(Self.maximumHeaderLength) bytes",
        found: "\(headerLength)")
    }
    guard Int(headerLength) <= bytes.count - 8 else {
      throw ArtifactError(
        "truncated", subject: name, expected: "a header of \(headerLength) bytes", found: "\(bytes.count - 8) bytes")
    }
    let header = UnsafeRawBufferPointer(rebasing: bytes[8..<8 + Int(headerLength)])
    let data = UnsafeRawBufferPointer(rebasing: bytes[(8 + Int(headerLength))...])
    var entries: [Entry] = []
    for (key, value) in try Self.members(of: header, name: name) {
      if key == Self.metadataKey {
        metadata = try Self.texts(JSONElement(value: value, path: "\(name): \(key)"))
      } else {
        entries.append(try Self.entry(key, value, dataCount: data.count, file: name))
      }
    }
    try Self.checkCoverage(&entries, dataCount: data.count, name: name)
    for entry in entries {
      let slice = UnsafeRawBufferPointer(rebasing: data[entry.begin..<entry.end])
      if entry.elementType == .bool, let other = slice.first(where: { $0 > 1 }) {
        throw ArtifactError("boolean", subject: "\(name): \(quoted(entry.name))", expected: "0 or 1", found: "\(other)")
      }
      tensors[entry.name] = Tensor(elementType: entry.elementType, shape: Shape(entry.shape), bytes: slice)
    }
  }

  private static func members(of header: UnsafeRawBufferPointer, name: String) throws -> [String: JSONValue] {
    let value: JSONValue
    do {
      value = try JSONParser.parse(header.bindMemory(to: UInt8.self))
    } catch {
      throw ArtifactError("header", subject: name, expected: "a safetensors header", found: "\(error)")
    }
    guard case .object(let members) = value, header.first == UInt8(ascii: "{") else {
      throw ArtifactError("header", subject: name, expected: "an object in braces as header", found: value.kind)
    }
    return members
  }

  private static func texts(_ metadata: JSONElement) throws -> [String: String] {
    guard case .object(let values) = metadata.value else { throw metadata.mismatch("an object") }
    return Dictionary(
      uniqueKeysWithValues: try values.map { key, value in
        (key, try JSONElement(value: value, path: "\(metadata.path).\(quoted(key))").string())
      })
  }

  private static func entry(_ key: String, _ value: JSONValue, dataCount: Int, file: String) throws -> Entry {
    let path = "\(file): \(quoted(key))"
    let fields = try JSONElement(value: value, path: path).members(["dtype", "shape", "data_offsets"])
    guard let typeName = try fields["dtype"]?.string(), let elementType = ElementType(safetensorsName: typeName) else {
      throw ArtifactError(
        "element-type", subject: path, expected: ElementType.safetensorsNames.joined(separator: ", "),
        found: fields["dtype"]?.value.kind)
    }
    let shape = try fields["shape"]?.elements().map { try $0.integer(in: 0...Int.max, "an extent") } ?? []
    let offsets = try fields["data_offsets"]?.elements().map { try $0.integer(in: 0...Int.max, "an offset") } ?? []
    guard shape.count <= 32, let count = elementCount(shape) else {
      throw ArtifactError("shape", subject: path, expected: "a shape that memory can hold", found: "\(shape.prefix(32))")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1], offsets[1] <= dataCount else {
      throw ArtifactError(
        "offsets", subject: path, expected: "a begin and an end within \(dataCount) bytes of data",
        found: "\(offsets.prefix(8))")
    }
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: elementType.byteCount)
    guard !overflow, byteCount == offsets[1] - offsets[0] else {
      throw ArtifactError(
        "offsets", subject: path, expected: "\(overflow ? "more than 2^63" : "\(byteCount)") bytes for \(typeName) \(shape)",
        found: "\(offsets[1] - offsets[0])")
    }
    return Entry(name: key, elementType: elementType, shape: shape, begin: offsets[0], end: offsets[1])
  }

  /// The number of elements, or nil where it, or that of any part of the shape beside an extent of 0, overflows.
  package static func elementCount(_ shape: [Int]) -> Int? {
    guard let count = Shape.checkedElementCount(shape.map { max($0, 1) }) else { return nil }
    return shape.contains(0) ? 0 : count
  }

  /// Sorts the entries by place and checks that they cover the data: each begins where the one before it ends.
  private static func checkCoverage(_ entries: inout [Entry], dataCount: Int, name: String) throws {
    entries.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
    var covered = 0
    for entry in entries {
      guard entry.begin == covered else {
        throw ArtifactError(
          "offsets", subject: "\(name): \(quoted(entry.name))", expected: "its data to begin at \(covered)",
          found: "\(entry.begin)")
      }
      covered = entry.end
    }
    guard covered == dataCount else {
      throw ArtifactError(
        "offsets", subject: name, expected: "\(covered) bytes of data", found: "\(dataCount)")
    }
  }
}
