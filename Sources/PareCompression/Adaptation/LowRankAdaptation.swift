import PareGraph
import PareModels
import PareTensor
import PareTraining

/// Fits a model to a new symbol or period through a few numbers beside each weight matrix, while everything it has learned stays as it is.
///
/// Beside a layer's weight W stands `B·A` of rank r, scaled by `strength / r`; A begins with small random numbers and B with zeros, so that
/// training begins at the model as it was. Only A, B and, if asked for, the biases learn. Afterwards they are added to the weights, which
/// costs nothing at run time; or stay apart, so that one frozen model serves many symbols, each with adapters of its own.
///
/// - Source: Hu et al. 2021, arXiv:2106.09685, §4.1.
public struct LowRankAdaptation: CompressionTechnique {
  public static let name = "low-rank-adaptation"

  /// r, at least 1; at most the layer's smaller side is used.
  public var rank: Int
  /// α of the source.
  public var strength: Double
  public var layers: LayerSelector
  /// Whether the biases of the adapted layers learn, too.
  public var biases: Bool
  /// Whether the adapters are added to the weights in the end.
  public var merges: Bool
  public var training: FineTuning

  public init(
    rank: Int = 2, strength: Double = 2, layers: LayerSelector = .all, biases: Bool = true, merges: Bool = true,
    training: FineTuning = FineTuning()
  ) {
    (self.rank, self.strength, self.layers, self.biases, self.merges, self.training) = (rank, strength, layers, biases, merges, training)
  }

  public var effects: WeightEffects {
    let reason = "adapters change every weight of a layer"
    return WeightEffects(undoes: merges ? [.zeros: reason, .sharedValues: reason] : [:])
  }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.rank).require(rank >= 1, expected: "at least 1", found: rank)
    try path.key(CodingKeys.strength).require(strength > 0 && strength.isFinite, expected: "a number above 0", found: strength)
    try layers.validate(at: path.key(CodingKeys.layers))
    try training.validate(at: path.key(CodingKeys.training))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    let selected = try layers.layers(of: model.graph)
    var graph = model.graph.frozen
    var adapters: [Adapter] = []
    for layer in selected {
      let adapter = Adapter(layer, rank: min(rank, min(layer.inputCount, layer.outputCount)), scale: strength / Double(rank))
      try adapter.insert(into: &graph, seed: context.seed)
      if biases, let bias = layer.bias, graph.parameters[bias] != nil { graph.parameters[bias]?.isTrainable = true }
      adapters.append(adapter)
    }
    var trained = try training.train(graph, inPlaceOf: model, for: Self.name, in: context)
    if merges { for adapter in adapters { try adapter.merge(in: &trained, as: model.graph) } }
    for (name, parameter) in model.graph.parameters { trained.parameters[name]?.isTrainable = parameter.isTrainable }
    let reports = adapters.map { adapter in
      LayerReport(
        layer: adapter.layer.name,
        outcome: "adapted at rank \(adapter.rank)" + (merges ? ", merged" : ", \(adapter.elementCount) numbers beside it"))
    }
    return CompressionResult(model: Model(graph: trained, sections: model.sections), layers: reports)
  }
}

extension Graph {
  /// The graph with nothing that training would move.
  fileprivate var frozen: Graph {
    var graph = self
    for name in graph.parameters.keys { graph.parameters[name]?.isTrainable = false }
    return graph
  }
}

extension LowRankAdaptation: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case rank, strength, layers, biases, training
    case merges = "merge"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init()
    rank = try container.decodeIfPresent(Int.self, forKey: .rank) ?? rank
    strength = try container.decodeIfPresent(Double.self, forKey: .strength) ?? strength
    layers = try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? layers
    biases = try container.decodeIfPresent(Bool.self, forKey: .biases) ?? biases
    merges = try container.decodeIfPresent(Bool.self, forKey: .merges) ?? merges
    training = try container.decodeIfPresent(FineTuning.self, forKey: .training) ?? training
  }
}
