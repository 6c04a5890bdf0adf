extension WeightSharing {
  /// What shares one set of values. In recipes `per-layer`, `model` or `{outputs: 16}`.
  public enum Scope: Sendable, Hashable {
    case perLayer
    /// All selected layers; each stores those of the values that it uses.
    case model
    /// So many outputs of a layer in a row: neurons, filters, gates' rows.
    case outputs(Int)
  }
}

extension WeightSharing.Scope: Codable {
  private enum Word: String, RecipeWord {
    case perLayer = "per-layer"
    case model
  }

  private enum Keys: String, CodingKey, CaseIterable {
    case outputs
  }

  public init(from decoder: any Decoder) throws {
    if (try? decoder.container(keyedBy: AnyKey.self)) == nil {
      switch try Word(from: decoder) {
      case .perLayer: self = .perLayer
      case .model: self = .model
      }
    } else {
      let (container, key) = try decoder.alternative(keyedBy: Keys.self)
      self = .outputs(try container.decode(Int.self, forKey: key))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .perLayer: try Word.perLayer.encode(to: encoder)
    case .model: try Word.model.encode(to: encoder)
    case .outputs(let count):
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(count, forKey: .outputs)
    }
  }

  func validate(at path: ParameterPath) throws {
    guard case .outputs(let count) = self else { return }
    try path.key(Keys.outputs).require(count >= 1, expected: "at least 1", found: count)
  }
}
