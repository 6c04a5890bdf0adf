import PareGraph
import PareTensor
import PareTraining

/// Takes whole neurons, filters, hidden units and heads out of a network. What comes out is an ordinary dense network with smaller
/// arrays: fewer bytes, multiply-adds and nanoseconds in the proportion removed.
///
/// Which arrays belong to a channel is found on the graph, through normalizations, sums, concatenations and reshapes
/// (`ChannelMap`); what is joined goes as one. Inputs and outputs of the model stay, and so do channels that a softmax or a layer
/// normalization goes over. One channel of each layer stays at least.
///
/// - Source: Fang et al. 2023, arXiv:2301.12900; criteria as `ChannelCriterion` says.
public struct StructuredPruning: CompressionTechnique {
  public static let name = "structured-pruning"

  public var target: StructuredTarget
  public var criterion: ChannelCriterion
  /// Among which channels importance is ranked; for a target other than a ratio always among all.
  public var scope: Pruning.Scope
  public var layers: LayerSelector
  /// The number of channels of a layer that stays is rounded up to a multiple of this.
  public var multiple: Int
  /// Whether biases take in the mean of what is taken out.
  public var compensates: Bool
  /// In how many rounds, each with importances of its own and followed by training.
  public var rounds: Int
  public var fineTuning: FineTuning?

  public init(
    _ target: StructuredTarget, criterion: ChannelCriterion = .l2, scope: Pruning.Scope = .global,
    layers: LayerSelector = .all, multiple: Int = 1, compensates: Bool = false, rounds: Int = 1, fineTuning: FineTuning? = nil
  ) {
    self.target = target
    self.criterion = criterion
    self.scope = scope
    self.layers = layers
    self.multiple = multiple
    self.compensates = compensates
    self.rounds = rounds
    self.fineTuning = fineTuning
  }

  public var effects: WeightEffects { WeightEffects(undoes: WeightEffects.training(fineTuning)) }

  public func validate(at path: ParameterPath) throws {
    try target.validate(at: path.key(CodingKeys.target))
    try layers.validate(at: path.key(CodingKeys.layers))
    try path.key(CodingKeys.multiple).require(multiple >= 1, expected: "at least 1", found: multiple)
    try path.key(CodingKeys.rounds).require(rounds >= 1, expected: "at least 1", found: rounds)
    try fineTuning?.validate(at: path.key(CodingKeys.fineTuning))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    var run = try StructuredPruningRun(self, model, context)
    return try run.result()
  }
}

extension StructuredPruning: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case target, criterion, scope, layers, rounds
    case multiple = "multiple-of"
    case compensates = "mean-compensation"
    case fineTuning = "fine-tuning"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      try container.decode(StructuredTarget.self, forKey: .target),
      criterion: try container.decodeIfPresent(ChannelCriterion.self, forKey: .criterion) ?? .l2,
      scope: try container.decodeIfPresent(Pruning.Scope.self, forKey: .scope) ?? .global,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all,
      multiple: try container.decodeIfPresent(Int.self, forKey: .multiple) ?? 1,
      compensates: try container.decodeIfPresent(Bool.self, forKey: .compensates) ?? false,
      rounds: try container.decodeIfPresent(Int.self, forKey: .rounds) ?? 1,
      fineTuning: try container.decodeIfPresent(FineTuning.self, forKey: .fineTuning))
  }
}
