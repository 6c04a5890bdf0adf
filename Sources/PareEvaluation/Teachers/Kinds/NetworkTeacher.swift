import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining

/// A network that is trained on labels: `{model: {mlp: {hidden: [128, 64, 32]}}, training: {…}, features: {window: 48}, rows: 20000}`.
public struct NetworkTeacher: TeacherKind {
  public static let key = "model"

  public var model: NetworkArchitecture
  public var training: TrainingSchedule
  /// What it sees in place of the experiment's features.
  public var features: FeatureChoice?
  /// Training rows at most, evenly spaced in time; nil for all.
  public var rows: Int?

  /// Market labels are nearly noise: slow steps over large batches and a strong pull towards zero keep a network of
  /// 13,000 weights from learning them by heart (docs/training.md has the comparison).
  public static let schedule = TrainingSchedule(
    epochs: 80, batchSize: 1024, learningRate: 3e-4, weightDecay: 3, patience: 15)

  public init(
    model: NetworkArchitecture = .mlp(hidden: [128, 64, 32]), training: TrainingSchedule = NetworkTeacher.schedule,
    features: FeatureChoice? = nil, rows: Int? = nil
  ) {
    (self.model, self.training, self.features, self.rows) = (model, training, features, rows)
  }

  public var words: String { "\(model.words) on labels" }
  public var inputs: [FeatureChoice] { features.map { [$0] } ?? [] }

  public func validate(at path: ParameterPath) throws {
    try model.validate(at: path.key(CodingKeys.model))
    try training.validate(at: path.key(CodingKeys.training))
    try path.key(CodingKeys.rows).require((rows ?? 2) >= 2, expected: "at least 2", found: rows ?? 0)
  }

  public func teach(in room: TeacherRoom) throws -> TrainedTeacher {
    let view = try room.view(features)
    let trained = try train(view, seed: room.seed, name: room.name, checkpoint: room.checkpoint, progress: room.progress)
    return TrainedTeacher(
      outputs: try room.outputs(of: trained, seeing: view),
      parts: [TrainedTeacher.Part(name: room.name, model: trained, fed: .rows(features))])
  }

  /// A model trained on the training rows' labels, stopped by the validation rows', with the normalizer in front and a decision behind
  /// whose threshold is yet to be found.
  ///
  /// - Parameters:
  ///   - name: decides the draws of the seed, so that models do not share initial weights by accident.
  ///   - checkpoint: where the state of the training is kept, to go on from after an interruption.
  func train(
    _ view: DataView, seed: UInt64, name: String, checkpoint: String? = nil,
    progress: @escaping @Sendable (CompressionProgress) -> Void
  ) throws -> Model {
    var generator = SeededGenerator(seed: seed, stream: "model/" + name)
    let graph = try model.graph(
      rowShape: view.dataset.rowShape, outputs: view.classCount, seed: generator.next(), name: name, input: view.inputName,
      normalizer: view.normalizerNodes, thresholds: DecisionThresholds(short: 0.5, long: 0.5))
    let context = CompressionContext(
      training: rows.map(view.training.evenlySpaced) ?? view.training, validation: view.validation, seed: generator.next(),
      progress: progress)
    var trained = Model(graph: try training.train(graph, loss: CrossEntropy(), for: name, in: context, checkpoint: checkpoint))
    for section in try view.sections() { trained.sections[section.name] = section.text }
    return trained
  }
}

extension NetworkTeacher: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case model, training, features, rows
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init()
    model = try container.decodeIfPresent(NetworkArchitecture.self, forKey: .model) ?? model
    if container.contains(.training) {
      training = try TrainingSchedule(from: container.superDecoder(forKey: .training), defaults: training)
    }
    features = try container.decodeIfPresent(FeatureChoice.self, forKey: .features)
    rows = try container.decodeIfPresent(Int.self, forKey: .rows)
  }
}
