import PareCompression
import PareMarket

/// Order books that the simulator makes, as an experiment spells them: one symbol, a snapshot a minute.
///
/// What is asked of them is the experiment's label, whose truth is worked out, so that of `PressureBookSimulation` the keys `horizon`
/// and `threshold` are none here; nor is `step`, for time is counted in snapshots.
public struct SimulatedBookSource: Sendable, Hashable {
  /// Between snapshots.
  public static let interval = CandleInterval.oneMinute
  public static let symbol = "SIM-BOOK"

  public var simulation: PressureBookSimulation

  /// - Parameter simulation: its `horizon`, `threshold` and `step` are left aside.
  public init(_ simulation: PressureBookSimulation = PressureBookSimulation()) {
    let standard = PressureBookSimulation()
    self.simulation = simulation
    (self.simulation.horizon, self.simulation.threshold) = (standard.horizon, standard.threshold)
    self.simulation.step = (Self.interval.milliseconds ?? 0) * 1_000
  }

  /// Checks it against what an experiment sees and asks of it.
  func validate(_ experiment: Experiment, at path: ParameterPath) throws {
    do {
      try simulation.validate()
    } catch {
      // The market's subject begins with "book", which is this place.
      let name = error.subject.split(separator: ".").dropFirst().joined(separator: ".")
      throw EvaluationError(
        "simulation", subject: path.key(name).description, expected: error.expected, found: error.found, category: .usage)
    }
    let kind = experiment.label.kindName
    try ParameterPath().key("label").key("kind").require(
      kind == "buy-hold-sell", expected: "buy-hold-sell on order books, whose mid may stay where it is", found: kind)
    for (place, features) in experiment.seenFeatures {
      guard let book = features.book else { continue }
      try place.key("book").key("levels").require(
        book.inputs.levels <= simulation.levels, expected: "at most the \(simulation.levels) that the books have",
        found: book.inputs.levels)
    }
  }
}

extension SimulatedBookSource: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case snapshots, levels, tick, price, spread, depth, states, stay, reading, noise, move, lean
  }

  /// Missing keys take the simulation's defaults.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    var book = PressureBookSimulation()
    func read<Value: Decodable>(_ key: CodingKeys, _ path: WritableKeyPath<PressureBookSimulation, Value>) throws {
      if let value = try container.decodeIfPresent(Value.self, forKey: key) { book[keyPath: path] = value }
    }
    try read(.snapshots, \.snapshots)
    try read(.levels, \.levels)
    try read(.tick, \.tick)
    try read(.price, \.price)
    try read(.spread, \.spread)
    try read(.depth, \.depth)
    try read(.states, \.states)
    try read(.stay, \.stay)
    try read(.reading, \.reading)
    try read(.noise, \.noise)
    try read(.move, \.move)
    try read(.lean, \.lean)
    self.init(book)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(simulation.snapshots, forKey: .snapshots)
    try container.encode(simulation.levels, forKey: .levels)
    try container.encode(simulation.tick, forKey: .tick)
    try container.encode(simulation.price, forKey: .price)
    try container.encode(simulation.spread, forKey: .spread)
    try container.encode(simulation.depth, forKey: .depth)
    try container.encode(simulation.states, forKey: .states)
    try container.encode(simulation.stay, forKey: .stay)
    try container.encode(simulation.reading, forKey: .reading)
    try container.encode(simulation.noise, forKey: .noise)
    try container.encode(simulation.move, forKey: .move)
    try container.encode(simulation.lean, forKey: .lean)
  }
}

extension DataSource {
  /// Whether the data are snapshots of order books.
  var areBooks: Bool {
    switch self {
    case .simulatedBooks, .books: true
    default: false
    }
  }
}

extension Experiment {
  /// Everything that a model of the experiment is fed, and where the file says so.
  var seenFeatures: [(place: ParameterPath, features: FeatureChoice)] {
    [(ParameterPath().key("features"), features)]
      + teacher.inputs.map { (ParameterPath().key("teacher").key("features"), $0) }
  }

  /// Books are seen through `book`, candles through anything else.
  func validateFeatures(areBooks: Bool) throws {
    try ParameterPath().key("actions").require(!areBooks || actions == nil, expected: "none on order books", found: "one")
    for (place, features) in seenFeatures {
      if areBooks {
        try place.key("book").require(features.book != nil, expected: "one, for the data are order books", found: "features of candles")
      } else {
        try place.key("book").require(features.book == nil, expected: "none, for the data are candles", found: "one")
      }
    }
  }
}
