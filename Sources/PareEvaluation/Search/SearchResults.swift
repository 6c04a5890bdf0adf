import PareCompression

/// Everything that a search found, as `search.json` holds it: keys in snake case, an absent figure as `null`.
///
/// The same search on the same data and cost table gives the same values, apart from `seconds`.
public struct SearchResults: Codable, Sendable {
  public static let schemaVersion = 1

  public var schema = SearchResults.schemaVersion
  public var search: String
  public var seed: UInt64
  public var method: String
  /// Points of the space, and trials that were planned.
  public var combinations: Int
  public var planned: Int
  /// Recipes that were tried, those that failed too: how often the best had the chance to be so by luck.
  public var recipesEvaluated: Int
  public var failed: Int
  /// Whether all planned trials ended.
  public var isComplete: Bool
  /// Where the data come from, their digest, and those of the teacher and of the cost table with its kernels.
  public var source: String
  public var data: String
  public var teacher: String
  public var costs: String
  public var kernels: String
  public var objectives: [String]
  /// Of the box from the best figures that were found to a tenth beyond the worst, the share that the frontier dominates.
  public var hypervolume: Double
  /// The name of the chosen trial; null where none is within the budget.
  @ExplicitNull public var chosen: String?
  /// Why it was chosen, in words with figures.
  public var reason: String
  /// What would have to be true for another to be chosen.
  public var alternatives: [String]
  /// The teacher first, then trials in order.
  public var trials: [SearchTrial]
  /// The search file.
  public var configuration: String

  /// - Parameter trials: with the teacher, by number.
  package init(_ search: Search, stored: StoredSearch, trials: [SearchTrial]) {
    self.search = search.name
    seed = search.seed
    method = search.method.word.rawValue
    combinations = search.space.count
    planned = stored.planned
    recipesEvaluated = trials.count { $0.ordinal > 0 }
    failed = trials.count { $0.error != nil }
    isComplete = recipesEvaluated >= planned
    source = stored.source
    (data, teacher, costs, kernels) = (stored.identity.data, stored.identity.teacher, stored.identity.costs, stored.identity.kernels)
    objectives = search.objectives.map(\.rawValue)
    configuration = stored.text

    var judged = trials.compactMap(JudgedTrial.init)
    let teacher = trials.first { $0.ordinal == 0 }?.figures
    let choice = Choice(
      objectives: search.objectives, budget: Budget(), rule: search.choice, tolerance: search.tolerance,
      uninformedLogLoss: stored.uninformedLogLoss,
      skill: teacher.flatMap { teacher in
        teacher.gross.map { OriginalSkill(gross: teacher.validation.money.metrics.grossReturn, lower: $0.lower, upper: $0.upper) }
      })
    let decision = choice.decide(&judged) { model in
      teacher.flatMap { search.budget.violation(of: model.figures, teacher: $0) }
    }
    (chosen, reason, alternatives, hypervolume) = (decision.chosen, decision.reason, decision.alternatives, decision.hypervolume)
    let marks = Dictionary(uniqueKeysWithValues: judged.map { ($0.trial.ordinal, $0) })
    self.trials = trials.map { trial in
      var trial = trial
      trial.pareto = marks[trial.ordinal]?.pareto ?? false
      trial.withinBudget = marks[trial.ordinal]?.withinBudget ?? false
      return trial
    }
  }

  /// Trials that nothing dominates, by the first objective that measures cost.
  public var frontier: [SearchTrial] {
    let axis = objectives.compactMap(Objective.init(rawValue:)).first { !$0.isQuality } ?? .bytes
    let models = trials.filter(\.pareto).compactMap(JudgedTrial.init)
    return models.sorted { (axis.cost(of: $0), $0.trial.ordinal) < (axis.cost(of: $1), $1.trial.ordinal) }.map(\.trial)
  }

  /// What the test part reports: the frontier and the choice, once all trials ended.
  var reported: [SearchTrial] {
    isComplete ? trials.filter { ($0.pareto || $0.name == chosen) && $0.artifact != nil } : []
  }
}
