import PareBoostedTrees
import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining

/// Boosted trees, grown by XGBoost's library on labels: `{trees: {rounds: 300, depth: 4, learning-rate: 0.05}, features: {…}}`.
///
/// They see features as they are; a normalizer stands beside them, from which a student starts.
public struct TreeTeacher: TeacherKind {
  public static let key = "trees"

  public var settings: BoostingSettings
  /// What they see in place of the experiment's features.
  public var features: FeatureChoice?
  /// Training rows at most, evenly spaced in time; nil for all.
  public var rows: Int?

  /// Shallow trees in small steps, each on half the rows: market labels are nearly noise.
  public static let standard = BoostingSettings(
    rounds: 600, depth: 3, learningRate: 0.03, minimumChildWeight: 20, lambda: 5, subsample: 0.5, columnShare: 0.5,
    earlyStoppingRounds: 40, bins: 64)

  public init(_ settings: BoostingSettings = TreeTeacher.standard, features: FeatureChoice? = nil, rows: Int? = nil) {
    (self.settings, self.features, self.rows) = (settings, features, rows)
  }

  public var words: String { "boosted trees of depth \(settings.depth) on labels" }
  public var inputs: [FeatureChoice] { features.map { [$0] } ?? [] }

  public func validate(at path: ParameterPath) throws {
    do {
      try settings.validate()
    } catch {
      throw EvaluationError(
        "range", subject: path.key(Self.key).key(error.subject.replacing(" ", with: "-")).description, expected: error.expected,
        found: error.found)
    }
    try path.key(OuterKeys.rows).require((rows ?? 2) >= 2, expected: "at least 2", found: rows ?? 0)
  }

  public func teach(in room: TeacherRoom) throws -> TrainedTeacher {
    let view = try room.view(features)
    let training = rows.map(view.training.evenlySpaced) ?? view.training
    var generator = SeededGenerator(seed: room.seed, stream: "model/" + room.name)
    func data(_ rows: TrainingData) throws -> BoostingData {
      guard let features = rows[view.inputName], let labels = rows["labels"] else { preconditionFailure("rows with features and labels") }
      return try BoostingData(
        features: features.reshaped(to: [rows.rowCount, view.dataset.width]),
        labels: .classes(labels.values(as: Int64.self), count: view.classCount))
    }
    let progress = room.progress
    let trees = try BoostedTrees.train(
      on: data(training), validation: data(view.validation), settings: settings, seed: generator.next()
    ) { state in
      progress(
        CompressionProgress(
          technique: room.name, activity: "round \(state.round) of \(state.rounds)", fraction: Double(state.round) / Double(state.rounds),
          loss: state.validationLoss))
    }
    let undecided = DecisionThresholds(short: 0.5, long: 0.5)
    let grown = try trees.graph(name: room.name, input: view.inputName, rowShape: view.dataset.rowShape)
    var builder = try GraphBuilder(grown)
    _ = try builder.normalize(view.inputName, by: view.normalizerNodes)
    var model = Model(graph: try builder.graph.decided(by: undecided))
    for section in try view.sections() { model.sections[section.name] = section.text }
    return TrainedTeacher(
      outputs: try room.outputs(of: model, seeing: view),
      parts: [TrainedTeacher.Part(name: room.name, model: model, fed: .rows(features))])
  }
}

extension TreeTeacher: Codable {
  private enum OuterKeys: String, CodingKey, CaseIterable {
    case trees, features, rows
  }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case rounds, depth, lambda, gamma, subsample, bins
    case learningRate = "learning-rate"
    case minimumChildWeight = "minimum-child-weight"
    case columnShare = "column-share"
    case earlyStoppingRounds = "early-stopping-rounds"
  }

  public init(from decoder: any Decoder) throws {
    let outer = try decoder.strictContainer(keyedBy: OuterKeys.self)
    self.init(
      features: try outer.decodeIfPresent(FeatureChoice.self, forKey: .features), rows: try outer.decodeIfPresent(Int.self, forKey: .rows))
    guard try !outer.decodeNil(forKey: .trees) else { return }
    let container = try outer.superDecoder(forKey: .trees).strictContainer(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ key: CodingKeys, into value: inout Value) throws {
      value = try container.decodeIfPresent(Value.self, forKey: key) ?? value
    }
    try read(.rounds, into: &settings.rounds)
    try read(.depth, into: &settings.depth)
    try read(.learningRate, into: &settings.learningRate)
    try read(.minimumChildWeight, into: &settings.minimumChildWeight)
    try read(.lambda, into: &settings.lambda)
    try read(.gamma, into: &settings.gamma)
    try read(.subsample, into: &settings.subsample)
    try read(.columnShare, into: &settings.columnShare)
    // 0 stands for none.
    if let rounds = try container.decodeIfPresent(Int.self, forKey: .earlyStoppingRounds) { settings.earlyStoppingRounds = rounds == 0 ? nil : rounds }
    if let bins = try container.decodeIfPresent(Int.self, forKey: .bins) { settings.bins = bins == 0 ? nil : bins }
  }

  public func encode(to encoder: any Encoder) throws {
    var outer = encoder.container(keyedBy: OuterKeys.self)
    var container = outer.nestedContainer(keyedBy: CodingKeys.self, forKey: .trees)
    try container.encode(settings.rounds, forKey: .rounds)
    try container.encode(settings.depth, forKey: .depth)
    try container.encode(settings.learningRate, forKey: .learningRate)
    try container.encode(settings.minimumChildWeight, forKey: .minimumChildWeight)
    try container.encode(settings.lambda, forKey: .lambda)
    try container.encode(settings.gamma, forKey: .gamma)
    try container.encode(settings.subsample, forKey: .subsample)
    try container.encode(settings.columnShare, forKey: .columnShare)
    try container.encode(settings.earlyStoppingRounds ?? 0, forKey: .earlyStoppingRounds)
    try container.encode(settings.bins ?? 0, forKey: .bins)
    try outer.encodeIfPresent(features, forKey: .features)
    try outer.encodeIfPresent(rows, forKey: .rows)
  }
}
