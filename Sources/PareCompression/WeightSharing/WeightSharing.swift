import PareGraph
import PareTensor

/// Lets the weights of a layer share a few values, found by k-means, and stores an index of a few bits for each.
///
/// Each layer has a table of at most `2^bits` values, its own, one for every few of its outputs, or that of the whole model. Where there
/// are weights of exactly zero, as after pruning, zero is one of the values, and zeros stay zeros. With a `vector` above 1 weights share
/// values several in a row (product quantization), zeros among them. A layer whose table would outweigh its weights is stored as it was,
/// with the shared values.
///
/// - Source: Han et al. 2016, arXiv:1510.00149, §3; vectors: Gersho and Gray 1992, ISBN 978-0-7923-9181-4; Gong et al. 2014,
///   arXiv:1412.6115, §3; trained: Stock et al. 2020, arXiv:1907.05686.
public struct WeightSharing: CompressionTechnique {
  public static let name = "weight-sharing"

  /// Where the search for the values starts.
  public enum Start: String, RecipeWord {
    /// Evenly from the smallest weight to the largest.
    case linear
    /// At weights drawn at random.
    case random
    /// Where weights are dense: at the middles of shares of equally many.
    case density
    /// At weights drawn far from one another (k-means++), and evenly beside it; the better of the two is kept.
    case kMeansPlusPlus = "k-means++"
  }

  /// Bits of an index, in `1 ... 8`.
  public var bits: Int
  /// The same for convolutions, whose weights bear less; nil is `bits`. Without meaning where the whole model has one set of values.
  public var convolutionBits: Int?
  /// Weights in a row that share an index: 1, 2, 4 or 8; fewer in a layer whose rows they do not fill.
  public var vector: Int
  public var start: Start
  public var scope: Scope
  public var layers: LayerSelector
  /// Training of the values afterwards: each moves by the sum of the gradients of all weights that share it, and zero stays zero.
  /// Everything else that is trainable learns on as well. nil leaves them as found.
  public var fineTuning: FineTuning?

  public init(
    bits: Int, convolutionBits: Int? = nil, vector: Int = 1, start: Start = .kMeansPlusPlus, scope: Scope = .perLayer,
    layers: LayerSelector = .all, fineTuning: FineTuning? = nil
  ) {
    self.bits = bits
    self.convolutionBits = convolutionBits
    self.vector = vector
    self.start = start
    self.scope = scope
    self.layers = layers
    self.fineTuning = fineTuning
  }

  public var effects: WeightEffects {
    WeightEffects(
      makes: [.sharedValues], undoes: vector == 1 ? [:] : [.zeros: "a vector of the table stands for zeros and others alike"])
  }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.bits).require((1...8).contains(bits), expected: "bits in 1 ... 8", found: bits)
    if let convolutionBits {
      let key = path.key(CodingKeys.convolutionBits)
      try key.require((1...8).contains(convolutionBits), expected: "bits in 1 ... 8", found: convolutionBits)
      try key.require(scope != .model, expected: "nothing: the whole model has one set of values", found: convolutionBits)
    }
    try path.key(CodingKeys.vector).require([1, 2, 4, 8].contains(vector), expected: "one of 1, 2, 4, 8", found: vector)
    if vector > 1 {
      try path.key(CodingKeys.scope).require(scope == .perLayer, expected: "'per-layer', as vectors have it", found: "another")
      try path.key(CodingKeys.start).require(
        [.random, .kMeansPlusPlus].contains(start), expected: "'random' or 'k-means++': vectors lie on no line", found: "'\(start.rawValue)'")
    }
    try scope.validate(at: path.key(CodingKeys.scope))
    try layers.validate(at: path.key(CodingKeys.layers))
    try fineTuning?.validate(at: path.key(CodingKeys.fineTuning))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    var result = model
    let layers = try layers.weights(of: model.graph).uniqueByWeight()
    let before = try layers.map { SharedLayer($0, try model.graph.weights(of: $0), scope: scope, vector: vector) }
    var shared = share(before, seed: context.seed)
    if let fineTuning {
      let form = CodebookForm(model.graph, layers: shared, isOne: scope == .model)
      let trained = try fineTuning.train(form.graph, inPlaceOf: model, for: Self.name, in: context)
      (result.graph, shared) = form.shared(of: trained)
    }
    for layer in shared { result.graph.parameters[layer.layer.weight]?.storage = layer.storage }
    return CompressionResult(model: result, layers: zip(shared, before).map { $0.report(against: $1) })
  }
}

extension WeightSharing: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case bits, vector, start, scope, layers
    case convolutionBits = "convolution-bits"
    case fineTuning = "fine-tuning"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      bits: try container.decode(Int.self, forKey: .bits),
      convolutionBits: try container.decodeIfPresent(Int.self, forKey: .convolutionBits),
      vector: try container.decodeIfPresent(Int.self, forKey: .vector) ?? 1,
      start: try container.decodeIfPresent(Start.self, forKey: .start) ?? .kMeansPlusPlus,
      scope: try container.decodeIfPresent(Scope.self, forKey: .scope) ?? .perLayer,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all,
      fineTuning: try container.decodeIfPresent(FineTuning.self, forKey: .fineTuning))
  }
}
