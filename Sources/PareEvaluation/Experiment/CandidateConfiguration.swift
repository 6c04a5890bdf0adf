import PareCompression

/// A model to be made from another by a recipe, and judged.
public struct CandidateConfiguration: Sendable, Hashable {
  /// Also the artifact's file name.
  public var name: String
  /// The candidate that the recipe starts from; `teacher` unless told otherwise.
  public var from: String
  public var recipe: Recipe

  public init(_ name: String, from: String = CandidateConfiguration.teacher, recipe: Recipe) {
    self.name = name
    self.from = from
    self.recipe = recipe
  }

  /// The name by which every candidate list knows the teacher.
  public static let teacher = "teacher"

  public static func == (left: CandidateConfiguration, right: CandidateConfiguration) -> Bool {
    left.name == right.name && left.from == right.from && left.recipe == right.recipe
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(from)
  }

  /// A student distilled from the teacher, the teacher pared down in four ways, and the student in integers.
  public static let standard: [CandidateConfiguration] = [
    CandidateConfiguration(
      "student",
      recipe: Recipe("student") { Distillation(into: .mlp(hidden: [16, 8]), temperature: 4, hardWeight: 0.3) }),
    CandidateConfiguration("teacher-int8", recipe: Recipe("teacher-int8") { Quantization(.int8) }),
    CandidateConfiguration(
      "teacher-pruned",
      recipe: Recipe("teacher-pruned") { Pruning(sparsity: 0.7, fineTuning: fineTuning) }),
    CandidateConfiguration(
      "teacher-svd",
      recipe: Recipe("teacher-svd") { LowRankFactorization(.ratio(0.5), fineTuning: fineTuning) }),
    CandidateConfiguration("teacher-shared", recipe: Recipe("teacher-shared") { WeightSharing(bits: 4) }),
    CandidateConfiguration("student-int8", from: "student", recipe: Recipe("student-int8") { Quantization(.int8) }),
  ]

  /// For a model of the user's own, whatever it is made of: a student, and the student in integers.
  public static let standardForOwnModel: [CandidateConfiguration] = standard.filter {
    $0.name == "student" || $0.name == "student-int8"
  }

  /// As the teacher was trained, but shorter.
  private static let fineTuning = FineTuning(
    TrainingSchedule(epochs: 20, batchSize: 1024, learningRate: 3e-4, weightDecay: 3, patience: 5))
}

extension CandidateConfiguration: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, from, steps
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    from = try container.decodeIfPresent(String.self, forKey: .from) ?? Self.teacher
    recipe = Recipe(name: name, steps: try container.decode(RecipeSteps.self, forKey: .steps).steps)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(from, forKey: .from)
    try container.encode(RecipeSteps(recipe.steps), forKey: .steps)
  }
}
