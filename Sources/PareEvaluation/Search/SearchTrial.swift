import PareBacktest
import PareCompression

/// A recipe that a search tried, and what came of it.
public struct SearchTrial: Codable, Sendable, Equatable {
  /// 1 for the first; the teacher, which no recipe made, is 0.
  public var ordinal: Int
  /// The number of the combination within the space; null for the teacher.
  @ExplicitNull public var point: Int?
  /// What was chosen, in words.
  public var made: String
  /// The recipe with every default spelled out, as JSON.
  public var recipe: String
  /// Path of the artifact, relative to the search's folder; null where there is none.
  @ExplicitNull public var artifact: String?
  /// On the validation part; null where the trial failed.
  @ExplicitNull public var figures: TrialFigures?
  /// Why it failed; null where it did not.
  @ExplicitNull public var error: String?
  /// What it took.
  public var seconds: Double
  /// On the test part; null but for the frontier and the choice of a search that is through.
  @ExplicitNull public var test: Measures?
  /// Whether no other trial is at least as good in every objective and better in one.
  public var pareto = false
  public var withinBudget = false

  public init(
    ordinal: Int, point: Int?, made: String, recipe: String, artifact: String? = nil, figures: TrialFigures? = nil,
    error: String? = nil, seconds: Double = 0, test: Measures? = nil
  ) {
    self.ordinal = ordinal
    self.point = point
    self.made = made
    self.recipe = recipe
    self.artifact = artifact
    self.figures = figures
    self.error = error
    self.seconds = seconds
    self.test = test
  }

  /// `trial-0007`, or `teacher`: also the artifact's file name. Of equal length, so that it does not tell in the bytes.
  public var name: String { Self.name(of: ordinal) }

  /// The figure of an objective as people read it; nil where it is undefined, or the trial failed.
  public func figure(_ objective: String) -> Double? {
    let value = JudgedTrial(self).flatMap { model in Objective(rawValue: objective)?.value(of: model) }
    return value.flatMap { $0.isFinite ? $0 : nil }
  }

  static func name(of ordinal: Int) -> String {
    guard ordinal > 0 else { return CandidateConfiguration.teacher }
    let digits = String(ordinal)
    return "trial-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}

/// What a model is worth on the validation part, and what it costs to run.
public struct TrialFigures: Codable, Sendable, Equatable {
  /// At the model's own threshold, found on the same part; flips at the teacher's.
  public var validation: Measures
  /// Bytes of the artifact, of the parameters' sections in it, and those resident in the plan.
  public var bytes: Int
  public var weightBytes: Int
  public var planBytes: Int
  /// Trainable numbers, zeros included.
  public var parameters: Int
  /// Of one decision; null where a step's are not known.
  @ExplicitNull public var multiplyAdds: Int?
  /// What a decision should take by the cost table; null where that does not know every step.
  @ExplicitNull public var estimateNs: Double?
  /// The 95 % interval of the gross return, by which the choice knows whether there is skill to keep; null but for the teacher.
  @ExplicitNull public var gross: ConfidenceInterval?

  public init(
    validation: Measures, bytes: Int, weightBytes: Int, planBytes: Int, parameters: Int, multiplyAdds: Int? = nil, estimateNs: Double?,
    gross: ConfidenceInterval? = nil
  ) {
    self.validation = validation
    self.bytes = bytes
    self.weightBytes = weightBytes
    self.planBytes = planBytes
    self.parameters = parameters
    self.multiplyAdds = multiplyAdds
    self.estimateNs = estimateNs
    self.gross = gross
  }

  /// What limits may name, by the words of objectives; what is undefined is left out.
  var byObjective: [String: Double] {
    let model = JudgedTrial(trial: SearchTrial(ordinal: 0, point: nil, made: "", recipe: ""), figures: self)
    let pairs = Objective.allCases.compactMap { objective in
      objective.value(of: model).flatMap { $0.isFinite ? (objective.rawValue, $0) : nil }
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }
}

/// A trial that did not fail, as the choice sees it.
struct JudgedTrial: JudgedModel {
  let trial: SearchTrial
  let figures: TrialFigures
  var pareto = false
  var withinBudget = false

  init(trial: SearchTrial, figures: TrialFigures) {
    self.trial = trial
    self.figures = figures
  }

  /// nil for a trial that failed.
  init?(_ trial: SearchTrial) {
    guard let figures = trial.figures else { return nil }
    self.init(trial: trial, figures: figures)
  }

  var name: String { trial.name }
  var role: CandidateResult.Role { trial.ordinal == 0 ? .teacher : .candidate }
  var validation: Measures { figures.validation }
  var bytes: Int { figures.bytes }
  var planBytes: Int { figures.planBytes }
  var parameters: Int { figures.parameters }
  var multiplyAdds: Int? { figures.multiplyAdds }
  var decisionNanoseconds: Double? { figures.estimateNs }
  /// The cost table knows no tails.
  var tailNanoseconds: Double? { nil }

  func costs(_ objectives: [Objective]) -> [Double] { objectives.map { $0.cost(of: self) } }
}
