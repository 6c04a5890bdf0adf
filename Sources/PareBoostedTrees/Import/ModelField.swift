import PareArtifact

/// A value of a model file with the place where it stands.
struct ModelField {
  let value: JSONValue
  /// `model.json: learner.objective`.
  let path: String

  func mismatch(_ expected: String) -> BoostedTreesError {
    BoostedTreesError("model", subject: path, expected: expected, found: value.kind)
  }

  func unsupported(_ expected: String, _ found: String) -> BoostedTreesError {
    BoostedTreesError("unsupported", subject: path, expected: expected, found: found)
  }

  /// A member of an object; nil where it has none of that name.
  func optional(_ key: String) throws(BoostedTreesError) -> ModelField? {
    guard case .object(let members) = value else { throw mismatch("an object") }
    return members[key].map { ModelField(value: $0, path: path.hasSuffix(":") ? "\(path) \(key)" : "\(path).\(key)") }
  }

  func member(_ key: String) throws(BoostedTreesError) -> ModelField {
    guard let member = try optional(key) else {
      throw BoostedTreesError("model", subject: path, expected: "the key '\(key)'", found: "none")
    }
    return member
  }

  func members(_ keys: String...) throws(BoostedTreesError) -> ModelField {
    var field = self
    for key in keys { field = try field.member(key) }
    return field
  }

  func text() throws(BoostedTreesError) -> String {
    guard case .string(let text) = value else { throw mismatch("a text") }
    return text
  }

  /// A whole number, which may stand in a text, as XGBoost writes its parameters.
  func integer(in range: ClosedRange<Int>) throws(BoostedTreesError) -> Int {
    let digits: String
    switch value {
    case .number(let text), .string(let text): digits = text
    default: throw mismatch("a whole number in \(range)")
    }
    guard let number = Int(digits), range.contains(number) else { throw mismatch("a whole number in \(range)") }
    return number
  }

  func elements() throws(BoostedTreesError) -> [JSONValue] {
    guard case .array(let values) = value else { throw mismatch("an array") }
    return values
  }

  func element(_ index: Int, _ value: JSONValue) -> ModelField { ModelField(value: value, path: "\(path)[\(index)]") }

  /// Whole numbers, or booleans as 0 and 1.
  ///
  /// - Parameter count: how many there have to be.
  func integers(_ count: Int) throws(BoostedTreesError) -> [Int32] {
    try numbers(count, "a whole number of 32 bits") { value in
      switch value {
      case .number(let digits): Int32(digits)
      case .bool(let isTrue): isTrue ? 1 : 0
      default: nil
      }
    }
  }

  /// Float32 numbers, the nearest to their digits, all finite.
  func floats(_ count: Int) throws(BoostedTreesError) -> [Float] {
    try numbers(count, "a finite number") { value in
      guard case .number(let digits) = value, let number = Float(digits), number.isFinite else { return nil }
      return number
    }
  }

  private func numbers<Number>(
    _ count: Int, _ expected: String, _ read: (JSONValue) -> Number?
  ) throws(BoostedTreesError) -> [Number] {
    let values = try elements()
    guard values.count == count else { throw mismatch("an array of \(count)") }
    var numbers: [Number] = []
    numbers.reserveCapacity(count)
    for (index, value) in values.enumerated() {
      guard let number = read(value) else { throw element(index, value).mismatch(expected) }
      numbers.append(number)
    }
    return numbers
  }
}
