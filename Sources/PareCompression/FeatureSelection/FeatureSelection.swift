import PareGraph
import PareTensor
import PareTraining
import RealModule

/// Makes a model look at fewer of its columns: those that matter least to its first layers go, in rounds with training between them.
///
/// The model's input stays as it is. Its graph begins with a Gather of the columns that stay, so that it can be used as before; what runs a
/// day of a panel sees the Gather and asks for these columns alone (`PanelPlan.columns`), and the others need not be worked out at all.
///
/// What a column matters is `√(Σ w²)` of the weights that read it times the root mean square of what they read over the training rows.
///
/// - Source: the criterion is that of Sun et al. 2023, arXiv:2306.11695, eq. 1, summed over what reads a column; rounds with training:
///   backward elimination.
public struct FeatureSelection: CompressionTechnique {
  public static let name = "feature-selection"

  /// Columns that stay, at least 1.
  public var keep: Int
  /// So many steps towards it, each a like share of what is left.
  public var rounds: Int
  /// After each round.
  public var fineTuning: FineTuning?

  public init(keep: Int, rounds: Int = 1, fineTuning: FineTuning? = nil) {
    (self.keep, self.rounds, self.fineTuning) = (keep, rounds, fineTuning)
  }

  public var effects: WeightEffects { WeightEffects(undoes: WeightEffects.training(fineTuning)) }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.keep).require(keep >= 1, expected: "at least 1", found: keep)
    try path.key(CodingKeys.rounds).require(rounds >= 1, expected: "at least 1", found: rounds)
    try fineTuning?.validate(at: path.key(CodingKeys.fineTuning))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    var columns = try PickedColumns(model.graph)
    let (before, rows) = (columns.picked, try context.trainingRows(for: Self.name).evenlySpaced(Self.rowCount))
    guard before.count > keep else {
      return CompressionResult(model: model, layers: [LayerReport(layer: columns.input, outcome: "all \(before.count) columns stay")])
    }
    for round in 1...rounds {
      context.progress(
        CompressionProgress(
          technique: Self.name, activity: "round \(round) of \(rounds)", fraction: Double(round - 1) / Double(rounds)))
      try columns.keep(count(round, of: before.count), by: rows)
      if let fineTuning { columns.graph = try fineTuning.train(columns.graph, inPlaceOf: model, for: Self.name, in: context) }
    }
    let report = LayerReport(
      layer: columns.input, outcome: "\(columns.picked.count) of \(before.count) columns stay: \(columns.picked.map(String.init).joined(separator: " "))",
      figures: ["channels_before": Double(before.count), "channels": Double(columns.picked.count)])
    return CompressionResult(model: Model(graph: columns.graph, sections: model.sections), layers: [report])
  }

  /// Rows by which it is found what matters, evenly spaced.
  private static let rowCount = 1024

  /// Columns after a round.
  private func count(_ round: Int, of all: Int) -> Int {
    let share = Double(rounds - round) / Double(rounds)
    return round == rounds ? keep : max(keep, Int((Double(keep) * Double.pow(Double(all) / Double(keep), share)).rounded()))
  }
}

extension FeatureSelection: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case keep, rounds
    case fineTuning = "fine-tuning"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      keep: try container.decode(Int.self, forKey: .keep),
      rounds: try container.decodeIfPresent(Int.self, forKey: .rounds) ?? 1,
      fineTuning: try container.decodeIfPresent(FineTuning.self, forKey: .fineTuning))
  }
}
