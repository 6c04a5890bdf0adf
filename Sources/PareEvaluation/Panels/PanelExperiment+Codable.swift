import PareBoostedTrees
import PareCompression
import PareMarket

extension PanelExperiment: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case schema, name, seed, seeds, panel, groups, features, label, split, days, loss, training, teacher, models, candidates, portfolio, margin
    case priceLimit = "price-limit"
    case walkForward = "walk-forward"
  }

  private enum LabelKeys: String, CodingKey, CaseIterable { case horizon }

  /// The key by which a file is known as one of these.
  static let mark = CodingKeys.panel.rawValue

  /// - Throws: an error that names the key's path, what was expected there and what was found.
  public init(from decoder: any Decoder) throws {
    let path = ParameterPath(decoder.codingPath)
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let schema = try container.decodeIfPresent(Int.self, forKey: .schema) ?? Self.schema
    try path.key(CodingKeys.schema).require(schema == Self.schema, expected: "\(Self.schema)", found: schema)
    self.init(
      name: try container.decodeIfPresent(String.self, forKey: .name) ?? "panel", data: try container.decode(DataSource.self, forKey: .panel))
    try path.key(CodingKeys.seeds).require(
      !container.contains(.seed) || !container.contains(.seeds), expected: "none beside 'seed'", found: "one")
    if let seed = try container.decodeIfPresent(UInt64.self, forKey: .seed) { seeds = [seed] }
    seeds = try container.decodeIfPresent([UInt64].self, forKey: .seeds) ?? seeds
    groups = try container.decodeIfPresent(PanelGroups.self, forKey: .groups)
    priceLimit = try container.decodeIfPresent(Double.self, forKey: .priceLimit)
    features = try container.decodeIfPresent(PanelFeatures.self, forKey: .features) ?? features
    if container.contains(.label) {
      let label = try container.superDecoder(forKey: .label).strictContainer(keyedBy: LabelKeys.self)
      horizon = try label.decodeIfPresent(Int.self, forKey: .horizon) ?? horizon
    }
    split = try container.decodeIfPresent(StrictSplit.self, forKey: .split)?.value ?? split
    days = try container.decodeIfPresent(PanelDays.self, forKey: .days) ?? days
    loss = try container.decodeIfPresent(PanelLoss.self, forKey: .loss) ?? loss
    if container.contains(.training) {
      training = try TrainingSchedule(from: container.superDecoder(forKey: .training), defaults: training)
    }
    teacher = try container.decodeIfPresent(OneOrMore<PanelArchitecture>.self, forKey: .teacher)?.values ?? teacher
    models = try container.decodeIfPresent([PanelModel].self, forKey: .models) ?? models
    candidates = try container.decodeIfPresent([CandidateConfiguration].self, forKey: .candidates) ?? candidates
    portfolio = try container.decodeIfPresent(PanelPortfolio.self, forKey: .portfolio) ?? portfolio
    walkForward = try container.decodeIfPresent(PanelWalkForward.self, forKey: .walkForward)
    margin = try container.decodeIfPresent(Double.self, forKey: .margin) ?? margin
    try validate(at: path)
  }

  /// Every key, defaults included, so that what is kept with the results says all.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.schema, forKey: .schema)
    try container.encode(name, forKey: .name)
    try container.encode(seeds, forKey: .seeds)
    try container.encode(data, forKey: .panel)
    try container.encodeIfPresent(groups, forKey: .groups)
    try container.encodeIfPresent(priceLimit, forKey: .priceLimit)
    try container.encode(features, forKey: .features)
    var label = container.nestedContainer(keyedBy: LabelKeys.self, forKey: .label)
    try label.encode(horizon, forKey: .horizon)
    try container.encode(split, forKey: .split)
    try container.encode(days, forKey: .days)
    try container.encode(loss, forKey: .loss)
    try container.encode(training, forKey: .training)
    try container.encode(OneOrMore(values: teacher), forKey: .teacher)
    try container.encode(models, forKey: .models)
    try container.encode(candidates, forKey: .candidates)
    try container.encode(portfolio, forKey: .portfolio)
    try container.encodeIfPresent(walkForward, forKey: .walkForward)
    try container.encode(margin, forKey: .margin)
  }

  /// Checks the ranges, and what no single key can.
  func validate(at path: ParameterPath = ParameterPath()) throws {
    try path.key(CodingKeys.name).require(
      name.isFileName, expected: "letters, digits, '-', '_' and '.', since it names a folder", found: "'\(name)'")
    try path.key(CodingKeys.seeds).require(
      !seeds.isEmpty && Set(seeds).count == seeds.count, expected: "one or more different seeds", found: "\(seeds)")
    switch data {
    case .panel, .simulatedPanel: break
    default: try path.key(CodingKeys.panel).require(false, expected: "a panel or a simulated-panel", found: "another source")
    }
    try path.key(CodingKeys.priceLimit).require(
      priceLimit.map { $0 > 0 && $0 < 1 } ?? true, expected: "a share above 0, below 1", found: priceLimit ?? 0)
    try path.key(CodingKeys.label).key(LabelKeys.horizon).require((1...1000).contains(horizon), expected: "1 to 1000 sessions", found: horizon)
    try path.key(CodingKeys.margin).require(margin > 0 && margin < 1, expected: "a number above 0, below 1", found: margin)
    try features.validate(at: path.key(CodingKeys.features))
    try days.validate(at: path.key(CodingKeys.days))
    try loss.validate(at: path.key(CodingKeys.loss))
    try portfolio.validate(at: path.key(CodingKeys.portfolio))
    let sizes = path.key(CodingKeys.teacher)
    for (index, architecture) in teacher.enumerated() { try validate(architecture, at: teacher.count == 1 ? sizes : sizes.index(index)) }
    var made: Set<String> = [CandidateConfiguration.teacher]
    func add(_ name: String, at place: ParameterPath) throws {
      try place.key("name").require(
        name.isFileName, expected: "letters, digits, '-', '_' and '.', since it names a file", found: "'\(name)'")
      try place.key("name").require(made.insert(name).inserted, expected: "a name used once", found: "'\(name)' again")
    }
    for (index, model) in models.enumerated() {
      let place = path.key(CodingKeys.models).index(index)
      try add(model.name, at: place)
      if case .network(let architecture) = model.kind { try validate(architecture, at: place.key("network")) }
    }
    for (index, candidate) in candidates.enumerated() {
      let place = path.key(CodingKeys.candidates).index(index)
      try place.key("from").require(
        made.contains(candidate.from), expected: "the teacher, a model or a candidate above", found: "'\(candidate.from)'")
      try add(candidate.name, at: place)
      for (step, technique) in candidate.recipe.steps.enumerated() { try technique.validate(at: place.key("steps").index(step)) }
    }
    if let walkForward { try validate(walkForward, at: path.key(CodingKeys.walkForward).key("models")) }
  }

  private func validate(_ walk: PanelWalkForward, at place: ParameterPath) throws {
    let known = models.map(\.name) + candidates.map(\.name)
    try place.require(!walk.models.isEmpty, expected: "at least one model or candidate", found: "none")
    for name in walk.models {
      try place.require(known.contains(name), expected: "models and candidates of the experiment", found: "'\(name)'")
      guard let from = candidates.first(where: { $0.name == name })?.from, from != CandidateConfiguration.teacher else { continue }
      try place.require(walk.models.contains(from), expected: "'\(from)' beside '\(name)', which starts from it", found: "'\(name)' alone")
    }
  }

  private func validate(_ architecture: PanelArchitecture, at place: ParameterPath) throws {
    try architecture.validate(at: place)
    try place.require(
      groups != nil || !architecture.settings.takesGroups, expected: "no groups, since the experiment names none", found: architecture.words)
  }
}

extension PanelGroups: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case file, column }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(file: try container.decode(String.self, forKey: .file), column: try container.decodeIfPresent(String.self, forKey: .column))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(file, forKey: .file)
    try container.encodeIfPresent(column, forKey: .column)
  }
}

extension PanelFeatures: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case columns, denoising, clip, alpha }

  private enum DenoisingKeys: String, CodingKey, CaseIterable { case wavelet, levels, window }

  /// `alpha: [5, 20]` stands for the whole set over these windows.
  public init(from decoder: any Decoder) throws {
    let path = ParameterPath(decoder.codingPath)
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init()
    try path.key(CodingKeys.alpha).require(
      !container.contains(.alpha) || !container.contains(.columns), expected: "none beside 'columns'", found: "one")
    if let windows = try container.decodeIfPresent([Int].self, forKey: .alpha) {
      try path.key(CodingKeys.alpha).require(
        !windows.isEmpty && Set(windows).count == windows.count && windows.allSatisfy { (2...250).contains($0) },
        expected: "different windows of 2 to 250 days", found: "\(windows)")
      columns = Feature.alpha(windows: windows)
    }
    columns = try container.featuresIfPresent(forKey: .columns) ?? columns
    if container.contains(.denoising) {
      let settings = try container.superDecoder(forKey: .denoising).strictContainer(keyedBy: DenoisingKeys.self)
      denoising = try WaveletDenoising(
        settings.wordIfPresent(forKey: .wavelet) ?? .db2, levels: settings.decodeIfPresent(Int.self, forKey: .levels) ?? 2,
        window: settings.decodeIfPresent(Int.self, forKey: .window) ?? 32)
    }
    clip = try container.decodeIfPresent(Double.self, forKey: .clip) ?? clip
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(columns.map(\.description), forKey: .columns)
    if let denoising {
      var settings = container.nestedContainer(keyedBy: DenoisingKeys.self, forKey: .denoising)
      try settings.encode(denoising.wavelet, forKey: .wavelet)
      try settings.encode(denoising.levels, forKey: .levels)
      try settings.encode(denoising.window, forKey: .window)
    }
    try container.encode(clip, forKey: .clip)
  }

  func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.columns).require(!columns.isEmpty, expected: "at least one feature", found: "none")
    try path.key(CodingKeys.clip).require(clip > 0 && clip.isFinite, expected: "a positive number", found: clip)
  }
}

extension PanelDays: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case count
    case warmUp = "warm-up"
  }

  public init(from decoder: any Decoder) throws {
    let (container, defaults) = (try decoder.strictContainer(keyedBy: CodingKeys.self), PanelDays())
    self.init(
      count: try container.decodeIfPresent(Int.self, forKey: .count) ?? defaults.count,
      warmUp: try container.decodeIfPresent(Int.self, forKey: .warmUp) ?? defaults.warmUp)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(count, forKey: .count)
    try container.encode(warmUp, forKey: .warmUp)
  }

  func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.count).require((1...1000).contains(count), expected: "1 to 1000 days", found: count)
    try path.key(CodingKeys.warmUp).require((0..<count).contains(warmUp), expected: "fewer than 'count' days", found: warmUp)
  }
}

extension PanelLoss: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case correlation, ranking
    case squaredError = "squared-error"
  }

  public init(from decoder: any Decoder) throws {
    let (container, defaults) = (try decoder.strictContainer(keyedBy: CodingKeys.self), PanelLoss())
    self.init(
      squaredError: try container.decodeIfPresent(Double.self, forKey: .squaredError) ?? defaults.squaredError,
      correlation: try container.decodeIfPresent(Double.self, forKey: .correlation) ?? defaults.correlation,
      ranking: try container.decodeIfPresent(Double.self, forKey: .ranking) ?? defaults.ranking)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(squaredError, forKey: .squaredError)
    try container.encode(correlation, forKey: .correlation)
    try container.encode(ranking, forKey: .ranking)
  }

  func validate(at path: ParameterPath) throws {
    for (key, weight) in [(CodingKeys.squaredError, squaredError), (.correlation, correlation), (.ranking, ranking)] {
      try path.key(key).require(weight >= 0 && weight.isFinite, expected: "a number of at least 0", found: weight)
    }
    try path.require(squaredError + correlation + ranking > 0, expected: "one weight above 0", found: "none")
  }
}

extension PanelModel: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case name, network, trees, denoised }

  public init(from decoder: any Decoder) throws {
    let path = ParameterPath(decoder.codingPath)
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    try path.require(
      container.contains(.network) != container.contains(.trees), expected: "one of network, trees",
      found: container.contains(.network) ? "both" : "none")
    let kind: Kind =
      container.contains(.network)
      ? .network(try container.decode(PanelArchitecture.self, forKey: .network))
      : .trees(try container.decode(PanelTrees.self, forKey: .trees).settings)
    self.init(
      try container.decode(String.self, forKey: .name), kind, isDenoised: try container.decodeIfPresent(Bool.self, forKey: .denoised) ?? true)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    switch kind {
    case .network(let architecture): try container.encode(architecture, forKey: .network)
    case .trees(let settings): try container.encode(PanelTrees(settings: settings), forKey: .trees)
    }
    if !isDenoised { try container.encode(false, forKey: .denoised) }
  }
}

/// The settings of boosted trees that a panel's file says.
private struct PanelTrees: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case rounds, depth
    case learningRate = "learning-rate"
  }

  var settings: BoostingSettings

  init(settings: BoostingSettings) { self.settings = settings }

  init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    settings = PanelModel.trees
    settings.rounds = try container.decodeIfPresent(Int.self, forKey: .rounds) ?? settings.rounds
    settings.depth = try container.decodeIfPresent(Int.self, forKey: .depth) ?? settings.depth
    settings.learningRate = try container.decodeIfPresent(Double.self, forKey: .learningRate) ?? settings.learningRate
    do {
      try settings.validate()
    } catch {
      throw EvaluationError(
        "range", subject: ParameterPath(decoder.codingPath).key(error.subject.replacing(" ", with: "-")).description,
        expected: error.expected, found: error.found)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(settings.rounds, forKey: .rounds)
    try container.encode(settings.depth, forKey: .depth)
    try container.encode(settings.learningRate, forKey: .learningRate)
  }
}

extension PanelPortfolio: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case top, drop
    case cost = "cost-bp"
    case stampDuty = "stamp-duty-bp"
  }

  public init(from decoder: any Decoder) throws {
    let (container, defaults) = (try decoder.strictContainer(keyedBy: CodingKeys.self), PanelPortfolio())
    self.init(
      top: try container.decodeIfPresent(Int.self, forKey: .top), drop: try container.decodeIfPresent(Int.self, forKey: .drop),
      cost: try container.decodeIfPresent(Double.self, forKey: .cost) ?? defaults.cost,
      stampDuty: try container.decodeIfPresent(Double.self, forKey: .stampDuty) ?? defaults.stampDuty)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(top, forKey: .top)
    try container.encodeIfPresent(drop, forKey: .drop)
    try container.encode(cost, forKey: .cost)
    try container.encode(stampDuty, forKey: .stampDuty)
  }

  func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.top).require((top ?? 1) >= 1, expected: "1 or more", found: top ?? 0)
    try path.key(CodingKeys.drop).require((drop ?? 1) >= 1, expected: "1 or more", found: drop ?? 0)
    for (key, points) in [(CodingKeys.cost, cost), (.stampDuty, stampDuty)] {
      try path.key(key).require(points >= 0 && points.isFinite, expected: "0 or more basis points", found: points)
    }
  }
}
