import PareTensor

/// A whole file under one adaptive code: texts and numbers alike, each bit under the probability that what stood before it gives.
///
/// The file is a safetensors file that holds one tensor of bytes. See docs/artifact-format.md.
enum PackedFile {
  /// The name of the one tensor.
  private static let tensorName = "pare"
  private static let version: UInt8 = 2
  /// Bytes of text and numbers that a packed file may stand for; coding takes about three seconds for each million.
  static let maximumByteCount = 16 << 20
  /// What a byte of code stands for at most, beside the first 65,536, so that a small file cannot ask for much time.
  private static let maximumRatio = 512

  /// - Parameters:
  ///   - file: metadata and tensors.
  ///   - forms: how the numbers lie in a tensor, by name, where they are not its elements.
  /// - Throws: `artifact.packed-size`.
  static func encode(_ file: Safetensors, graphKey: String, forms: [String: NumberForm], name: String) throws -> [UInt8] {
    let text = text(of: file, graphKey: graphKey, forms: forms)
    let tensors = file.tensors.sorted { $0.key.precedesByBytes($1.key) }
    let byteCount = tensors.reduce(text.count) { $0 + $1.value.byteCount }
    guard byteCount <= maximumByteCount else {
      throw ArtifactError("packed-size", subject: name, expected: "at most \(maximumByteCount) bytes to pack", found: "\(byteCount)")
    }
    var coder = ContentCoder(BitEncoder())
    for byte in text { _ = coder.character(byte) }
    for (number, (key, tensor)) in tensors.enumerated() {
      let bytes = tensor.withUnsafeBytes { Array($0) }
      _ = coder.numbers(bytes, forms[key] ?? NumberForm(tensor), number: number)
    }
    var code = [version] + checksumBytes(of: file) + coder.coder.finished()
    // A decoder sees zeros behind a code anyway.
    code += [UInt8](repeating: 0, count: max(0, (byteCount - 1 << 16) / maximumRatio + 1 - code.count))
    return try Safetensors(tensors: [tensorName: Tensor(code)]).encoded(name: name)
  }

  /// Three lines: the graph, the directory of tensors, and the other texts.
  static func text(of file: Safetensors, graphKey: String, forms: [String: NumberForm]) -> [UInt8] {
    let directory = file.tensors.sorted { $0.key.precedesByBytes($1.key) }.map { key, tensor in
      var parts = [
        JSONText.string(key), JSONText.string(tensor.elementType.artifactName), JSONText.array(tensor.shape.dimensions.map(String.init)),
      ]
      if let form = forms[key] { parts += [String(form.itemBits), String(form.rowLength)] }
      return JSONText.array(parts)
    }
    let others = file.metadata.filter { $0.key != graphKey }.sorted { $0.key.precedesByBytes($1.key) }
    let lines = [
      file.metadata[graphKey] ?? "", JSONText.array(directory), JSONText.object(others.map { ($0.key, JSONText.string($0.value)) }),
    ]
    return lines.flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] }
  }

  /// The file that is packed in another; nil where none is.
  ///
  /// - Throws: `ArtifactError`: `packed-version`, `packed-size`, `checksum`, `content`, or what JSON readers throw.
  static func decode(_ outer: Safetensors, graphKey: String, name: String) throws -> Safetensors? {
    guard outer.metadata.isEmpty, outer.tensors.count == 1, let tensor = outer.tensors[tensorName], tensor.elementType == .uint8,
      tensor.shape.rank == 1
    else { return nil }
    let bytes = tensor.values(as: UInt8.self)
    guard bytes.first == version else {
      throw ArtifactError(
        "packed-version", subject: name, expected: "packing of version \(version)", found: bytes.first.map(String.init) ?? "no bytes")
    }
    guard bytes.count >= 5 else {
      throw ArtifactError("truncated", subject: name, expected: "a checksum behind the version", found: "\(bytes.count) bytes")
    }
    var coder = ContentCoder(BitDecoder(Array(bytes.dropFirst(5))))
    var left = min(maximumByteCount, 1 << 16 + maximumRatio * bytes.count)
    func line() throws -> String {
      var line: [UInt8] = []
      while true {
        let byte = coder.character()
        if byte == UInt8(ascii: "\n") { break }
        line.append(byte)
        left -= 1
        guard left > 0 else { throw tooLarge(name) }
      }
      guard let text = String(validating: line, as: UTF8.self) else {
        throw ArtifactError("content", subject: name, expected: "UTF-8 in its packed text", found: "other bytes")
      }
      return text
    }
    var file = Safetensors()
    file.metadata[graphKey] = try line()
    let directory = try parsed(line(), name: "\(name): directory").elements()
    let others = try parsed(line(), name: "\(name): sections")
    guard case .object(let texts) = others.value else { throw others.mismatch("an object") }
    for (key, text) in texts { file.metadata[key] = try JSONElement(value: text, path: "\(others.path).\(quoted(key))").string() }
    for (number, entry) in directory.enumerated() {
      let (key, type, shape, form) = try parts(of: entry)
      let byteCount = Safetensors.elementCount(shape).map { $0.multipliedReportingOverflow(by: type.byteCount) }
      guard let byteCount, !byteCount.overflow, byteCount.partialValue <= left else { throw tooLarge(name) }
      left -= byteCount.partialValue
      let bytes = coder.numbers([UInt8](repeating: 0, count: byteCount.partialValue), form, number: number)
      if type == .bool, let other = bytes.first(where: { $0 > 1 }) {
        throw ArtifactError("boolean", subject: "\(name): \(quoted(key))", expected: "0 or 1", found: "\(other)")
      }
      let tensor = bytes.withUnsafeBytes { Tensor(elementType: type, shape: Shape(shape), bytes: $0) }
      guard file.tensors.updateValue(tensor, forKey: key) == nil else {
        throw ArtifactError("content", subject: entry.path, expected: "a name used once", found: "a second \(quoted(key))")
      }
    }
    guard coder.coder.isAtEnd, Array(bytes[1..<5]) == checksumBytes(of: file) else {
      throw ArtifactError("checksum", subject: name, expected: "the content that was packed", found: "a damaged or edited file")
    }
    return file
  }

  private static func tooLarge(_ name: String) -> ArtifactError {
    ArtifactError("packed-size", subject: name, expected: "packed content within what its code may stand for", found: "more")
  }

  private static func parsed(_ text: String, name: String) throws -> JSONElement {
    do {
      return JSONElement(value: try JSONParser.parse(text), path: name)
    } catch {
      throw ArtifactError("content", subject: name, expected: "JSON", found: "\(error)")
    }
  }

  /// `["name","F32",[3,3]]`, or with the bits of an item and the items of a row behind the shape.
  private static func parts(of entry: JSONElement) throws -> (String, ElementType, [Int], NumberForm) {
    let parts = try entry.elements()
    guard parts.count == 3 || parts.count == 5 else { throw entry.mismatch("[name, type, shape] with or without bits and a row") }
    guard let type = ElementType(safetensorsName: try parts[1].string()) else {
      throw parts[1].mismatch(ElementType.safetensorsNames.joined(separator: ", "))
    }
    let shape = try parts[2].elements().map { try $0.integer(in: 0...maximumByteCount, "an extent") }
    guard shape.count <= 32 else { throw parts[2].mismatch("at most 32 axes") }
    let form =
      parts.count == 3
      ? NumberForm(elementType: type, shape: shape)
      : NumberForm(
        itemBits: try parts[3].integer(in: 1...8, "1 to 8 bits"), rowLength: try parts[4].integer(in: 0...maximumByteCount, "a row"),
        elementType: type)
    return (try parts[0].string(), type, shape, form)
  }

  /// The lower half of the checksum that a plain file has.
  private static func checksumBytes(of file: Safetensors) -> [UInt8] {
    let digits = Artifact.checksum(of: file)
    let value = UInt64(digits, radix: 16) ?? 0
    return (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}

extension NumberForm {
  /// Items that are the elements of a tensor.
  init(elementType: ElementType, shape: [Int]) {
    self.init(
      itemBits: 8 * elementType.byteCount, rowLength: shape.count >= 2 ? shape[shape.count - 1] : 0, elementType: elementType)
  }

  init(_ tensor: Tensor) { self.init(elementType: tensor.elementType, shape: tensor.shape.dimensions) }
}
