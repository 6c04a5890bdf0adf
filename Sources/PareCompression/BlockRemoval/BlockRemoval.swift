import PareGraph
import PareTensor
import PareTraining

/// Takes whole layers and blocks out of a network: residual branches, of which the identity stays, and layers whose output has the
/// type of their input. What comes out is an ordinary network of less depth.
///
/// Blocks are found on the graph, never by names (`BlockFinder`). The one that matters least goes first; then the others are looked
/// at again, in the network without it. One layer with weights stays at least.
///
/// - Source: Men et al. 2024, arXiv:2403.03853; branches by themselves, attention or feed-forward, as in He et al. 2024,
///   arXiv:2406.15786.
public struct BlockRemoval: CompressionTechnique {
  public static let name = "block-removal"

  public var target: BlockTarget
  public var criterion: BlockCriterion
  /// A block may go where all its layers are selected.
  public var layers: LayerSelector
  /// In how many rounds, each followed by training.
  public var rounds: Int
  public var fineTuning: FineTuning?

  public init(
    _ target: BlockTarget, criterion: BlockCriterion = .similarity, layers: LayerSelector = .all, rounds: Int = 1,
    fineTuning: FineTuning? = nil
  ) {
    self.target = target
    self.criterion = criterion
    self.layers = layers
    self.rounds = rounds
    self.fineTuning = fineTuning
  }

  public var effects: WeightEffects { WeightEffects(undoes: WeightEffects.training(fineTuning)) }

  public func validate(at path: ParameterPath) throws {
    try target.validate(at: path.key(CodingKeys.target))
    try layers.validate(at: path.key(CodingKeys.layers))
    try path.key(CodingKeys.rounds).require(rounds >= 1, expected: "at least 1", found: rounds)
    try fineTuning?.validate(at: path.key(CodingKeys.fineTuning))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    var run = try BlockRemovalRun(self, model, context)
    return try run.result()
  }
}

extension BlockRemoval: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case target, criterion, layers, rounds
    case fineTuning = "fine-tuning"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      try container.decode(BlockTarget.self, forKey: .target),
      criterion: try container.decodeIfPresent(BlockCriterion.self, forKey: .criterion) ?? .similarity,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all,
      rounds: try container.decodeIfPresent(Int.self, forKey: .rounds) ?? 1,
      fineTuning: try container.decodeIfPresent(FineTuning.self, forKey: .fineTuning))
  }
}
