import PareGraph

/// A way to make a model smaller or faster: a value whose parameters a recipe spells out, with a pure function from
/// model to model.
///
/// The same model, context and parameters give the same model, bit for bit. What a technique does not select it
/// leaves bit-identical, and it keeps the names and types of the graph's inputs and outputs. A new technique is a
/// folder beside this file and a line in `TechniqueCatalogue`.
public protocol CompressionTechnique: Codable, Hashable, Sendable {
  /// The word by which recipes name it.
  static var name: String { get }

  /// Checks the ranges of the parameters.
  ///
  /// - Parameter path: the place of this technique in its recipe, for messages.
  /// - Throws: `CompressionError` `compression.range`, naming the parameter.
  func validate(at path: ParameterPath) throws

  /// What it does to weights, by which recipes see whether their steps go together. By default it works on Float32 weights and makes
  /// and undoes nothing.
  var effects: WeightEffects { get }

  /// The numbers that it puts in the place of weights, in words; nil, the default, where it leaves them Float32.
  var precisionWords: String? { get }

  /// Compresses a model and says what was done to each layer.
  ///
  /// - Throws: `CompressionError` for parameters out of range, layers that do not exist, data that are missing.
  func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult
}

extension CompressionTechnique {
  public var effects: WeightEffects { WeightEffects() }
  public var precisionWords: String? { nil }

  /// The compressed model alone.
  ///
  /// - Throws: what `compress` throws; `compression.non-finite-value` for a model with parameters that are no numbers.
  public func apply(to model: Model, in context: CompressionContext) throws -> Model {
    try model.graph.requireNumbers()
    return try compress(model, in: context).model
  }

  /// Whether another technique is the same kind of value with the same parameters.
  func equals(_ other: any CompressionTechnique) -> Bool {
    (other as? Self) == self
  }
}

/// A compressed model, and what was done to get it.
public struct CompressionResult: Sendable {
  public var model: Model
  public var layers: [LayerReport]

  public init(model: Model, layers: [LayerReport]) {
    self.model = model
    self.layers = layers
  }
}
