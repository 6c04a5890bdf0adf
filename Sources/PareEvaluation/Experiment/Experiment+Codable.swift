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
    try teacher.model.validate(at: path.key(CodingKeys.teacher).key(TeacherConfiguration.CodingKeys.model))
    try teacher.training.validate(at: path.key(CodingKeys.teacher).key(TeacherConfiguration.CodingKeys.training))
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
      label.kind != .forwardReturn, expected: "direction, buy-hold-sell or triple-barrier", found: "forward-return")
    for (index, source) in ([data] + moreData).enumerated() {
      try validate(source, at: moreData.isEmpty ? path.key(CodingKeys.data) : path.key(CodingKeys.data).index(index))
    }
  }

  private func validate(_ source: DataSource, at place: ParameterPath) throws {
    switch source {
    case .portfolio(let members):
      for (index, member) in members.enumerated() { try validate(member, at: place.key("portfolio").index(index)) }
    case .simulation(let simulation):
      do {
        try simulation.validate()
      } catch {
        throw EvaluationError(
          "simulation", subject: place.key(error.subject).description, expected: error.expected, found: error.found)
      }
      try place.key("simulation").key("horizon").require(
        simulation.horizon == label.horizon, expected: "the label's horizon, \(label.horizon), whose truth is wanted",
        found: simulation.horizon)
    case .csv, .store, .bybit: break
    }
  }
}

// MARK: - Market values read strictly

/// A value, or a list of them.
private struct OneOrMore<Value: Codable>: Codable {
  let values: [Value]

  init(values: [Value]) {
    self.values = values
  }

  init(from decoder: any Decoder) throws {
    guard var list = try? decoder.unkeyedContainer() else {
      values = [try Value(from: decoder)]
      return
    }
    var values: [Value] = []
    while !list.isAtEnd { values.append(try list.decode(Value.self)) }
    try ParameterPath(decoder.codingPath).require(!values.isEmpty, expected: "at least one", found: "none")
    self.values = values
  }

  func encode(to encoder: any Encoder) throws {
    if values.count == 1 {
      try values[0].encode(to: encoder)
    } else {
      try values.encode(to: encoder)
    }
  }
}

/// A label whose unknown keys are refused.
private struct StrictLabel: Decodable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case kind, horizon, profit, loss
    case threshold = "threshold-bp"
    case profitBasisPoints = "profit-bp"
    case lossBasisPoints = "loss-bp"
    case volatilityCandles = "volatility-candles"
  }

  /// The kinds that have classes.
  private enum Kind: String, CaseIterable {
    case direction
    case buyHoldSell = "buy-hold-sell"
    case tripleBarrier = "triple-barrier"

    /// The keys beside kind and horizon.
    var keys: [CodingKeys] {
      switch self {
      case .direction: []
      case .buyHoldSell: [.threshold]
      case .tripleBarrier: [.profit, .loss, .volatilityCandles, .profitBasisPoints, .lossBasisPoints]
      }
    }
  }

  let value: LabelDefinition

  init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let kind: Kind = try container.word(forKey: .kind)
    for key in CodingKeys.allCases where key != .kind && key != .horizon {
      try ParameterPath(decoder.codingPath).key(key).require(
        kind.keys.contains(key) || !container.contains(key), expected: "none where the kind is \(kind.rawValue)", found: "one")
    }
    value = try LabelDefinition(from: decoder)
  }
}

/// A split whose unknown keys are refused and whose shares have defaults.
private struct StrictSplit: Decodable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case train, validation, embargo
  }

  let value: ChronologicalSplit

  init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let standard = ChronologicalSplit.standard
    value = try ChronologicalSplit(
      train: container.decodeIfPresent(Double.self, forKey: .train) ?? standard.train,
      validation: container.decodeIfPresent(Double.self, forKey: .validation) ?? standard.validation,
      embargo: container.decodeIfPresent(Int.self, forKey: .embargo))
  }
}

/// Weights of changed decisions that default one by one.
private struct StrictWeights: Decodable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case missed, `false`, reversed
  }

  let value: DecisionCostWeights

  init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath)
    func weight(_ key: CodingKeys, _ standard: Double) throws -> Double {
      let weight = try container.decodeIfPresent(Double.self, forKey: key) ?? standard
      try path.key(key).require(weight >= 0 && weight.isFinite, expected: "0 or more", found: weight)
      return weight
    }
    let standard = DecisionCostWeights.standard
    value = try DecisionCostWeights(
      missed: weight(.missed, standard.missed), false: weight(.false, standard.false), reversed: weight(.reversed, standard.reversed))
  }
}

/// A budget in the experiment's spelling.
private struct StrictBudget: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case tier
    case latency = "latency-ns"
    case memory = "memory-bytes"
  }

  let value: Budget

  init(value: Budget) {
    self.value = value
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath)
    value = Budget(
      tier: try container.wordIfPresent(forKey: .tier),
      latencyNs: try container.decodeIfPresent(Double.self, forKey: .latency),
      memoryBytes: try container.decodeIfPresent(Int.self, forKey: .memory))
    try path.key(CodingKeys.latency).require(
      (value.latencyNs ?? 1) > 0, expected: "a positive number of nanoseconds", found: value.latencyNs ?? 0)
    try path.key(CodingKeys.memory).require(
      (value.memoryBytes ?? 1) > 0, expected: "a positive number of bytes", found: value.memoryBytes ?? 0)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(value.tier, forKey: .tier)
    try container.encode(value.latencyNs, forKey: .latency)
    try container.encode(value.memoryBytes, forKey: .memory)
  }
}
