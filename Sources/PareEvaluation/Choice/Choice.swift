/// The Pareto frontier and the operating point on it. Sees the validation part and what running costs, never the test
/// part.
public struct Choice: Sendable {
  public var objectives: [Objective]
  public var budget: Budget
  /// How far behind the best, as a share of it, a cheaper candidate may lie and still be preferred.
  public var tolerance: Double
  /// Log loss on the validation part of saying the training part's class frequencies; what is better than this is
  /// information, and the tolerance on log loss is a share of it.
  public var uninformedLogLoss: Double

  public init(objectives: [Objective], budget: Budget, tolerance: Double, uninformedLogLoss: Double) {
    self.objectives = objectives
    self.budget = budget
    self.tolerance = tolerance
    self.uninformedLogLoss = uninformedLogLoss
  }

  /// Marks frontier and budget on each candidate and picks one.
  ///
  /// Among the candidates within the budget, those count whose first quality objective lies within `tolerance` of the
  /// best; of these the one with the least of the first cost objective (bytes where none is given) is chosen. Money is
  /// no guide where the best net return or Sharpe ratio on the validation part is not positive: then log loss takes
  /// its place, and the reason says so.
  public func decide(_ candidates: inout [CandidateResult]) -> (chosen: String?, reason: String) {
    decide(&candidates) { budget.violation(of: $0) }
  }

  /// The same under a budget of another kind.
  ///
  /// - Parameter violation: why a candidate does not fit, or nil where it does.
  func decide<Candidate: JudgedModel>(
    _ candidates: inout [Candidate], violation: (Candidate) -> String?
  ) -> (chosen: String?, reason: String) {
    let violations = candidates.map(violation)
    let frontier = Dominance.frontier(of: candidates.map { candidate in objectives.map { $0.cost(of: candidate) } })
    for index in candidates.indices {
      candidates[index].withinBudget = violations[index] == nil
      candidates[index].pareto = frontier[index]
    }
    let affordable = candidates.filter(\.withinBudget)
    guard !affordable.isEmpty else {
      let closest = zip(candidates, violations).compactMap { candidate, violation in
        violation.map { "\(candidate.name): \($0)" }
      }
      let rest = closest.count > 8 ? "; and \(closest.count - 8) more" : ""
      return (nil, "No candidate is within the budget (" + closest.prefix(8).joined(separator: "; ") + rest + ").")
    }

    var quality = objectives.first(where: \.isQuality) ?? .logLoss
    var preface = ""
    if [.netReturn, .sharpe].contains(quality), (affordable.map { quality.cost(of: $0) }.min() ?? 0) >= 0 {
      preface =
        "No candidate has a positive \(quality.rawValue) on the validation part after costs: there is no money to keep, and log loss decides instead. "
      quality = .logLoss
    }
    let cheapness = objectives.first { !$0.isQuality } ?? .bytes
    let costs = affordable.map { quality.cost(of: $0) }
    let best = costs.min() ?? 0
    let (scale, unit) =
      switch quality {
      case .logLoss: (max(0, uninformedLogLoss - best), "the best's gain over the class frequencies")
      // The best changes none, of which there is no share.
      case .decisionsChanged: (1, "all decisions of the best")
      default: (abs(best), "the best")
      }
    let limit = best + tolerance * scale
    let close = zip(affordable, costs).filter { $0.1 <= limit }.map(\.0)
    if quality == .logLoss, best >= uninformedLogLoss {
      preface += "None is better than the class frequencies either (log loss \(figure(uninformedLogLoss))): there is no skill to keep. "
    }
    guard
      let chosen = close.min(by: {
        (cheapness.cost(of: $0), quality.cost(of: $0), $0.name) < (cheapness.cost(of: $1), quality.cost(of: $1), $1.name)
      })
    else { return (nil, preface + "No candidate has a defined \(quality.rawValue).") }
    let leader = zip(affordable, costs).first { $0.1 == best }?.0 ?? chosen
    var reason =
      preface
      + "\(chosen.name) has the least \(cheapness.rawValue) (\(figure(cheapness.cost(of: chosen)))) of the \(close.count) of "
      + "\(affordable.count) candidates within the budget whose validation \(quality.rawValue) lies within "
      + "\(figure(tolerance * 100)) % of \(unit)"
    reason +=
      chosen.name == leader.name
      ? ", and is itself the best (\(figure(quality.figure(of: chosen))))."
      : ": \(figure(quality.figure(of: chosen))) against \(figure(quality.figure(of: leader))) of \(leader.name)."
    if chosen.role == .baseline { reason += " It is a baseline: on these data paring the teacher down was not needed." }
    let excluded = candidates.count - affordable.count
    if excluded > 0 { reason += " \(excluded) outside the budget." }
    return (chosen.name, reason)
  }
}

extension Objective {
  /// The figure as people read it.
  func figure(of candidate: some JudgedModel) -> Double {
    switch self {
    case .netReturn, .sharpe, .accuracy, .skill, .agreement: -cost(of: candidate)
    default: cost(of: candidate)
    }
  }
}

/// A number for a sentence: whole where it is large, otherwise four digits.
func figure(_ value: Double) -> String {
  guard value.isFinite else { return "undefined" }
  let magnitude = abs(value)
  if magnitude >= 1e15 { return "\(value)" }
  if magnitude >= 100 || value == value.rounded() { return String(Int(value.rounded())) }
  let decimals = magnitude >= 10 ? 1 : magnitude >= 1 ? 3 : 4
  var scale = 1.0
  for _ in 0..<decimals { scale *= 10 }
  return "\((value * scale).rounded() / scale)"
}
