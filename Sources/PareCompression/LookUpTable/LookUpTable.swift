import PareBoostedTrees
import PareGraph
import PareModels
import PareTensor

/// Puts a table in the place of a model: a few features, each cut into bins, and a row of scores for every combination.
///
/// The table takes the place of everything between the model's normalized features (its input, where it has none) and its
/// scores. Features, bins and scores are those of `BinnedTable`, fitted to the teacher's log-odds (`ScoreTargets`). In the
/// graph it is one tree that asks about the features in turn, halving the bins each time: as many comparisons for every
/// row, at most `features · ⌈log₂ bins⌉`.
public struct LookUpTable: CompressionTechnique {
  public static let name = "look-up-table"

  /// Features of the table at most, in `1 ... 8`: fewer where another explains nothing more.
  public var features: Int
  /// Bins of each feature, in `2 ... 64`; `bins` to the power of `features` is at most 65,536.
  public var bins: Int
  /// κ, 0 or more: how many rows' worth the additive prediction counts in a cell.
  public var shrinkage: Double

  public init(features: Int = 3, bins: Int = 8, shrinkage: Double = 8) {
    self.features = features
    self.bins = bins
    self.shrinkage = shrinkage
  }

  public var effects: WeightEffects { WeightEffects(needsRealWeights: false, undoes: WeightEffects.renewal) }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.features).require((1...8).contains(features), expected: "a number in 1 ... 8", found: features)
    try path.key(CodingKeys.bins).require((2...64).contains(bins), expected: "a number in 2 ... 64", found: bins)
    let cells = (0..<features).reduce(1) { cells, _ in min(cells * bins, 1 << 20) }
    try path.key(CodingKeys.bins).require(
      cells <= 1 << 16, expected: "at most 65536 cells", found: "\(bins) to the power of \(features)")
    try path.key(CodingKeys.shrinkage).require(
      shrinkage >= 0 && shrinkage.isFinite, expected: "a number of 0 or more", found: shrinkage)
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    let scores = try model.graph.scores()
    let targets = try ScoreTargets(
      inPlaceOf: model, scores: scores, hardWeight: 0, temperature: 1, for: Self.name, in: context)
    let table = BinnedTable(targets, features: features, bins: bins, shrinkage: shrinkage) { done in
      context.progress(
        CompressionProgress(
          technique: Self.name, activity: "feature \(done) of \(features)", fraction: Double(done) / Double(features)))
    }
    let trees = BoostedTrees(
      featureCount: targets.features.shape[1], output: targets.isBinary ? .binary : .numbers,
      baseMargins: [Float](repeating: 0, count: targets.columns), trees: [table.tree])
    let places = table.axes.map { "\($0.feature)" }.joined(separator: ", ")
    let report = LayerReport(
      layer: "table", outcome: "\(table.cellCount) cells of features \(places.isEmpty ? "none" : places) in place of the layers",
      figures: ["cells": Double(table.cellCount), "explained": table.explained])
    return CompressionResult(model: try StudentGraph.model(trees, inPlaceOf: model, scores: scores), layers: [report])
  }
}

extension LookUpTable: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case features, bins, shrinkage
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    let standard = LookUpTable()
    self.init(
      features: try container.decodeIfPresent(Int.self, forKey: .features) ?? standard.features,
      bins: try container.decodeIfPresent(Int.self, forKey: .bins) ?? standard.bins,
      shrinkage: try container.decodeIfPresent(Double.self, forKey: .shrinkage) ?? standard.shrinkage)
  }
}
