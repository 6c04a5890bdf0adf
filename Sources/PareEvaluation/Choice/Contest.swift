/// The candidates that count, and the one that wins by the rule.
struct Contest<Candidate: JudgedModel> {
  let guide: Guide
  let chosen: Candidate
  /// The best by quality.
  private let leader: Candidate
  private let candidates: [Candidate]
  /// What the candidates are called: all that there are, or those within the budget.
  private let field: String
  private let close: [Candidate]
  private let rule: ChoiceRule
  private let tolerance: Double
  private let cheapness: Objective
  /// What the tolerance is a share of, and what that is called.
  private let scale: Double
  private let unit: String

  /// - Parameter isNarrowed: whether others are outside the budget.
  /// - Returns: nil where none has a defined quality.
  init?(_ candidates: [Candidate], guide: Guide, choice: Choice, isNarrowed: Bool = false) {
    let quality = guide.quality
    let costs = candidates.map { quality.cost(of: $0) }
    let best = costs.min() ?? .infinity
    guard best.isFinite, let leader = zip(candidates, costs).first(where: { $0.1 == best })?.0 else { return nil }
    self.guide = guide
    self.candidates = candidates
    field = "\(candidates.count) candidates" + (isNarrowed ? " within the budget" : "")
    self.leader = leader
    rule = choice.rule
    tolerance = choice.tolerance
    cheapness = choice.objectives.first { !$0.isQuality } ?? .bytes
    (scale, unit) =
      switch quality {
      case .logLoss: (max(0, choice.uninformedLogLoss - best), "the best's gain over the class frequencies")
      // The best changes none, of which there is no share.
      case .decisionsChanged, .changeCost: (1, "all decisions of the best")
      default: (abs(best), "the best")
      }
    let limit = best + choice.tolerance * scale
    var close = zip(candidates, costs).filter { $0.1 <= limit }.map(\.0)
    if guide.needsAgreement {
      let most = close.filter { $0.role != .teacher }.map(\.validation.agreement).max() ?? 1
      let agreeing = close.filter { $0.validation.agreement >= (1 - choice.tolerance) * most }
      if !agreeing.isEmpty { close = agreeing }
    }
    self.close = close
    let byCost = { [cheapness] (left: Candidate, right: Candidate) in
      (cheapness.cost(of: left), quality.cost(of: left), left.name) < (cheapness.cost(of: right), quality.cost(of: right), right.name)
    }
    switch choice.rule {
    case .cheapest:
      guard let chosen = close.min(by: byCost) else { return nil }
      self.chosen = chosen
    case .best:
      let equals = zip(candidates, costs).filter { $0.1 == best }.map(\.0)
      self.chosen = equals.min(by: byCost) ?? leader
    case .knee:
      let axes = guide.preface.isEmpty ? choice.objectives : [quality] + choice.objectives.filter { !$0.isQuality }
      let points = candidates.map { candidate in axes.map { $0.cost(of: candidate) } }
      let front = zip(candidates, Dominance.frontier(of: points)).filter(\.1).map(\.0).sorted(by: byCost)
      let index = Knee.index(
        of: front.map { candidate in axes.map { $0.cost(of: candidate) } }, logarithmic: axes.map { !$0.isQuality })
      self.chosen = index.map { front[$0] } ?? leader
    }
  }

  /// Why it was chosen.
  var words: String {
    let quality = guide.quality
    let (own, lead) = (figure(quality.value(of: chosen) ?? .nan), figure(quality.value(of: leader) ?? .nan))
    let price = figure(cheapness.cost(of: chosen))
    let against = chosen.name == leader.name ? "" : ": \(own) against \(lead) of \(leader.name)"
    switch rule {
    case .cheapest:
      var words =
        "\(chosen.name) has the least \(cheapness.rawValue) (\(price)) of the \(close.count) of "
        + "\(field) whose validation \(quality.rawValue) lies within "
        + "\(figure(tolerance * 100)) % of \(unit)"
      if guide.needsAgreement { words += " and which agree with the original as often (\(figure(chosen.validation.agreement)))" }
      return words + (against.isEmpty ? ", and is itself the best (\(own))." : against + ".")
    case .best:
      return "\(chosen.name) has the best validation \(quality.rawValue) (\(own)) of the \(field)."
    case .knee:
      return "\(chosen.name) lies nearest to the best of every objective at once: \(quality.rawValue) \(own)"
        + (against.isEmpty ? " (the best)" : " (best \(lead), \(leader.name))") + ", \(cheapness.rawValue) \(price)."
    }
  }

  /// What would have to be true for another to be chosen.
  var alternatives: [String] {
    guard rule == .cheapest, scale > 0 else { return [] }
    var words: [String] = []
    let quality = guide.quality
    let best = quality.cost(of: leader)
    func distance(_ candidate: Candidate) -> Double { (quality.cost(of: candidate) - best) / scale }
    if chosen.name != leader.name {
      words.append("With a tolerance below \(figure(distance(chosen) * 100)) % it would be another, at 0 % \(leader.name).")
    }
    let cheaper = candidates.filter { cheapness.cost(of: $0) < cheapness.cost(of: chosen) && distance($0).isFinite }
    if let next = cheaper.min(by: { (distance($0), $0.name) < (distance($1), $1.name) }), distance(next) > tolerance {
      words.append(
        "From a tolerance of \(figure(distance(next) * 100)) % on it would be \(next.name): "
          + "\(cheapness.rawValue) \(figure(cheapness.cost(of: next))), \(quality.rawValue) \(figure(quality.value(of: next) ?? .nan)).")
    }
    return words
  }
}

/// A number for a sentence: whole where it is large, otherwise four digits.
func figure(_ value: Double) -> String {
  guard value.isFinite else { return "undefined" }
  let magnitude = abs(value)
  if magnitude >= 1e15 { return "\(value)" }
  if magnitude >= 100 { return String(Int(value.rounded())) }
  let decimals = magnitude >= 10 ? 1 : magnitude >= 1 ? 3 : 4
  var scale = 1.0
  for _ in 0..<decimals { scale *= 10 }
  let rounded = (value * scale).rounded() / scale
  return rounded == rounded.rounded() ? String(Int(rounded)) : "\(rounded)"
}
