import PareCompression

/// A value of a search file as it stands there; what is a choice and what a step is not yet known.
///
/// Scalars keep their text: it is read for good where a recipe is made of it.
indirect enum SpaceValue: Sendable, Hashable {
  case scalar(String)
  case list([SpaceValue])
  case object([Member])

  struct Member: Sendable, Hashable {
    let key: String
    let value: SpaceValue
  }

  /// What it is, for messages.
  var kind: String {
    switch self {
    case .scalar(let text): "'\(text)'"
    case .list: "a list"
    case .object(let members): members.isEmpty ? "keys with values" : members.map { "'\($0.key)'" }.joined(separator: ", ")
    }
  }

  /// The value of a mapping's only key, where it is that one.
  func only(_ key: String) -> SpaceValue? {
    guard case .object(let members) = self, members.count == 1, members[0].key == key else { return nil }
    return members[0].value
  }

  /// In YAML's flow style: read again it is the same.
  var yaml: String {
    switch self {
    case .scalar(let text):
      let isPlain = !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-_.~".contains($0)) }
      return isPlain ? text : "\"" + text.map(Self.escaped).joined() + "\""
    case .list(let values): return "[" + values.map(\.yaml).joined(separator: ", ") + "]"
    case .object(let members):
      return "{" + members.map { SpaceValue.scalar($0.key).yaml + ": " + $0.value.yaml }.joined(separator: ", ") + "}"
    }
  }

  private static func escaped(_ character: Character) -> String {
    switch character {
    case "\"": "\\\""
    case "\\": "\\\\"
    case "\n": "\\n"
    case "\t": "\\t"
    default: String(character)
    }
  }
}

extension SpaceValue: Codable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: Key.self) {
      self = .object(
        try container.allKeys.map { Member(key: $0.stringValue, value: try container.decode(SpaceValue.self, forKey: $0)) })
    } else if var list = try? decoder.unkeyedContainer() {
      var values: [SpaceValue] = []
      while !list.isAtEnd { values.append(try list.decode(SpaceValue.self)) }
      self = .list(values)
    } else {
      let container = try decoder.singleValueContainer()
      self = .scalar(container.decodeNil() ? "null" : try container.decode(String.self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .scalar(let text):
      var container = encoder.singleValueContainer()
      try container.encode(text)
    case .list(let values):
      var container = encoder.unkeyedContainer()
      for value in values { try container.encode(value) }
    case .object(let members):
      var container = encoder.container(keyedBy: Key.self)
      for member in members { try container.encode(member.value, forKey: Key(stringValue: member.key)) }
    }
  }
}
