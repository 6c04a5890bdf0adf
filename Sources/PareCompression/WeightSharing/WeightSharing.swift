import PareGraph
import PareTensor

/// Lets the weights of a layer share a few values, found by k-means, and stores an index of a few bits for each.
///
/// Each layer has a table of at most `2^bits` values, its own or that of the whole model. Where there are weights of exactly zero, as
/// after pruning, zero is one of the values, and zeros stay zeros. A layer whose table would outweigh its weights is stored
/// as it was, with the shared values.
///
/// - Source: Han et al. 2016, arXiv:1510.00149, §3.
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

  /// What shares one set of values.
  public enum Scope: String, RecipeWord {
    case perLayer = "per-layer"
    /// All selected layers; each stores those of the values that it uses.
    case model
  }

  /// Bits of an index, in `1 ... 8`.
  public var bits: Int
  /// The same for convolutions, whose weights bear less; nil is `bits`. Without meaning where the whole model has one set of values.
  public var convolutionBits: Int?
  public var start: Start
  public var scope: Scope
  public var layers: LayerSelector
  /// Training of the values afterwards: each moves by the sum of the gradients of all weights that share it, and zero stays zero.
  /// Everything else that is trainable learns on as well. nil leaves them as found.
  public var fineTuning: FineTuning?

  public init(
    bits: Int, convolutionBits: Int? = nil, start: Start = .kMeansPlusPlus, scope: Scope = .perLayer, layers: LayerSelector = .all,
    fineTuning: FineTuning? = nil
  ) {
    self.bits = bits
    self.convolutionBits = convolutionBits
    self.start = start
    self.scope = scope
    self.layers = layers
    self.fineTuning = fineTuning
  }

  public var effects: WeightEffects { WeightEffects(makes: [.sharedValues]) }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.bits).require((1...8).contains(bits), expected: "bits in 1 ... 8", found: bits)
    if let convolutionBits {
      let key = path.key(CodingKeys.convolutionBits)
      try key.require((1...8).contains(convolutionBits), expected: "bits in 1 ... 8", found: convolutionBits)
      try key.require(scope != .model, expected: "nothing: the whole model has one set of values", found: convolutionBits)
    }
    try layers.validate(at: path.key(CodingKeys.layers))
    try fineTuning?.validate(at: path.key(CodingKeys.fineTuning))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    var result = model
    let layers = try layers.weights(of: model.graph).uniqueByWeight()
    let before = try layers.map { try model.graph.weights(of: $0) }
    var shared: [[Float]]
    switch scope {
    case .perLayer: shared = zip(layers, before).map { share($1, bits: bits(of: $0), seed: context.seed, layer: $0.label) }
    case .model:
      var rest = share(before.flatMap { $0 }, bits: bits, seed: context.seed, layer: "model")[...]
      shared = before.map { weights in
        defer { rest = rest.dropFirst(weights.count) }
        return Array(rest.prefix(weights.count))
      }
    }
    if let fineTuning {
      let form = CodebookForm(model.graph, layers: layers, shared: shared, isOne: scope == .model)
      let trained = try fineTuning.train(form.graph, inPlaceOf: model, for: Self.name, in: context)
      (result.graph, shared) = form.shared(of: trained)
    }
    var reports: [LayerReport] = []
    for ((layer, weights), shared) in zip(zip(layers, before), shared) {
      let storage = ParameterStorage.smallest(of: Tensor(shared, shape: layer.shape), sharing: true)
      result.graph.parameters[layer.weight]?.storage = storage
      let values = Set(shared.map { $0.bitPattern }).count
      reports.append(
        LayerReport(
          layer: layer.label, outcome: "\(values) values, stored as \(storage.words)",
          weightError: ErrorMeasure(of: shared.map { Double($0) }, against: weights.map { Double($0) }),
          figures: ["values": Double(values), "bytes": Double(storage.byteCount)]))
    }
    return CompressionResult(model: result, layers: reports)
  }

  private func bits(of layer: WeightTensor) -> Int {
    ["Conv", "ConvTranspose"].contains(layer.node.operatorName) ? convolutionBits ?? bits : bits
  }

  /// The weights, each replaced by the value that it shares.
  func share(_ weights: [Float], bits: Int, seed: UInt64, layer: String) -> [Float] {
    let nonZero = weights.filter { $0 != 0 }
    let count = nonZero.count < weights.count ? (1 << bits) - 1 : 1 << bits
    guard let search = ScalarKMeans(nonZero, clusters: count) else { return weights.map { $0 == 0 ? 0 : $0 } }
    var generator = SeededGenerator(seed: seed, stream: "\(Self.name)/\(layer)")
    let best: ScalarKMeans.Clustering
    switch start {
    case .linear: best = search.converged(from: search.linearStart())
    case .random: best = search.converged(from: search.randomStart(&generator))
    case .density: best = search.converged(from: search.quantileStart())
    case .kMeansPlusPlus:
      let (even, drawn) = (search.converged(from: search.linearStart()), search.converged(from: search.plusPlusStart(&generator)))
      best = drawn.cost < even.cost ? drawn : even
    }
    return weights.map { $0 == 0 ? 0 : best.nearest(to: $0) }
  }
}

extension WeightSharing: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case bits, start, scope, layers
    case convolutionBits = "convolution-bits"
    case fineTuning = "fine-tuning"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      bits: try container.decode(Int.self, forKey: .bits),
      convolutionBits: try container.decodeIfPresent(Int.self, forKey: .convolutionBits),
      start: try container.decodeIfPresent(Start.self, forKey: .start) ?? .kMeansPlusPlus,
      scope: try container.decodeIfPresent(Scope.self, forKey: .scope) ?? .perLayer,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all,
      fineTuning: try container.decodeIfPresent(FineTuning.self, forKey: .fineTuning))
  }
}
