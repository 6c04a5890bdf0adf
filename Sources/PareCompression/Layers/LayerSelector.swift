import PareGraph

/// Which of a model's layers a technique works on.
///
/// In recipes: `all`, `except-first-last`, `{names: [dense_0, dense_1]}` or `{operators: [Gemm]}`.
public enum LayerSelector: Sendable, Hashable {
  case all
  /// By the names of their nodes. A name that the model does not have is an error.
  case named([String])
  /// By ONNX operator type, as `Gemm`.
  case operators([String])
  /// All but the first and the last, which are small and sensitive.
  case exceptFirstAndLast

  /// The selected products with weight matrices, in the order of evaluation.
  ///
  /// - Throws: `CompressionError` `compression.no-layers` where none is left, or a name is not a layer's.
  public func layers(of graph: Graph) throws -> [LinearLayer] {
    try selected(graph.linearLayers, of: graph)
  }

  /// The selected weights, of products, convolutions and recurrent layers, in the order of evaluation.
  ///
  /// - Throws: as `layers(of:)`.
  public func weights(of graph: Graph) throws -> [WeightTensor] {
    try selected(graph.weightTensors, of: graph)
  }

  /// - Parameter weights: what a layer must have to be among those selected from, for messages.
  func selected<Layer: GraphLayer>(_ layers: [Layer], of graph: Graph, having weights: String = "Float32 weights") throws -> [Layer] {
    let selected: [Layer]
    switch self {
    case .all: selected = layers
    case .named(let names):
      let known = layers.map(\.name)
      for name in names where !known.contains(name) {
        throw CompressionError(
          "no-layers", subject: "model '\(graph.name)'", expected: "layer '\(name)' to be "
            + NearestWord.expectation(name, among: known), found: "no such layer")
      }
      selected = layers.filter { names.contains($0.name) }
    case .operators(let types): selected = layers.filter { types.contains($0.node.operatorName.description) }
    case .exceptFirstAndLast:
      let ends = [layers.first?.name, layers.last?.name]
      selected = layers.filter { !ends.contains($0.name) }
    }
    guard !selected.isEmpty else {
      throw CompressionError(
        "no-layers", subject: "model '\(graph.name)'", expected: "at least one selected layer with \(weights)",
        found: layers.isEmpty ? "a model without any" : "none among \(layers.map(\.name).joined(separator: ", "))")
    }
    return selected
  }

  func validate(at path: ParameterPath) throws {
    switch self {
    case .all, .exceptFirstAndLast: break
    case .named(let names):
      try path.key(Keys.names).require(!names.isEmpty, expected: "at least one name", found: "an empty list")
    case .operators(let types):
      let known = WeightTensor.inputs.keys.map(\.description).sorted()
      try path.key(Keys.operators).require(!types.isEmpty, expected: "at least one operator", found: "an empty list")
      for (index, type) in types.enumerated() where !known.contains(type) {
        throw CompressionError(
          "unknown-value", subject: path.key(Keys.operators).index(index).description,
          expected: NearestWord.expectation(type, among: known), found: "'\(type)'")
      }
    }
  }
}

extension LayerSelector: Codable {
  private enum Word: String, RecipeWord {
    case all
    case exceptFirstAndLast = "except-first-last"
  }

  private enum Keys: String, CodingKey, CaseIterable {
    case names, operators
  }

  public init(from decoder: any Decoder) throws {
    if (try? decoder.container(keyedBy: AnyKey.self)) == nil {
      switch try Word(from: decoder) {
      case .all: self = .all
      case .exceptFirstAndLast: self = .exceptFirstAndLast
      }
    } else {
      let (container, key) = try decoder.alternative(keyedBy: Keys.self)
      let words = try container.decode([String].self, forKey: key)
      self = key == .names ? .named(words) : .operators(words)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .all: try Word.all.encode(to: encoder)
    case .exceptFirstAndLast: try Word.exceptFirstAndLast.encode(to: encoder)
    case .named(let names):
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(names, forKey: .names)
    case .operators(let types):
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(types, forKey: .operators)
    }
  }
}
