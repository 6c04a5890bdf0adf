/// The Pareto frontier and the operating point on it. Sees the validation part and what running costs, never the test
/// part.
public struct Choice: Sendable {
  public var objectives: [Objective]
  public var budget: Budget
  public var rule: ChoiceRule
  /// How far behind the best, as a share of it, a cheaper candidate may lie and still be preferred.
  public var tolerance: Double
  /// Log loss on the validation part of saying the training part's class frequencies; what is better than this is
  /// information, and the tolerance on log loss is a share of it.
  public var uninformedLogLoss: Double
  /// What is known of the original's gross return on the validation part; nil where nobody asked.
  public var skill: OriginalSkill?

  public init(
    objectives: [Objective], budget: Budget, rule: ChoiceRule = .cheapest, tolerance: Double, uninformedLogLoss: Double,
    skill: OriginalSkill? = nil
  ) {
    self.objectives = objectives
    self.budget = budget
    self.rule = rule
    self.tolerance = tolerance
    self.uninformedLogLoss = uninformedLogLoss
    self.skill = skill
  }

  /// Marks frontier and budget on each candidate and picks one.
  ///
  /// Quality is the first objective that measures it. Money is no guide where the original's own gross return cannot be told from zero,
  /// or where the best of the candidates earns nothing after costs: then log loss takes its place, only candidates that agree with the
  /// original nearly as often as the best of them does count, and the reason says so.
  public func decide(_ candidates: inout [CandidateResult]) -> Decision {
    decide(&candidates) { budget.violation(of: $0) }
  }

  /// The same under a budget of another kind.
  ///
  /// - Parameter violation: why a candidate does not fit, or nil where it does.
  func decide<Candidate: JudgedModel>(
    _ candidates: inout [Candidate], violation: (Candidate) -> String?
  ) -> Decision {
    let violations = candidates.map { $0.isDeployable ? violation($0) : "it is not one model that could be put to work" }
    let places = candidates.indices.filter { candidates[$0].isDeployable }
    let points = places.map { place in objectives.map { $0.cost(of: candidates[place]) } }
    let frontier = Dominance.frontier(of: points)
    for index in candidates.indices {
      candidates[index].withinBudget = violations[index] == nil
      candidates[index].pareto = false
    }
    for (place, isOnFrontier) in zip(places, frontier) { candidates[place].pareto = isOnFrontier }
    let hypervolume = Hypervolume.share(of: points)
    let affordable = candidates.filter(\.withinBudget)
    guard !affordable.isEmpty else {
      let closest = zip(candidates, violations).compactMap { candidate, violation in
        violation.map { "\(candidate.name): \($0)" }
      }
      let rest = closest.count > 8 ? "; and \(closest.count - 8) more" : ""
      return Decision(
        chosen: nil, reason: "No candidate is within the budget (" + closest.prefix(8).joined(separator: "; ") + rest + ").",
        hypervolume: hypervolume)
    }
    let guide = guide(affordable)
    guard let contest = Contest(affordable, guide: guide, choice: self, isNarrowed: affordable.count < candidates.count) else {
      return Decision(
        chosen: nil, reason: guide.preface + "No candidate has a defined \(guide.quality.rawValue).", hypervolume: hypervolume)
    }
    var reason = guide.preface + contest.words
    if contest.chosen.role == .baseline { reason += " It is a baseline: on these data paring the teacher down was not needed." }
    let excluded = candidates.count - affordable.count
    if excluded > 0 { reason += " \(excluded) outside the budget." }
    return Decision(
      chosen: contest.chosen.name, reason: reason,
      alternatives: contest.alternatives + beyondBudget(candidates, violations, contest), hypervolume: hypervolume)
  }

  /// What decides: the objectives' own quality, or log loss where there is no money to keep.
  private func guide<Candidate: JudgedModel>(_ affordable: [Candidate]) -> Guide {
    let asked = objectives.first(where: \.isQuality) ?? .logLoss
    var guide = Guide(quality: asked, needsAgreement: false, preface: "")
    if asked.isMoney, let skill, !skill.isPositive {
      guide = Guide(
        quality: .logLoss, needsAgreement: true,
        preface: "The original's gross return on the validation part cannot be told from zero (\(skill.words)): no skill to keep, "
          + "and log loss and agreement decide instead. ")
    } else if asked.isEarnings, (affordable.map { asked.cost(of: $0) }.min() ?? 0) >= 0 {
      guide = Guide(
        quality: .logLoss, needsAgreement: false,
        preface: "No candidate has a positive \(asked.rawValue) on the validation part after costs: there is no money to keep, "
          + "and log loss decides instead. ")
    }
    if guide.quality == .logLoss, (affordable.map { Objective.logLoss.cost(of: $0) }.min() ?? 0) >= uninformedLogLoss {
      guide.preface +=
        "None is better than the class frequencies either (log loss \(figure(uninformedLogLoss))): there is no skill to keep. "
    }
    return guide
  }

  /// What would be chosen if the budget were wider.
  private func beyondBudget<Candidate: JudgedModel>(
    _ candidates: [Candidate], _ violations: [String?], _ contest: Contest<Candidate>
  ) -> [String] {
    guard violations.contains(where: { $0 != nil }), let free = Contest(candidates.filter(\.isDeployable), guide: contest.guide, choice: self),
      free.chosen.name != contest.chosen.name
    else { return [] }
    let reason = zip(candidates, violations).first { $0.0.name == free.chosen.name }?.1 ?? "outside"
    return ["Without the budget it would be \(free.chosen.name) (\(reason))."]
  }
}

/// What was chosen and why.
public struct Decision: Sendable, Equatable {
  /// The name of the chosen candidate; nil where none is within the budget.
  public var chosen: String?
  /// In words with figures.
  public var reason: String
  /// What would have to be true for another to be chosen, a sentence each.
  public var alternatives: [String]
  /// Of the box from the best figures to a tenth beyond the worst, the share that the frontier dominates.
  public var hypervolume: Double

  public init(chosen: String?, reason: String, alternatives: [String] = [], hypervolume: Double) {
    self.chosen = chosen
    self.reason = reason
    self.alternatives = alternatives
    self.hypervolume = hypervolume
  }
}

/// What the original earned before costs on the validation part, and whether that can be told from nothing.
public struct OriginalSkill: Sendable, Equatable {
  /// Gross return with its 95 % interval.
  public var gross: Double
  public var lower: Double?
  public var upper: Double?

  public init(gross: Double, lower: Double?, upper: Double?) {
    self.gross = gross
    self.lower = lower
    self.upper = upper
  }

  public var isPositive: Bool { (lower ?? 0) > 0 }

  var words: String {
    guard let lower, let upper else { return "\(figure(gross)), too few days for an interval" }
    return "\(figure(gross)), 95 % interval \(figure(lower)) to \(figure(upper))"
  }
}

/// What a choice goes by.
struct Guide {
  var quality: Objective
  /// Whether only candidates count that agree with the original nearly as often as the best of the others does.
  var needsAgreement: Bool
  /// Why it is not what was asked for; empty where it is.
  var preface: String
}
