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
public struct Experiment: Sendable, Equatable {
  /// The version of the spelling.
  public static let schema = 1

  public var name: String
  public var seed: UInt64
  /// Seeds with which all is run once more.
  public var moreSeeds: [UInt64]
  public var data: DataSource
  /// Markets on which all is run once more.
  public var moreData: [DataSource]
  /// A model of the user's own in place of a trained teacher: an .onnx or .pare file.
  public var model: String?
  /// What that model's outputs mean.
  public var output: OwnModelOutput
  /// Labels in place of those that the label's definition makes of the candles.
  public var labels: TableFile?
  public var features: FeatureChoice
  public var label: LabelDefinition
  public var split: ChronologicalSplit
  /// A file of splits and dividends that the candles' prices do not have in them yet.
  public var actions: String?
  public var costs: CostChoice
  public var execution: ExecutionChoice
  public var threshold: ThresholdPolicy
  public var teacher: TeacherConfiguration
  public var candidates: [CandidateConfiguration]
  /// What candidates are compared by on the validation part; the first that measures quality decides the choice.
  public var objectives: [Objective]
  public var budget: Budget
  /// Which of the candidates within the budget is taken.
  public var choice: ChoiceRule
  /// How far behind the best, as a share of it, a cheaper candidate may lie and still be chosen.
  public var tolerance: Double
  /// Of the original's gross return, the share that a candidate may earn less and still be said to keep it.
  public var margin: Double
  /// Recipes that were tried on these data before, searches included; what a good Sharpe ratio is worth depends on it.
  public var evaluatedBefore: Int
  /// What each kind of decision that differs from the original's counts.
  public var changeWeights: DecisionCostWeights
  /// Windows in which all is done anew.
  public var walkForward: WalkForward?
  /// Decisions timed per candidate.
  public var latencyDecisions: Int

  public init(name: String, data: DataSource) {
    self.name = name
    self.data = data
    seed = 1
    moreSeeds = []
    moreData = []
    output = OwnModelOutput()
    features = FeatureChoice()
    label = .standard
    split = .standard
    costs = CostChoice()
    execution = ExecutionChoice()
    threshold = .coverage(0.1)
    teacher = TeacherConfiguration()
    candidates = CandidateConfiguration.standard
    objectives = [.netReturn, .bytes]
    budget = Budget()
    choice = .cheapest
    tolerance = 0.1
    margin = 0.1
    evaluatedBefore = 0
    changeWeights = .standard
    latencyDecisions = 20_000
  }
}

extension LabelDefinition {
  /// Up or down over the next 12 candles.
  static let standard: LabelDefinition = {
    // A horizon of 12 is within the range that the initializer checks.
    do { return try LabelDefinition(.direction, horizon: 12) } catch { preconditionFailure("\(error)") }
  }()
}
