import PareBacktest
import PareCompression
import PareMarket

/// Everything that a run is made of, as an experiment file spells it. Every key but `data` has a default.
///
/// ```yaml
/// schema: 1
/// name: btc-5m
/// data: {csv: BTCUSDT-5m.csv.gz, symbol: BTCUSDT, interval: "5"}
/// label: {kind: buy-hold-sell, horizon: 12, threshold-bp: 15}
/// candidates:
///   - {name: int8, steps: [{technique: quantization, precision: int8}]}
/// ```
public struct Experiment: Sendable, Hashable {
  /// The version of the spelling.
  public static let schema = 1

  public var name: String
  public var seed: UInt64
  public var data: DataSource
  public var features: FeatureChoice
  public var label: LabelDefinition
  public var split: ChronologicalSplit
  public var costs: TradingCosts
  public var execution: ExecutionChoice
  public var threshold: ThresholdPolicy
  public var teacher: TeacherConfiguration
  public var candidates: [CandidateConfiguration]
  /// What candidates are compared by on the validation part; the first that measures quality decides the choice.
  public var objectives: [Objective]
  public var budget: Budget
  /// How far behind the best, as a share of it, a cheaper candidate may lie and still be chosen.
  public var tolerance: Double
  /// Decisions timed per candidate.
  public var latencyDecisions: Int

  public init(name: String, data: DataSource) {
    self.name = name
    self.data = data
    seed = 1
    features = FeatureChoice()
    label = .standard
    split = .standard
    costs = .standard
    execution = ExecutionChoice()
    threshold = .coverage(0.1)
    teacher = TeacherConfiguration()
    candidates = CandidateConfiguration.standard
    objectives = [.netReturn, .bytes]
    budget = Budget()
    tolerance = 0.1
    latencyDecisions = 20_000
  }
}

/// A model to be made from another by a recipe, and judged.
public struct CandidateConfiguration: Sendable, Hashable {
  /// Also the artifact's file name.
  public var name: String
  /// The candidate that the recipe starts from; `teacher` unless told otherwise.
  public var from: String
  public var recipe: Recipe

  public init(_ name: String, from: String = CandidateConfiguration.teacher, recipe: Recipe) {
    self.name = name
    self.from = from
    self.recipe = recipe
  }

  /// The name by which every candidate list knows the teacher.
  public static let teacher = "teacher"

  public static func == (left: CandidateConfiguration, right: CandidateConfiguration) -> Bool {
    left.name == right.name && left.from == right.from && left.recipe == right.recipe
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(from)
  }

  /// A student distilled from the teacher, the teacher pared down in four ways, and the student in integers.
  public static let standard: [CandidateConfiguration] = [
    CandidateConfiguration("student", recipe: Recipe("student") { Distillation(into: .mlp(hidden: [16, 8])) }),
    CandidateConfiguration("teacher-int8", recipe: Recipe("teacher-int8") { Quantization(.int8) }),
    CandidateConfiguration("teacher-pruned", recipe: Recipe("teacher-pruned") { MagnitudePruning(sparsity: 0.7) }),
    CandidateConfiguration("teacher-svd", recipe: Recipe("teacher-svd") { LowRankFactorization(.ratio(0.5)) }),
    CandidateConfiguration("teacher-shared", recipe: Recipe("teacher-shared") { WeightSharing(bits: 4) }),
    CandidateConfiguration("student-int8", from: "student", recipe: Recipe("student-int8") { Quantization(.int8) }),
  ]
}

/// Where the candles come from.
public enum DataSource: Sendable, Hashable {
  /// A file of candles. A relative path counts from the experiment file's folder.
  case csv(path: String, symbol: String, interval: CandleInterval?, badRows: BadRowPolicy)
  /// Candles that `pare import` or `pare fetch` stored.
  case store(path: String, symbol: String, interval: CandleInterval)
  /// Candles from Bybit, kept in a store so that a second run asks for none of them again.
  case bybit(BybitSpan)
  /// The embedded simulator. Judged is its first symbol.
  case simulation(MarketSimulation)
}

/// What to ask Bybit for.
public struct BybitSpan: Sendable, Hashable {
  public var symbol: String
  public var category: String
  public var interval: CandleInterval
  /// First and last candle's start, ISO 8601 dates or times in UTC.
  public var from: String
  public var to: String
  /// The store's file.
  public var store: String

  public init(symbol: String, category: String, interval: CandleInterval, from: String, to: String, store: String) {
    self.symbol = symbol
    self.category = category
    self.interval = interval
    self.from = from
    self.to = to
    self.store = store
  }
}

/// What the model is fed.
public struct FeatureChoice: Sendable, Hashable {
  /// Coarser candles whose features are added: 15 minutes, an hour.
  public var coarser: [CandleInterval]
  public var normalizer: NormalizerKind
  /// Normalized values are clipped to this many units either side (where the normalizer has no bounds of its own).
  public var clip: Double

  public init(coarser: [CandleInterval] = [], normalizer: NormalizerKind = .zScore, clip: Double = 5) {
    self.coarser = coarser
    self.normalizer = normalizer
    self.clip = clip
  }
}

/// How decisions become positions and positions become money.
public struct ExecutionChoice: Sendable, Hashable {
  public var sizing: Execution.Sizing
  public var calendar: Execution.Calendar
  /// Candles that a position is held after the last decision for it; 0 lets the position follow every decision. Nil is
  /// the label's horizon: what the model foretells is what is held.
  public var hold: Int?

  public init(sizing: Execution.Sizing = .fixedNotional, calendar: Execution.Calendar = .everyDay, hold: Int? = nil) {
    self.sizing = sizing
    self.calendar = calendar
    self.hold = hold
  }

  func holding(horizon: Int) -> Holding {
    let candles = hold ?? horizon
    return candles == 0 ? .untilNextDecision : .candles(candles)
  }
}

/// How the probability at which a candidate trades is found, on the validation part.
public enum ThresholdPolicy: Sendable, Hashable {
  /// Such that this share of the decisions, the most confident ones, are traded.
  case coverage(Double)
  /// This probability.
  case fixed(Double)
  /// The one of several coverages that earns the most after costs.
  case tuned
}

extension LabelDefinition {
  /// Up or down over the next 12 candles.
  static let standard: LabelDefinition = {
    // A horizon of 12 is within the range that the initializer checks.
    do { return try LabelDefinition(.direction, horizon: 12) } catch { preconditionFailure("\(error)") }
  }()
}
