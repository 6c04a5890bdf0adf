import PareGraph
import PareModels
import PareTraining

/// Training that follows a cut: on the labels, on a teacher's scores, or on both. What was cut stays cut.
///
/// In recipes the keys of a schedule with `hard-weight` and `temperature` among them.
public struct FineTuning: Sendable, Hashable {
  public var schedule: TrainingSchedule
  /// α, in `0 ... 1`: the share of the labels in the loss; the rest is the teacher's, as in `Distillation`. The teacher is the
  /// context's, or the model before the cut.
  public var hardWeight: Double
  /// T of the teacher's part, above 0.
  public var temperature: Double

  public init(_ schedule: TrainingSchedule = TrainingSchedule(), hardWeight: Double = 1, temperature: Double = 1) {
    self.schedule = schedule
    self.hardWeight = hardWeight
    self.temperature = temperature
  }

  func validate(at path: ParameterPath) throws {
    try schedule.validate(at: path)
    try path.key(CodingKeys.hardWeight).require(
      (0...1).contains(hardWeight), expected: "a fraction in 0 ... 1", found: hardWeight)
    try path.key(CodingKeys.temperature).require(
      temperature > 0 && temperature.isFinite, expected: "a number above 0", found: temperature)
  }

  /// Trains a graph further.
  ///
  /// - Parameters:
  ///   - model: before the cut; the teacher where the context has none.
  ///   - technique: what trains: names the draws of the seed, and stands in messages and progress.
  func train(_ graph: Graph, inPlaceOf model: Model, for technique: String, in context: CompressionContext) throws -> Graph {
    let scores = try graph.scores()
    let lesson = try Teaching(hardWeight: .constant(hardWeight), temperature: .scheduled(.constant(temperature)))
      .lesson(inPlaceOf: model, scores: scores, for: technique, in: context)
    return try schedule.train(
      graph, loss: lesson.loss(scores.value), for: technique, in: context, training: lesson.training, validation: lesson.validation)
  }
}

extension FineTuning: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case temperature
    case hardWeight = "hard-weight"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      try TrainingSchedule(from: decoder, defaults: TrainingSchedule(), besides: CodingKeys.allCases.map(\.rawValue)),
      hardWeight: try container.decodeIfPresent(Double.self, forKey: .hardWeight) ?? 1,
      temperature: try container.decodeIfPresent(Double.self, forKey: .temperature) ?? 1)
  }

  public func encode(to encoder: any Encoder) throws {
    try schedule.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(hardWeight, forKey: .hardWeight)
    try container.encode(temperature, forKey: .temperature)
  }
}
