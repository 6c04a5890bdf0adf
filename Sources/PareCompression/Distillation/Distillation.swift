import PareGraph
import PareModels
import PareTensor
import PareTraining

/// Trains a smaller model, the student, to answer as a larger one does, the teacher.
///
/// The loss is `α · cross-entropy + (1 − α) · T² · KL(teacher_T ‖ student_T)`, where α is `hardWeight` and both
/// distributions are softened by the temperature T; where the model scores no classes but yields numbers, it is α times
/// the squared error from the labels and 1 − α times that from the teacher. The student takes the place of everything
/// between the model's normalized features (its input, where it has none) and its scores: normalizer, probabilities and
/// decision stay as they are. The teacher is the
/// context's, or the model itself. With `hardWeight` 1 no teacher is asked, which is plain training on the labels.
///
/// - Source: Hinton, Vinyals and Dean 2015, arXiv:1503.02531, §2.
public struct Distillation: CompressionTechnique {
  public static let name = "distillation"

  public var student: NetworkArchitecture
  /// T, above 0.
  public var temperature: Double
  /// α, in `0 ... 1`: the share of the labels.
  public var hardWeight: Double
  public var training: TrainingSchedule

  public init(
    into student: NetworkArchitecture, temperature: Double, hardWeight: Double,
    training: TrainingSchedule = TrainingSchedule()
  ) {
    self.student = student
    self.temperature = temperature
    self.hardWeight = hardWeight
    self.training = training
  }

  /// The same student trained by the same schedule on the labels alone: what distillation has to be better than.
  public var withoutTeacher: Distillation {
    var plain = self
    plain.hardWeight = 1
    return plain
  }

  public var effects: WeightEffects { WeightEffects(needsRealWeights: false, undoes: WeightEffects.renewal) }

  public func validate(at path: ParameterPath) throws {
    try student.validate(at: path.key(CodingKeys.student))
    try path.key(CodingKeys.temperature).require(
      temperature > 0 && temperature.isFinite, expected: "a number above 0", found: temperature)
    try path.key(CodingKeys.hardWeight).require(
      (0...1).contains(hardWeight), expected: "a fraction in 0 ... 1", found: hardWeight)
    try training.validate(at: path.key(CodingKeys.training))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    let scores = try model.graph.scores()
    let lesson = try Teaching(hardWeight: hardWeight, temperature: temperature)
      .lesson(inPlaceOf: model, scores: scores, for: Self.name, in: context)
    var generator = SeededGenerator(seed: context.seed, stream: "\(Self.name)/student")
    let untrained = try StudentGraph.graph(of: student, inPlaceOf: model.graph, scores: scores, seed: generator.next())
    let trained = try training.train(
      untrained, loss: lesson.loss, for: Self.name, in: context, training: lesson.training, validation: lesson.validation)
    let layers = trained.linearLayers.map {
      LayerReport(layer: $0.name, outcome: "trained anew, \($0.inputCount) to \($0.outputCount)")
    }
    return CompressionResult(model: Model(graph: trained, sections: model.sections), layers: layers)
  }
}

extension Distillation: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case student, temperature, training
    case hardWeight = "hard-weight"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      into: try container.decode(NetworkArchitecture.self, forKey: .student),
      temperature: try container.decode(Double.self, forKey: .temperature),
      hardWeight: try container.decode(Double.self, forKey: .hardWeight),
      training: try container.decodeIfPresent(TrainingSchedule.self, forKey: .training) ?? TrainingSchedule())
  }
}
