import PareArtifact

extension CostTable {
  private enum Key {
    static let (schema, processor, kernels, entry, operations) = ("schema", "processor", "kernels", "entry_ns", "operations")
    static let (inputs, outputs, nanoseconds) = ("inputs", "outputs", "ns")
  }

  private static let schema = 1

  /// The table as JSON, always the same for the same content; one line for an operation.
  public func encoded() -> String {
    func numbers(_ values: [some Numeric & CustomStringConvertible]) -> String { JSONText.array(values.map(\.description)) }
    let rows = grids.sorted { $0.key.precedesByBytes($1.key) }.map { name, grid in
      let members = [
        (Key.inputs, numbers(grid.inputs)), (Key.outputs, numbers(grid.outputs)), (Key.nanoseconds, numbers(grid.nanoseconds)),
      ]
      return JSONText.string(name) + ":" + JSONText.object(members.map { (key: $0.0, value: $0.1) })
    }
    return """
      {\(JSONText.string(Key.schema)):\(Self.schema),\(JSONText.string(Key.processor)):\(JSONText.string(processor)),\
      \(JSONText.string(Key.kernels)):\(JSONText.string(kernels.rawValue)),\(JSONText.string(Key.entry)):\(entry),
      \(JSONText.string(Key.operations)):{
      \(rows.joined(separator: ",\n"))
      }}

      """
  }

  /// - Parameter subject: what messages call the text: a file's name.
  /// - Throws: `ArtifactError` that names the place: text that is no JSON, keys that lack or that nobody knows, extents that
  ///   do not ascend, times that are not above 0, another schema.
  public init(decoding text: String, subject: String) throws {
    let value: JSONValue
    do {
      value = try JSONParser.parse(text)
    } catch {
      throw ArtifactError("content", subject: subject, expected: "JSON", found: "\(error)")
    }
    let members = try JSONElement(value: value, path: subject).members([
      Key.schema, Key.processor, Key.kernels, Key.entry, Key.operations,
    ])
    func member(_ key: String) throws -> JSONElement {
      guard let element = members[key] else {
        throw ArtifactError("content", subject: subject, expected: "the key '\(key)'", found: "none")
      }
      return element
    }
    _ = try member(Key.schema).integer(in: Self.schema...Self.schema, "schema \(Self.schema)")
    let name = try member(Key.kernels).string()
    guard let kernels = InstructionSet(rawValue: name) else { throw try member(Key.kernels).mismatch("an instruction set") }
    let operations = try member(Key.operations)
    guard case .object(let grids) = operations.value else { throw operations.mismatch("an object") }
    try self.init(
      processor: member(Key.processor).string(), kernels: kernels, entry: member(Key.entry).time(),
      grids: grids.reduce(into: [:]) { result, entry in
        result[entry.key] = try Self.grid(JSONElement(value: entry.value, path: "\(operations.path).\(entry.key)"))
      })
  }

  private static func grid(_ element: JSONElement) throws -> CostGrid {
    let members = try element.members([Key.inputs, Key.outputs, Key.nanoseconds])
    func values<Value>(_ key: String, _ read: (JSONElement) throws -> Value) throws -> [Value] {
      try members[key]?.elements().map(read) ?? []
    }
    func axis(_ key: String) throws -> [Int] {
      let extents = try values(key) { try $0.integer(in: 1...1 << 30, "an extent from 1") }
      guard !extents.isEmpty, zip(extents, extents.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw ArtifactError("content", subject: "\(element.path).\(key)", expected: "ascending extents", found: "\(extents)")
      }
      return extents
    }
    let (inputs, outputs) = (try axis(Key.inputs), try axis(Key.outputs))
    let nanoseconds = try values(Key.nanoseconds) { try $0.time() }
    guard nanoseconds.count == inputs.count * outputs.count else {
      throw ArtifactError(
        "content", subject: "\(element.path).\(Key.nanoseconds)", expected: "\(inputs.count * outputs.count) times",
        found: "\(nanoseconds.count)")
    }
    return CostGrid(inputs: inputs, outputs: outputs, nanoseconds: nanoseconds)
  }
}

extension JSONElement {
  fileprivate func time() throws -> Double {
    guard case .number(let digits) = value, let number = Double(digits), number > 0, number < 1e12 else {
      throw mismatch("nanoseconds above 0")
    }
    return number
  }
}
