import Foundation
import PareBacktest
import PareCompression
import PareMarket
import PareModels

extension Experiment: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case schema, name, seed, data, features, label, split, costs, execution, decision, teacher, candidates, objectives, budget
    case tolerance
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
      data: try container.decode(DataSource.self, forKey: .data))
    seed = try container.decodeIfPresent(UInt64.self, forKey: .seed) ?? seed
    features = try container.decodeIfPresent(FeatureChoice.self, forKey: .features) ?? features
    label = try container.decodeIfPresent(StrictLabel.self, forKey: .label)?.value ?? label
    split = try container.decodeIfPresent(StrictSplit.self, forKey: .split)?.value ?? split
    costs = try container.decodeIfPresent(StrictCosts.self, forKey: .costs)?.value ?? costs
    execution = try container.decodeIfPresent(ExecutionChoice.self, forKey: .execution) ?? execution
    threshold = try container.decodeIfPresent(ThresholdPolicy.self, forKey: .decision) ?? threshold
    teacher = try container.decodeIfPresent(TeacherConfiguration.self, forKey: .teacher) ?? teacher
    candidates = try container.decodeIfPresent([CandidateConfiguration].self, forKey: .candidates) ?? candidates
    objectives = try container.decodeIfPresent([Objective].self, forKey: .objectives) ?? objectives
    budget = try container.decodeIfPresent(StrictBudget.self, forKey: .budget)?.value ?? budget
    tolerance = try container.decodeIfPresent(Double.self, forKey: .tolerance) ?? tolerance
    latencyDecisions = try container.decodeIfPresent(Int.self, forKey: .latencyDecisions) ?? latencyDecisions
    try validate(at: path)
  }

  /// Every key, defaults included, so that what is kept with the results says all.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.schema, forKey: .schema)
    try container.encode(name, forKey: .name)
    try container.encode(seed, forKey: .seed)
    try container.encode(data, forKey: .data)
    try container.encode(features, forKey: .features)
    try container.encode(label, forKey: .label)
    try container.encode(split, forKey: .split)
    try container.encode(costs, forKey: .costs)
    try container.encode(execution, forKey: .execution)
    try container.encode(threshold, forKey: .decision)
    try container.encode(teacher, forKey: .teacher)
    try container.encode(candidates, forKey: .candidates)
    try container.encode(objectives, forKey: .objectives)
    try container.encode(StrictBudget(value: budget), forKey: .budget)
    try container.encode(tolerance, forKey: .tolerance)
    try container.encode(latencyDecisions, forKey: .latencyDecisions)
  }

  /// Checks what no single key can.
  func validate(at path: ParameterPath = ParameterPath()) throws {
    let names = path.key(CodingKeys.candidates)
    var known: Set<String> = [CandidateConfiguration.teacher, Baseline.logistic, Baseline.untaught]
    for (index, candidate) in candidates.enumerated() {
      let place = names.index(index)
      try place.key("name").require(
        !candidate.name.isEmpty && candidate.name.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) }
          && !candidate.name.hasPrefix("."),
        expected: "letters, digits, '-', '_' and '.', since it names a file", found: "'\(candidate.name)'")
      try place.key("from").require(
        known.contains(candidate.from), expected: "the teacher or a candidate above", found: "'\(candidate.from)'")
      try place.key("name").require(
        known.insert(candidate.name).inserted, expected: "a name used once", found: "'\(candidate.name)' again")
      try candidate.recipe.validate(at: place)
    }
    try path.key(CodingKeys.objectives).require(!objectives.isEmpty, expected: "at least one objective", found: "none")
    try path.key(CodingKeys.tolerance).require(
      (0...1).contains(tolerance), expected: "a share in 0 ... 1", found: tolerance)
    try path.key(CodingKeys.latencyDecisions).require(
      (1_000...10_000_000).contains(latencyDecisions), expected: "1000 to 10000000", found: latencyDecisions)
    try path.key(CodingKeys.label).key("kind").require(
      label.kind != .forwardReturn, expected: "direction or buy-hold-sell", found: "forward-return")
    if case .simulation(let simulation) = data {
      try path.key(CodingKeys.data).key("simulation").key("horizon").require(
        simulation.horizon == label.horizon, expected: "the label's horizon, \(label.horizon), whose truth is wanted",
        found: simulation.horizon)
    }
  }
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

extension DataSource: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case csv, store, bybit, simulation, symbol, interval
    case badRows = "bad-rows"
  }

  public init(from decoder: any Decoder) throws {
    let path = ParameterPath(decoder.codingPath)
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let kinds: [CodingKeys] = [.csv, .store, .bybit, .simulation]
    let given = kinds.filter(container.contains)
    try path.require(
      given.count == 1, expected: "exactly one of " + kinds.map(\.rawValue).joined(separator: ", "),
      found: given.isEmpty ? "none" : given.map(\.rawValue).joined(separator: " and "))
    switch given[0] {
    case .csv:
      self = .csv(
        path: try container.decode(String.self, forKey: .csv), symbol: try container.decode(String.self, forKey: .symbol),
        interval: try container.decodeIfPresent(CandleInterval.self, forKey: .interval),
        badRows: try container.decodeIfPresent(BadRowPolicy.self, forKey: .badRows) ?? .refuse)
    case .store:
      self = .store(
        path: try container.decode(String.self, forKey: .store),
        symbol: try container.decode(String.self, forKey: .symbol),
        interval: try container.decode(CandleInterval.self, forKey: .interval))
    case .bybit: self = .bybit(try container.decode(BybitSpan.self, forKey: .bybit))
    default:
      // `simulation: {}` and `simulation:` both mean the defaults.
      let isNull = try container.decodeNil(forKey: .simulation)
      self = .simulation(isNull ? MarketSimulation() : try container.decode(MarketSimulation.self, forKey: .simulation))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .csv(let path, let symbol, let interval, let badRows):
      try container.encode(path, forKey: .csv)
      try container.encode(symbol, forKey: .symbol)
      try container.encodeIfPresent(interval, forKey: .interval)
      try container.encode(badRows, forKey: .badRows)
    case .store(let path, let symbol, let interval):
      try container.encode(path, forKey: .store)
      try container.encode(symbol, forKey: .symbol)
      try container.encode(interval, forKey: .interval)
    case .bybit(let span): try container.encode(span, forKey: .bybit)
    case .simulation(let simulation): try container.encode(simulation, forKey: .simulation)
    }
  }
}

extension BybitSpan: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case symbol, category, interval, from, to, store
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      symbol: try container.decode(String.self, forKey: .symbol),
      category: try container.decodeIfPresent(String.self, forKey: .category) ?? "linear",
      interval: try container.decode(CandleInterval.self, forKey: .interval),
      from: try container.decode(String.self, forKey: .from), to: try container.decode(String.self, forKey: .to),
      store: try container.decodeIfPresent(String.self, forKey: .store) ?? "candles.sqlite")
  }
}

extension FeatureChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case coarser, normalizer, clip
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init()
    coarser = try container.decodeIfPresent([CandleInterval].self, forKey: .coarser) ?? coarser
    normalizer = try container.decodeIfPresent(NormalizerKind.self, forKey: .normalizer) ?? normalizer
    clip = try container.decodeIfPresent(Double.self, forKey: .clip) ?? clip
    try ParameterPath(decoder.codingPath).key(CodingKeys.clip).require(
      clip > 0 && clip.isFinite, expected: "a positive number", found: clip)
  }
}

extension ExecutionChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case sizing, calendar, hold
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init()
    sizing = try container.decodeIfPresent(Execution.Sizing.self, forKey: .sizing) ?? sizing
    calendar = try container.decodeIfPresent(Execution.Calendar.self, forKey: .calendar) ?? calendar
    hold = try container.decodeIfPresent(Int.self, forKey: .hold)
    try ParameterPath(decoder.codingPath).key(CodingKeys.hold).require(
      (0...1_000_000).contains(hold ?? 0), expected: "0 to 1000000 candles", found: hold ?? 0)
  }
}

extension ThresholdPolicy: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case coverage, threshold, tuned
  }

  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath).key(key)
    switch key {
    case .coverage:
      let share = try container.decode(Double.self, forKey: key)
      try path.require(share > 0 && share <= 1, expected: "a share above 0 and at most 1", found: share)
      self = .coverage(share)
    case .threshold:
      let threshold = try container.decode(Double.self, forKey: key)
      try path.require((0...1).contains(threshold), expected: "a probability in 0 ... 1", found: threshold)
      self = .fixed(threshold)
    case .tuned:
      let flag = try container.decode(Bool.self, forKey: key)
      try path.require(flag, expected: "true", found: flag)
      self = .tuned
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .coverage(let share): try container.encode(share, forKey: .coverage)
    case .fixed(let threshold): try container.encode(threshold, forKey: .threshold)
    case .tuned: try container.encode(true, forKey: .tuned)
    }
  }
}

// MARK: - Market values read strictly

/// A label whose unknown keys are refused.
private struct StrictLabel: Decodable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case kind, horizon
    case threshold = "threshold-bp"
  }

  let value: LabelDefinition

  init(from decoder: any Decoder) throws {
    _ = try decoder.strictContainer(keyedBy: CodingKeys.self)
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

/// Costs whose unknown keys are refused and that default one by one.
private struct StrictCosts: Decodable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case fee = "fee-bp"
    case halfSpread = "half-spread-bp"
    case slippage = "slippage-bp"
  }

  let value: TradingCosts

  init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let standard = TradingCosts.standard
    value = try TradingCosts(
      fee: container.decodeIfPresent(Double.self, forKey: .fee) ?? standard.fee,
      halfSpread: container.decodeIfPresent(Double.self, forKey: .halfSpread) ?? standard.halfSpread,
      slippage: container.decodeIfPresent(Double.self, forKey: .slippage) ?? standard.slippage)
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
      tier: try container.decodeIfPresent(Budget.Tier.self, forKey: .tier),
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
