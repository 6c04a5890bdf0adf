import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining

/// A model that is trained on labels: the teacher, and the baselines.
public struct TeacherConfiguration: Sendable, Hashable {
  public var model: NetworkArchitecture
  public var training: TrainingSchedule

  /// Market labels are nearly noise: slow steps over large batches and a strong pull towards zero keep a network of
  /// 13,000 weights from learning them by heart (docs/training.md has the comparison).
  public static let schedule = TrainingSchedule(
    epochs: 80, batchSize: 1024, learningRate: 3e-4, weightDecay: 3, patience: 15)

  public init(
    model: NetworkArchitecture = .mlp(hidden: [128, 64, 32]), training: TrainingSchedule = TeacherConfiguration.schedule
  ) {
    self.model = model
    self.training = training
  }

  /// In a few words.
  var words: String { "\(model.words) on labels" }

  /// A model trained on the training part's labels, stopped by the validation part's, with the normalizer in front and
  /// a decision behind whose threshold is yet to be found.
  ///
  /// - Parameter name: decides the draws of the seed, so that models do not share initial weights by accident.
  func train(
    _ data: ExperimentData, seed: UInt64, name: String, progress: @escaping @Sendable (CompressionProgress) -> Void
  ) throws -> Model {
    var generator = SeededGenerator(seed: seed, stream: "model/" + name)
    let graph = try model.graph(
      rowShape: data.dataset.rowShape, outputs: data.classCount, seed: generator.next(), name: name, input: data.inputName,
      normalizer: data.normalizerNodes, thresholds: DecisionThresholds(short: 0.5, long: 0.5))
    let context = CompressionContext(
      training: data.training, validation: data.validation, seed: generator.next(), progress: progress)
    var trained = Model(graph: try training.train(graph, loss: CrossEntropy(), for: name, in: context))
    for section in try data.sections() { trained.sections[section.name] = section.text }
    return trained
  }
}

extension TeacherConfiguration: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case model, training
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init()
    model = try container.decodeIfPresent(NetworkArchitecture.self, forKey: .model) ?? model
    if container.contains(.training) {
      training = try TrainingSchedule(from: container.superDecoder(forKey: .training), defaults: training)
    }
  }
}
