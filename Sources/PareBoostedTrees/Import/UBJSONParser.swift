import PareArtifact

/// Reads Universal Binary JSON (draft 12) as XGBoost writes it: big-endian numbers, counted arrays, typed or not. No more
/// depth or values than told, and no room for what the file cannot hold.
///
/// Numbers become the shortest digits that give them back, so that a document reads the same from either format.
struct UBJSONParser {
  private static let maximumDepth = 32

  private let bytes: [UInt8]
  private let name: String
  private var position = 0
  private var depth = 0
  private var valueCount = 0

  static func parse(_ bytes: [UInt8], name: String) throws(BoostedTreesError) -> JSONValue {
    var parser = UBJSONParser(bytes: bytes, name: name)
    let value = try parser.value(try parser.byte())
    guard parser.position == bytes.count else { throw parser.failure("bytes after the end of the document") }
    return value
  }

  private init(bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
  }

  private func failure(_ found: String) -> BoostedTreesError {
    BoostedTreesError("format", subject: name, expected: "UBJSON", found: "\(found) at byte \(position)")
  }

  private mutating func byte() throws(BoostedTreesError) -> UInt8 {
    guard position < bytes.count else { throw failure("an end in the middle of the document") }
    defer { position += 1 }
    return bytes[position]
  }

  private func next(is byte: UInt8) -> Bool { position < bytes.count && bytes[position] == byte }

  private mutating func integer<Number: FixedWidthInteger>(_: Number.Type) throws(BoostedTreesError) -> Number {
    let width = Number.bitWidth / 8
    guard bytes.count - position >= width else { throw failure("an end in the middle of a number") }
    defer { position += width }
    return bytes[position..<position + width].reduce(0) { $0 << (width == 1 ? 0 : 8) | Number(truncatingIfNeeded: $1) }
  }

  /// A count or length: a marker of a whole number, and the number.
  private mutating func count() throws(BoostedTreesError) -> Int {
    let marker = try byte()
    let count: Int64 =
      switch marker {
      case UInt8(ascii: "i"): Int64(try integer(Int8.self))
      case UInt8(ascii: "U"): Int64(try integer(UInt8.self))
      case UInt8(ascii: "I"): Int64(try integer(Int16.self))
      case UInt8(ascii: "l"): Int64(try integer(Int32.self))
      case UInt8(ascii: "L"): try integer(Int64.self)
      default: throw failure("a length that is no whole number")
      }
    guard (0...Int64(bytes.count - position)).contains(count) else { throw failure("a length of \(count)") }
    return Int(count)
  }

  private mutating func text() throws(BoostedTreesError) -> String {
    let count = try count()
    guard let text = String(validating: bytes[position..<position + count], as: UTF8.self) else {
      throw failure("a text that is not UTF-8")
    }
    position += count
    return text
  }

  private mutating func value(_ marker: UInt8) throws(BoostedTreesError) -> JSONValue {
    valueCount += 1
    guard valueCount <= ModelFormat.maximumValueCount else { throw failure("more than \(ModelFormat.maximumValueCount) values") }
    switch marker {
    case UInt8(ascii: "Z"): return .null
    case UInt8(ascii: "T"): return .bool(true)
    case UInt8(ascii: "F"): return .bool(false)
    case UInt8(ascii: "i"): return .number("\(try integer(Int8.self))")
    case UInt8(ascii: "U"): return .number("\(try integer(UInt8.self))")
    case UInt8(ascii: "I"): return .number("\(try integer(Int16.self))")
    case UInt8(ascii: "l"): return .number("\(try integer(Int32.self))")
    case UInt8(ascii: "L"): return .number("\(try integer(Int64.self))")
    case UInt8(ascii: "d"): return .number("\(Float(bitPattern: try integer(UInt32.self)))")
    case UInt8(ascii: "D"): return .number("\(Double(bitPattern: try integer(UInt64.self)))")
    case UInt8(ascii: "S"): return .string(try text())
    case UInt8(ascii: "["): return try nested { (parser) throws(BoostedTreesError) in try parser.array() }
    case UInt8(ascii: "{"): return try nested { (parser) throws(BoostedTreesError) in try parser.object() }
    default: throw failure("an unknown marker")
    }
  }

  private mutating func nested(
    _ body: (inout UBJSONParser) throws(BoostedTreesError) -> JSONValue
  ) throws(BoostedTreesError) -> JSONValue {
    depth += 1
    guard depth <= Self.maximumDepth else { throw failure("more than \(Self.maximumDepth) levels") }
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func array() throws(BoostedTreesError) -> JSONValue {
    var type: UInt8?
    if next(is: UInt8(ascii: "$")) {
      position += 1
      type = try byte()
      guard "iUIlLdD".utf8.contains(type ?? 0), next(is: UInt8(ascii: "#")) else {
        throw failure("an array of unknown type or length")
      }
    }
    var elements: [JSONValue] = []
    if next(is: UInt8(ascii: "#")) {
      position += 1
      for _ in 0..<(try count()) {
        let marker = if let type { type } else { try byte() }
        elements.append(try value(marker))
      }
    } else {
      while !next(is: UInt8(ascii: "]")) { elements.append(try value(try byte())) }
      position += 1
    }
    return .array(elements)
  }

  private mutating func object() throws(BoostedTreesError) -> JSONValue {
    var members: [String: JSONValue] = [:]
    while !next(is: UInt8(ascii: "}")) {
      let key = try text()
      guard members.updateValue(try value(try byte()), forKey: key) == nil else {
        throw failure("the key \(quoted(key)) a second time")
      }
    }
    position += 1
    return .object(members)
  }
}
