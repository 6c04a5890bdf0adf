import Foundation
import PareBacktest
import PareCompression
import PareMarket
import PareModels

extension Experiment: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case schema, name, seed, seeds, data, model, output, features, labels, label, split, actions, costs, execution, decision, teacher, candidates, objectives, budget
    case choice, tolerance, margin
    case evaluatedBefore = "evaluated-before"
    case walkForward = "walk-forward"
    case changeWeights = "change-weights"
    case latencyDecisions = "latency-decisions"
  }

  /// - Throws: an error that names the key's path, what was expected there and what was found.
  public init(from decoder: any Decoder) throws {
    let path = ParameterPath(decoder.codingPath)
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let schema = try container.decodeIfPresent(Int.self, forKey: .schema) ?? Self.schema
    try path.key(CodingKeys.schema).require(schema == Self.schema, expected: "\(Self.schema)", found: schema)
    self.init(
      name: try container.decodeIfPresent(String.self, forKey: .name) ?? "experiment",
      data: DataSource.simulation(MarketSimulation()))
    let markets = try container.decode(OneOrMore<DataSource>.self, forKey: .data).values
    (data, moreData) = (markets[0], Array(markets.dropFirst()))
    try path.key(CodingKeys.seeds).require(
      !container.contains(.seed) || !container.contains(.seeds), expected: "none beside 'seed'", found: "one")
    seed = try container.decodeIfPresent(UInt64.self, forKey: .seed) ?? seed
    if let seeds = try container.decodeIfPresent([UInt64].self, forKey: .seeds) {
      try path.key(CodingKeys.seeds).require(
        !seeds.isEmpty && Set(seeds).count == seeds.count, expected: "one or more different seeds", found: "\(seeds)")
      (seed, moreSeeds) = (seeds[0], Array(seeds.dropFirst()))
    }
    model = try container.decodeIfPresent(String.self, forKey: .model)
    output = try container.decodeIfPresent(OwnModelOutput.self, forKey: .output) ?? output
    labels = try container.decodeIfPresent(TableFile.self, forKey: .labels)
    if model != nil { candidates = CandidateConfiguration.standardForOwnModel }
    try path.key(CodingKeys.output).require(
      model != nil || !container.contains(.output), expected: "none without 'model'", found: "one")
    try path.key(CodingKeys.teacher).require(
      model == nil || !container.contains(.teacher), expected: "none beside 'model', which is the teacher", found: "one")
    features = try container.decodeIfPresent(FeatureChoice.self, forKey: .features) ?? features
    label = try container.decodeIfPresent(StrictLabel.self, forKey: .label)?.value ?? label
    split = try container.decodeIfPresent(StrictSplit.self, forKey: .split)?.value ?? split
    actions = try container.decodeIfPresent(String.self, forKey: .actions)
    costs = try container.decodeIfPresent(CostChoice.self, forKey: .costs) ?? costs
    execution = try container.decodeIfPresent(ExecutionChoice.self, forKey: .execution) ?? execution
    threshold = try container.decodeIfPresent(ThresholdPolicy.self, forKey: .decision) ?? threshold
    teacher = try container.decodeIfPresent(TeacherConfiguration.self, forKey: .teacher) ?? teacher
    candidates = try container.decodeIfPresent([CandidateConfiguration].self, forKey: .candidates) ?? candidates
    objectives = try container.wordsIfPresent(forKey: .objectives) ?? objectives
    budget = try container.decodeIfPresent(StrictBudget.self, forKey: .budget)?.value ?? budget
    choice = try container.wordIfPresent(forKey: .choice) ?? choice
    tolerance = try container.decodeIfPresent(Double.self, forKey: .tolerance) ?? tolerance
    margin = try container.decodeIfPresent(Double.self, forKey: .margin) ?? margin
    evaluatedBefore = try container.decodeIfPresent(Int.self, forKey: .evaluatedBefore) ?? evaluatedBefore
    changeWeights = try container.decodeIfPresent(StrictWeights.self, forKey: .changeWeights)?.value ?? changeWeights
    walkForward = try container.decodeIfPresent(WalkForward.self, forKey: .walkForward)
    latencyDecisions = try container.decodeIfPresent(Int.self, forKey: .latencyDecisions) ?? latencyDecisions
    try validate(at: path)
  }

  /// Every key, defaults included, so that what is kept with the results says all.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.schema, forKey: .schema)
    try container.encode(name, forKey: .name)
    if moreSeeds.isEmpty { try container.encode(seed, forKey: .seed) } else { try container.encode([seed] + moreSeeds, forKey: .seeds) }
    try container.encode(OneOrMore(values: [data] + moreData), forKey: .data)
    try container.encodeIfPresent(model, forKey: .model)
    if model != nil { try container.encode(output, forKey: .output) }
    try container.encode(features, forKey: .features)
    try container.encodeIfPresent(labels, forKey: .labels)
    try container.encode(label, forKey: .label)
    try container.encode(split, forKey: .split)
    try container.encodeIfPresent(actions, forKey: .actions)
    try container.encode(costs, forKey: .costs)
    try container.encode(execution, forKey: .execution)
    try container.encode(threshold, forKey: .decision)
    if model == nil { try container.encode(teacher, forKey: .teacher) }
    try container.encode(candidates, forKey: .candidates)
    try container.encode(objectives, forKey: .objectives)
    try container.encode(StrictBudget(value: budget), forKey: .budget)
    try container.encode(choice, forKey: .choice)
    try container.encode(tolerance, forKey: .tolerance)
    try container.encode(margin, forKey: .margin)
    if evaluatedBefore > 0 { try container.encode(evaluatedBefore, forKey: .evaluatedBefore) }
    if changeWeights != .standard { try container.encode(changeWeights, forKey: .changeWeights) }
    try container.encodeIfPresent(walkForward, forKey: .walkForward)
    try container.encode(latencyDecisions, forKey: .latencyDecisions)
  }

  /// Checks what no single key can.
  func validate(at path: ParameterPath = ParameterPath()) throws {
    try path.key(CodingKeys.name).require(
      name.isFileName, expected: "letters, digits, '-', '_' and '.', since it names a folder", found: "'\(name)'")
    _ = try output.order(label.classNames, at: path.key(CodingKeys.output))
    try teacher.validate(at: path.key(CodingKeys.teacher))
    let names = path.key(CodingKeys.candidates)
    var made: Set<String> = [CandidateConfiguration.teacher]
    let baselines: Set<String> = [Baseline.logistic, Baseline.untaught]
    for (index, candidate) in candidates.enumerated() {
      let place = names.index(index)
      try place.key("name").require(
        candidate.name.isFileName, expected: "letters, digits, '-', '_' and '.', since it names a file", found: "'\(candidate.name)'")
      try place.key("from").require(
        made.contains(candidate.from), expected: "the teacher or a candidate above", found: "'\(candidate.from)'")
      try place.key("name").require(
        !baselines.contains(candidate.name), expected: "another name than the baselines'", found: "'\(candidate.name)'")
      try place.key("name").require(
        made.insert(candidate.name).inserted, expected: "a name used once", found: "'\(candidate.name)' again")
      for (step, technique) in candidate.recipe.steps.enumerated() {
        try technique.validate(at: place.key("steps").index(step))
      }
    }
    try path.key(CodingKeys.objectives).require(!objectives.isEmpty, expected: "at least one objective", found: "none")
    try path.key(CodingKeys.tolerance).require(
      (0...1).contains(tolerance), expected: "a share in 0 ... 1", found: tolerance)
    try path.key(CodingKeys.margin).require((0...1).contains(margin), expected: "a share in 0 ... 1", found: margin)
    try path.key(CodingKeys.evaluatedBefore).require(
      evaluatedBefore >= 0, expected: "0 or more", found: evaluatedBefore)
    try path.key(CodingKeys.latencyDecisions).require(
      (1_000...10_000_000).contains(latencyDecisions), expected: "1000 to 10000000", found: latencyDecisions)
    try path.key(CodingKeys.label).key("kind").require(
      label.kind != .forwardReturn, expected: "direction, buy-hold-sell, triple-barrier or cross-section-rank", found: "forward-return")
    for (index, source) in ([data] + moreData).enumerated() {
      try validate(source, at: moreData.isEmpty ? path.key(CodingKeys.data) : path.key(CodingKeys.data).index(index))
    }
  }

  private func validate(_ source: DataSource, at place: ParameterPath) throws {
    try validateFeatures(areBooks: source.areBooks)
    switch source {
    case .simulatedBooks(let books): try books.validate(self, at: place.key("simulated-books"))
    case .portfolio(let members):
      for (index, member) in members.enumerated() { try validate(member, at: place.key("portfolio").index(index)) }
    case .simulation(let simulation), .simulatedPanel(let simulation):
      do {
        try simulation.validate()
      } catch {
        throw EvaluationError(
          "simulation", subject: place.key(error.subject).description, expected: error.expected, found: error.found)
      }
      try place.key("simulation").key("horizon").require(
        simulation.horizon == label.horizon, expected: "the label's horizon, \(label.horizon), whose truth is wanted",
        found: simulation.horizon)
    case .csv, .store, .bybit, .panel, .books: break
    }
  }
}
