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
        "unknown-key", subject: (decoder.codingPath.map(\.stringValue) + [unknown]).joined(separator: "."),
        expected: "one of " + known.joined(separator: ", "), found: "'\(unknown)'", category: .usage)
    }
    values = try decoder.container(keyedBy: Key.self)
  }

  func read<Value: Decodable>(_ key: Key, into value: inout Value) throws {
    if let found = try values.decodeIfPresent(Value.self, forKey: key) { value = found }
  }
}
