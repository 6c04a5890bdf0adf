import PareCompression

/// What the outputs of a user's own model mean.
public struct OwnModelOutput: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// A number per class before the softmax.
    case logits
    /// A number per class that add up to 1.
    case probabilities
    /// One number, an expected return or the like: its sign is the direction, its size the confidence.
    case score
  }

  /// Which output; may be left out where the model has one, or one of a fitting shape.
  public var name: String?
  public var kind: Kind
  /// The label's classes in the order of the model's outputs; the label's own order where left out.
  public var classes: [String]?

  public init(name: String? = nil, kind: Kind = .logits, classes: [String]? = nil) {
    self.name = name
    self.kind = kind
    self.classes = classes
  }

  /// For each class of the label, which of the model's outputs is its; nil where they are in the label's order.
  ///
  /// - Throws: an error that names the key where the classes are not the label's.
  func order(_ classNames: [String], at path: ParameterPath) throws -> [Int]? {
    guard let classes else { return nil }
    let place = path.key(CodingKeys.classes)
    try place.require(
      kind != .score, expected: "none beside kind score, which is one number", found: classes.joined(separator: ", "))
    try place.require(
      classes.sorted() == classNames.sorted(), expected: "the label's classes, \(classNames.joined(separator: ", ")), in the model's order",
      found: classes.joined(separator: ", "))
    let order = classNames.compactMap(classes.firstIndex)
    return order == Array(order.indices) ? nil : order
  }
}

extension OwnModelOutput: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, kind, classes
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      name: try container.decodeIfPresent(String.self, forKey: .name),
      kind: try container.wordIfPresent(forKey: .kind) ?? .logits,
      classes: try container.decodeIfPresent([String].self, forKey: .classes))
  }
}
