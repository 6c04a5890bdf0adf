import PareBoostedTrees
import PareGraph
import PareModels
import PareTensor

/// Puts a few shallow trees in the place of a model, fitted to the log-odds that a teacher gives.
///
/// The trees take the place of everything between the model's normalized features (its input, where it has none) and its
/// scores, as a student of `Distillation` does. They are grown by XGBoost's library on squared error from `ScoreTargets`,
/// in `trees` rounds with a tree for each column: one for two classes, K for K classes or numbers. The teacher is the rows'
/// own tensor `teacherScores`, the context's, or the model itself.
///
/// - Source: of the targets, Hinton, Vinyals and Dean 2015, arXiv:1503.02531, §2; of trees that imitate a network, Frosst
///   and Hinton 2017, arXiv:1711.09784, whose trees are soft where these are not.
public struct TreeDistillation: CompressionTechnique {
  public static let name = "tree-distillation"

  /// Rounds of boosting, in `1 ... 1000`.
  public var trees: Int
  /// The most comparisons from a root to a leaf, in `1 ... 12`.
  public var depth: Int
  /// What each tree's leaves are multiplied by, above 0 and at most 1.
  public var learningRate: Double
  /// T, above 0.
  public var temperature: Double
  /// α, in `0 ... 1`: the share of the labels.
  public var hardWeight: Double

  public init(trees: Int = 1, depth: Int = 4, learningRate: Double = 1, temperature: Double = 1, hardWeight: Double = 0) {
    self.trees = trees
    self.depth = depth
    self.learningRate = learningRate
    self.temperature = temperature
    self.hardWeight = hardWeight
  }

  public var effects: WeightEffects { WeightEffects(needsRealWeights: false, undoes: WeightEffects.renewal) }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.trees).require((1...1000).contains(trees), expected: "a number in 1 ... 1000", found: trees)
    try path.key(CodingKeys.depth).require((1...12).contains(depth), expected: "a number in 1 ... 12", found: depth)
    try path.key(CodingKeys.learningRate).require(
      learningRate > 0 && learningRate <= 1, expected: "a number above 0 and at most 1", found: learningRate)
    try path.key(CodingKeys.temperature).require(
      temperature > 0 && temperature.isFinite, expected: "a number above 0", found: temperature)
    try path.key(CodingKeys.hardWeight).require(
      (0...1).contains(hardWeight), expected: "a fraction in 0 ... 1", found: hardWeight)
  }

  /// - Throws: what `CompressionTechnique` says; `boosted-trees.no-library`, category serviceUnavailable, where XGBoost is
  ///   not installed.
  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    let scores = try model.graph.scores()
    let targets = try ScoreTargets(
      inPlaceOf: model, scores: scores, hardWeight: hardWeight, temperature: temperature, for: Self.name, in: context)
    let data = try BoostingData(
      features: targets.features,
      labels: .numbers(Tensor(targets.numbers, shape: [targets.rowCount, targets.columns])))
    // Of squared error the second derivative of a row is 1: a leaf has eight rows or more.
    let settings = BoostingSettings(
      rounds: trees, depth: depth, learningRate: learningRate, minimumChildWeight: 8, lambda: 1, bins: 256)
    var grown = try BoostedTrees.train(
      on: data, settings: settings, seed: SeededGenerator.hash(of: Self.name) ^ context.seed
    ) { done in
      context.progress(
        CompressionProgress(
          technique: Self.name, activity: "round \(done.round) of \(done.rounds)",
          fraction: Double(done.round) / Double(done.rounds)))
    }
    if targets.isBinary { grown.output = .binary }
    let report = LayerReport(
      layer: "trees", outcome: "\(grown.trees.count) of depth \(grown.depth) in place of the layers",
      figures: ["leaves": Double(grown.trees.reduce(0) { $0 + $1.leaves.count })])
    return CompressionResult(model: try StudentGraph.model(grown, inPlaceOf: model, scores: scores), layers: [report])
  }
}

extension TreeDistillation: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case trees, depth, temperature
    case learningRate = "learning-rate"
    case hardWeight = "hard-weight"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    let standard = TreeDistillation()
    self.init(
      trees: try container.decodeIfPresent(Int.self, forKey: .trees) ?? standard.trees,
      depth: try container.decodeIfPresent(Int.self, forKey: .depth) ?? standard.depth,
      learningRate: try container.decodeIfPresent(Double.self, forKey: .learningRate) ?? standard.learningRate,
      temperature: try container.decodeIfPresent(Double.self, forKey: .temperature) ?? standard.temperature,
      hardWeight: try container.decodeIfPresent(Double.self, forKey: .hardWeight) ?? standard.hardWeight)
  }
}
