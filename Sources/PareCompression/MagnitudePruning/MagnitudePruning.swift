import PareGraph
import PareTensor
import PareTraining

/// Zeroes the weights of smallest magnitude, and stores what is left under a bitmask where that weighs less.
///
/// Of n weights, `round(sparsity · n)` are zero afterwards, those that were zero before among them; equal magnitudes
/// are taken in the order of evaluation, row by row. Biases stay.
///
/// - Source: Han et al. 2015, arXiv:1506.02626.
public struct MagnitudePruning: CompressionTechnique {
  public static let name = "magnitude-pruning"

  /// Among which weights magnitudes are ranked.
  public enum Scope: String, RecipeWord {
    /// All selected layers together: a layer of small weights loses more.
    case global
    /// Each layer by itself: every layer loses the same fraction.
    case perLayer = "per-layer"
  }

  /// Fraction of the selected weights that are zero afterwards, in `0 ..< 1`.
  public var sparsity: Double
  public var scope: Scope
  public var layers: LayerSelector
  /// Training after the cut, on the labels, in which pruned weights stay zero and everything else that is trainable
  /// learns on; nil leaves the remaining weights as they are.
  public var fineTuning: TrainingSchedule?

  public init(
    sparsity: Double, scope: Scope = .global, layers: LayerSelector = .all, fineTuning: TrainingSchedule? = nil
  ) {
    self.sparsity = sparsity
    self.scope = scope
    self.layers = layers
    self.fineTuning = fineTuning
  }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.sparsity).require(
      sparsity >= 0 && sparsity < 1, expected: "a fraction in 0 ..< 1", found: sparsity)
    try layers.validate(at: path.key(CodingKeys.layers))
    try fineTuning?.validate(at: path.key(CodingKeys.fineTuning))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    let layers = try layers.weights(of: model.graph).uniqueByWeight()
    var result = model
    var before: [[Float]] = []
    for layer in layers {
      before.append(try model.graph.weights(of: layer))
    }
    let kept = MagnitudeRanking.kept(of: before, sparsity: sparsity, scope: scope)
    for ((layer, weights), kept) in zip(zip(layers, before), kept) {
      let pruned = zip(weights, kept).map { $1 ? $0 : 0 }
      // The mask is what training keeps; the layout is settled afterwards.
      result.graph.parameters[layer.weight]?.storage = ParameterStorage(Tensor(pruned, shape: layer.shape), layout: .bitmask)
    }
    if let fineTuning {
      result.graph = try fineTuning.fineTune(result.graph, for: Self.name, in: context)
    }
    var reports: [LayerReport] = []
    for (layer, before) in zip(layers, before) {
      let weights = try result.graph.weights(of: layer)
      let wasShared = model.graph.parameters[layer.weight]?.storage.isShared ?? false
      let storage = ParameterStorage.smallest(of: Tensor(weights, shape: layer.shape), sharing: wasShared)
      result.graph.parameters[layer.weight]?.storage = storage
      let zeros = weights.count { $0 == 0 }
      reports.append(
        LayerReport(
          layer: layer.label,
          outcome: "\(zeros) of \(weights.count) weights zero, stored as \(storage.words)",
          weightError: ErrorMeasure(of: weights.map { Double($0) }, against: before.map { Double($0) }),
          figures: ["sparsity": Double(zeros) / Double(weights.count), "bytes": Double(storage.byteCount)]))
    }
    return CompressionResult(model: result, layers: reports)
  }
}

extension MagnitudePruning: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case sparsity, scope, layers
    case fineTuning = "fine-tuning"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      sparsity: try container.decode(Double.self, forKey: .sparsity),
      scope: try container.decodeIfPresent(Scope.self, forKey: .scope) ?? .global,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all,
      fineTuning: try container.decodeIfPresent(TrainingSchedule.self, forKey: .fineTuning))
  }
}
