import PareCompression
import PareMarket

/// Words of closed sets, read so that a wrong one is an error that names its path and the nearest valid one.
extension KeyedDecodingContainer {
  func word<Word: RawRepresentable & CaseIterable>(forKey key: Key) throws -> Word where Word.RawValue == String {
    try Self.word(try decode(String.self, forKey: key), at: path(key))
  }

  func wordIfPresent<Word: RawRepresentable & CaseIterable>(forKey key: Key) throws -> Word?
  where Word.RawValue == String {
    guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
    return try Self.word(text, at: path(key))
  }

  func wordsIfPresent<Word: RawRepresentable & CaseIterable>(forKey key: Key) throws -> [Word]?
  where Word.RawValue == String {
    try decodeIfPresent([String].self, forKey: key)?.enumerated().map { index, text in
      try Self.word(text, at: path(key).index(index))
    }
  }

  /// A candle's length in either spelling: `60` or `1h`.
  func interval(forKey key: Key) throws -> CandleInterval {
    try Self.interval(try decode(String.self, forKey: key), at: path(key))
  }

  func intervalIfPresent(forKey key: Key) throws -> CandleInterval? {
    guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
    return try Self.interval(text, at: path(key))
  }

  func intervalsIfPresent(forKey key: Key) throws -> [CandleInterval]? {
    try decodeIfPresent([String].self, forKey: key)?.enumerated().map { index, text in
      try Self.interval(text, at: path(key).index(index))
    }
  }

  /// Features of a candle by their names: `return(5)`.
  func featuresIfPresent(forKey key: Key) throws -> [Feature]? {
    guard let names = try decodeIfPresent([String].self, forKey: key) else { return nil }
    var features: [Feature] = []
    for (index, name) in names.enumerated() {
      do {
        features.append(try Feature(name: name))
      } catch {
        throw EvaluationError(
          "unknown-value", subject: path(key).index(index).description, expected: error.expected, found: error.found)
      }
    }
    return features
  }

  private func path(_ key: Key) -> ParameterPath {
    ParameterPath(codingPath).key(key)
  }

  private static func interval(_ text: String, at path: ParameterPath) throws -> CandleInterval {
    try CandleInterval(spelling: text) ?? word(text, at: path)
  }

  private static func word<Word: RawRepresentable & CaseIterable>(_ text: String, at path: ParameterPath) throws -> Word
  where Word.RawValue == String {
    guard let word = Word(rawValue: text) else {
      throw EvaluationError(
        "unknown-value", subject: path.description,
        expected: NearestWord.expectation(text, among: Word.allCases.map(\.rawValue)), found: "'\(text)'")
    }
    return word
  }
}

extension String {
  /// Whether it can name a file or folder anywhere.
  var isFileName: Bool {
    !isEmpty && !hasPrefix(".") && allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) }
  }
}
