/// A key of which nothing is known yet.
struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) {
    self.stringValue = stringValue
  }

  init?(intValue: Int) {
    nil
  }
}

extension Decoder {
  /// A keyed container that has no key but those of `Key`, and those named by `besides`.
  ///
  /// - Throws: `CompressionError` `compression.unknown-key`, with the path of the key and the nearest valid word.
  package func strictContainer<Key: CodingKey & CaseIterable>(
    keyedBy type: Key.Type, besides: [String] = []
  ) throws -> KeyedDecodingContainer<Key> {
    try requireKeys(among: Key.allCases.map { $0.stringValue }, besides: besides)
    return try container(keyedBy: Key.self)
  }

  private func requireKeys(among known: [String], besides: [String] = []) throws {
    let given = try container(keyedBy: AnyKey.self).allKeys.map { $0.stringValue }
    for key in given.sorted() where !known.contains(key) && !besides.contains(key) {
      throw CompressionError(
        "unknown-key", subject: ParameterPath(codingPath).key(key).description,
        expected: NearestWord.expectation(key, among: known), found: "'\(key)'")
    }
  }

  /// A keyed container for the parameters of a technique: beside its own keys stands the technique's name.
  func techniqueContainer<Key: CodingKey & CaseIterable>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    try strictContainer(keyedBy: type, besides: [TechniqueCatalogue.key])
  }

  /// A keyed container of which exactly one key is given, as in `{energy: 0.95}`.
  package func alternative<Key: CodingKey & CaseIterable>(keyedBy type: Key.Type) throws -> (KeyedDecodingContainer<Key>, Key) {
    let container = try strictContainer(keyedBy: type)
    return (container, try onlyKey(of: container, among: Key.allCases.map { $0.stringValue }))
  }

  /// The same with keys of a list.
  func alternative(among known: [String]) throws -> (KeyedDecodingContainer<AnyKey>, AnyKey) {
    try requireKeys(among: known)
    let container = try container(keyedBy: AnyKey.self)
    return (container, try onlyKey(of: container, among: known))
  }

  private func onlyKey<Key: CodingKey>(of container: KeyedDecodingContainer<Key>, among known: [String]) throws -> Key {
    guard let key = container.allKeys.first, container.allKeys.count == 1 else {
      throw CompressionError(
        "wrong-type", subject: ParameterPath(codingPath).description,
        expected: "exactly one of " + known.joined(separator: ", "),
        found: container.allKeys.isEmpty ? "none" : container.allKeys.map { $0.stringValue }.sorted().joined(separator: " and "))
    }
    return key
  }
}

extension KeyedDecodingContainer {
  /// A word of a closed set, where the key is given.
  ///
  /// - Throws: `CompressionError` `compression.unknown-value`, with the nearest word.
  func decodeWordIfPresent<Word: RawRepresentable & CaseIterable>(_ type: Word.Type, forKey key: Key) throws -> Word?
  where Word.RawValue == String {
    guard let word = try decodeIfPresent(String.self, forKey: key) else { return nil }
    guard let value = Word(rawValue: word) else {
      throw CompressionError(
        "unknown-value", subject: ParameterPath(codingPath).key(key).description,
        expected: NearestWord.expectation(word, among: Word.allCases.map { $0.rawValue }), found: "'\(word)'")
    }
    return value
  }
}

/// A closed set of words in a recipe. Decoding another word is an error that names its path and the nearest valid one.
public protocol RecipeWord: RawRepresentable, CaseIterable, Codable, Hashable, Sendable where RawValue == String {}

extension RecipeWord {
  public init(from decoder: any Decoder) throws {
    let word = try decoder.singleValueContainer().decode(String.self)
    guard let value = Self(rawValue: word) else {
      throw CompressionError(
        "unknown-value", subject: ParameterPath(decoder.codingPath).description,
        expected: NearestWord.expectation(word, among: Self.allCases.map { $0.rawValue }), found: "'\(word)'")
    }
    self = value
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}
