/// Another scheme for some of the layers: by name, by operator, or by their place.
///
/// In recipes `{layers: {names: [dense_0]}, precision: fp16}`, with every key of a scheme.
public struct LayerOverride: Sendable, Hashable {
  public var layers: LayerSelector
  public var scheme: QuantizationScheme

  public init(_ layers: LayerSelector, _ scheme: QuantizationScheme) {
    self.layers = layers
    self.scheme = scheme
  }

  func validate(at path: ParameterPath) throws {
    try layers.validate(at: path.key(Keys.layers))
    try scheme.validate(at: path)
  }
}

extension LayerOverride: Codable {
  private enum Keys: String, CodingKey, CaseIterable {
    case layers
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: Keys.self, besides: SchemeKeys.allCases.map(\.rawValue))
    self.init(
      try container.decode(LayerSelector.self, forKey: .layers), try QuantizationScheme(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(layers, forKey: .layers)
    try scheme.encode(to: encoder)
  }
}
