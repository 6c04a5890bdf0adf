import PareGraph
import PareTensor
import PareTraining

/// Zeroes the weights that matter least, and stores what is left under a bitmask where that weighs less.
///
/// Of n weights, `round(sparsity · n)` are zero afterwards, those that were zero before among them; of equal scores those that come
/// first in the order of evaluation go, output by output. Biases stay.
///
/// - Source: Han et al. 2015, arXiv:1506.02626 (magnitude); LeCun, Denker and Solla 1990 (optimal brain damage); Hassibi and Stork
///   1993 and Frantar and Alistarh 2023, arXiv:2301.00774 (optimal brain surgeon, layer by layer); Zhu and Gupta 2018,
///   arXiv:1710.01878 (gradual); Mishra et al. 2021, arXiv:2104.08378 (2:4).
public struct Pruning: CompressionTechnique {
  public static let name = "pruning"

  /// What a weight's worth is measured by.
  public enum Criterion: String, RecipeWord {
    /// |w|.
    case magnitude
    /// |Σ g · w| with the loss's gradient g over the training part: what the loss loses, to first order.
    case gradient
    /// ½ · E[g²] · w²: the same to second order, with squares of gradients for the diagonal of the Hessian.
    case optimalBrainDamage = "optimal-brain-damage"
    /// w² / [H⁻¹], with H = E[x xᵀ] of the layer's input; weights that stay make up for those that go.
    case optimalBrainSurgeon = "optimal-brain-surgeon"
  }

  /// Among which weights scores are ranked.
  public enum Scope: String, RecipeWord {
    /// All selected layers together.
    case global
    /// Each layer by itself: every layer loses the same fraction.
    case perLayer = "per-layer"
  }

  /// Fraction of the selected weights that are zero afterwards, in `0 ..< 1`. A pattern of so many of so many says it itself.
  public var sparsity: Double
  public var criterion: Criterion
  public var pattern: PruningPattern
  public var scope: Scope
  public var layers: LayerSelector
  /// In how many rounds, each followed by training; the sparsity rises fast at first: s · (1 − (1 − t / n)³).
  public var rounds: Int
  /// Training after each cut, in which pruned weights stay zero and everything else that is trainable
  /// learns on; nil leaves the remaining weights as they are.
  public var fineTuning: FineTuning?

  /// - Parameter scope: by default global; per layer for patterns of so many of so many and for the surgeon, which know no other.
  public init(
    sparsity: Double, criterion: Criterion = .magnitude, pattern: PruningPattern = .anywhere, scope: Scope? = nil,
    layers: LayerSelector = .all, rounds: Int = 1, fineTuning: FineTuning? = nil
  ) {
    self.sparsity = pattern.sparsity ?? sparsity
    self.criterion = criterion
    self.pattern = pattern
    self.scope = scope ?? (pattern.sparsity != nil || criterion == .optimalBrainSurgeon ? .perLayer : .global)
    self.layers = layers
    self.rounds = rounds
    self.fineTuning = fineTuning
  }

  /// So many of each run of so many.
  public init(
    keep: Int, of run: Int, criterion: Criterion = .magnitude, layers: LayerSelector = .all, fineTuning: FineTuning? = nil
  ) {
    self.init(sparsity: 0, criterion: criterion, pattern: .keep(keep, of: run), layers: layers, fineTuning: fineTuning)
  }

  public var effects: WeightEffects { WeightEffects(makes: [.zeros], undoes: WeightEffects.training(fineTuning)) }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.sparsity).require(
      sparsity >= 0 && sparsity < 1, expected: "a fraction in 0 ..< 1", found: sparsity)
    try pattern.validate(at: path.key(CodingKeys.pattern))
    let isPerLayer = pattern.sparsity != nil || criterion == .optimalBrainSurgeon
    try path.key(CodingKeys.scope).require(
      scope == .perLayer || !isPerLayer, expected: "'per-layer': \(pattern.sparsity != nil ? "the pattern" : "the surgeon") goes layer by layer",
      found: "'\(scope.rawValue)'")
    try layers.validate(at: path.key(CodingKeys.layers))
    try path.key(CodingKeys.rounds).require(rounds >= 1, expected: "at least 1", found: rounds)
    try path.key(CodingKeys.rounds).require(
      rounds == 1 || pattern.sparsity == nil, expected: "1: a pattern of so many of so many has no steps between", found: rounds)
    try fineTuning?.validate(at: path.key(CodingKeys.fineTuning))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    var run = try PruningRun(self, model, context)
    return try run.result()
  }
}

extension Pruning: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case sparsity, criterion, pattern, scope, layers, rounds
    case fineTuning = "fine-tuning"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    let pattern = try container.decodeIfPresent(PruningPattern.self, forKey: .pattern) ?? .anywhere
    let given = try pattern.sparsity == nil
      ? container.decode(Double.self, forKey: .sparsity) : container.decodeIfPresent(Double.self, forKey: .sparsity)
    if let given, let own = pattern.sparsity {
      try ParameterPath(decoder.codingPath).key(CodingKeys.sparsity).require(
        (given - own).magnitude < 1e-9, expected: "nothing, or the pattern's \(own)", found: given)
    }
    self.init(
      sparsity: given ?? 0, criterion: try container.decodeIfPresent(Criterion.self, forKey: .criterion) ?? .magnitude,
      pattern: pattern, scope: try container.decodeIfPresent(Scope.self, forKey: .scope),
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all,
      rounds: try container.decodeIfPresent(Int.self, forKey: .rounds) ?? 1,
      fineTuning: try container.decodeIfPresent(FineTuning.self, forKey: .fineTuning))
  }
}
