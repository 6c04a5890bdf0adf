/// Any key, to see which ones a file holds.
private struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

/// Reads keys that may be missing, and refuses those that are unknown.
struct DefaultingContainer<Key: CodingKey & CaseIterable> {
  let values: KeyedDecodingContainer<Key>

  init(_ decoder: any Decoder) throws {
    let present = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
    let known = Key.allCases.map(\.stringValue)
    if let unknown = present.sorted().first(where: { !known.contains($0) }) {
      throw MarketError(
        "unknown-key", subject: Self.path(decoder.codingPath + [AnyKey(stringValue: unknown)]),
        expected: "one of " + known.joined(separator: ", "), found: "'\(unknown)'", category: .usage)
    }
    values = try decoder.container(keyedBy: Key.self)
  }

  /// Keys and indices as people write them: `regimes[1].volume`.
  private static func path(_ keys: [any CodingKey]) -> String {
    keys.reduce("") { path, key in
      key.intValue.map { "\(path)[\($0)]" } ?? (path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)")
    }
  }

  func read<Value: Decodable>(_ key: Key, into value: inout Value) throws {
    if let found = try values.decodeIfPresent(Value.self, forKey: key) { value = found }
  }
}
