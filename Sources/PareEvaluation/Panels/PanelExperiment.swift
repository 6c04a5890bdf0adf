import PareBoostedTrees
import PareCompression
import PareMarket

/// An experiment on a panel: models that score all symbols of a universe at once, judged day by day by how they order them.
///
/// ```yaml
/// schema: 1
/// name: c-s3g-csi500
/// seeds: [1, 2, 3]
/// panel: {panel: csi500-daily.csv.gz, bad-rows: skip}
/// groups: {file: csi500-industries.csv}
/// price-limit: 0.1
/// label: {horizon: 1}
/// teacher: [{s3g: {width: 8}}, {s3g: {width: 16}}, {s3g: {width: 32}}, {s3g: {width: 64}}]
/// models:
///   - {name: linear, network: {linear: {}}}
///   - {name: xgboost, trees: {rounds: 200, depth: 4}}
/// candidates:
///   - {name: int8, steps: [{technique: quantization, precision: int8}]}
/// ```
/// Every key but `panel` has a default. The teacher is the smallest of the given networks whose validation IC is within a standard error
/// of the best one's.
public struct PanelExperiment: Sendable, Hashable {
  /// The version of the spelling.
  public static let schema = 1

  public var name: String
  /// All is run with each of them.
  public var seeds: [UInt64]
  /// A panel of a file, or the simulator's.
  public var data: DataSource
  /// Groups of the symbols; nil for none.
  public var groups: PanelGroups?
  /// How far a price may move in a day, as a share of the close before; nil for no limit. Beyond it, and a little for the tick to
  /// which limits are rounded, a move is a split or the like, and a history begins anew.
  public var priceLimit: Double?
  public var features: PanelFeatures
  /// Sessions over which the return runs that is foretold: from the open after a decision.
  public var horizon: Int
  public var split: ChronologicalSplit
  public var days: PanelDays
  public var loss: PanelLoss
  public var training: TrainingSchedule
  /// From the smallest to the largest.
  public var teacher: [PanelArchitecture]
  public var models: [PanelModel]
  public var candidates: [CandidateConfiguration]
  public var portfolio: PanelPortfolio
  /// Nil for one split alone.
  public var walkForward: PanelWalkForward?
  /// The difference of mean ICs up to which a candidate counts as equivalent to the teacher.
  public var margin: Double

  public init(name: String, data: DataSource) {
    self.name = name
    self.data = data
    seeds = [1]
    features = PanelFeatures()
    horizon = 1
    split = .standard
    days = PanelDays()
    loss = PanelLoss()
    training = PanelExperiment.schedule
    teacher = [8, 16, 32, 64].map { PanelArchitecture(S3GSettings(width: $0, rank: max($0 / 4, 4))) }
    models = PanelModel.standard
    candidates = []
    portfolio = PanelPortfolio()
    margin = 0.005
  }

  /// Returns of shares are nearly noise: a strong pull towards zero, and an early end.
  public static let schedule = TrainingSchedule(epochs: 30, batchSize: 2, learningRate: 1e-3, weightDecay: 0.3, patience: 5, gradientNorm: 1)
}

/// A file that says which groups symbols belong to.
public struct PanelGroups: Sendable, Hashable {
  /// A relative path counts from the experiment file's folder.
  public var file: String
  /// The column that names the group; nil for the only one of the usual names.
  public var column: String?

  public init(file: String, column: String? = nil) {
    (self.file, self.column) = (file, column)
  }
}

/// What is computed of each symbol's candles.
public struct PanelFeatures: Sendable, Hashable {
  public var columns: [Feature]
  /// Nil for features as they are.
  public var denoising: WaveletDenoising?
  /// Units of standard deviation, across the symbols of a day, to which features are clipped.
  public var clip: Double

  public init(columns: [Feature] = Feature.alpha(), denoising: WaveletDenoising? = nil, clip: Double = 3) {
    (self.columns, self.denoising, self.clip) = (columns, denoising, clip)
  }
}

/// How a network sees the days that it learns from: so many at once, of which the first are there for their states and are not learned.
public struct PanelDays: Sendable, Hashable {
  public var count: Int
  public var warmUp: Int

  public init(count: Int = 30, warmUp: Int = 10) {
    (self.count, self.warmUp) = (count, warmUp)
  }
}

/// What networks make small; see `CrossSectionRegression`.
public struct PanelLoss: Sendable, Hashable {
  public var squaredError: Double
  public var correlation: Double
  public var ranking: Double

  public init(squaredError: Double = 0.5, correlation: Double = 1, ranking: Double = 0) {
    (self.squaredError, self.correlation, self.ranking) = (squaredError, correlation, ranking)
  }
}

/// A model that is trained beside the teacher, to be compared with it.
public struct PanelModel: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case network(PanelArchitecture)
    /// Boosted trees on each symbol's row of each day, grown by XGBoost's library.
    case trees(BoostingSettings)
  }

  /// Also the artifact's file name.
  public var name: String
  public var kind: Kind
  /// Whether it sees features with the noise taken out, where the experiment takes it out.
  public var isDenoised: Bool

  public init(_ name: String, _ kind: Kind, isDenoised: Bool = true) {
    (self.name, self.kind, self.isDenoised) = (name, kind, isDenoised)
  }

  /// Settings of trees unless told otherwise.
  public static let trees = BoostingSettings(
    rounds: 200, depth: 4, learningRate: 0.03, minimumChildWeight: 50, lambda: 10, subsample: 0.5, columnShare: 0.5, earlyStoppingRounds: 30,
    bins: 64)

  /// What shares are usually foretold by, and the teacher's kind without each of its parts.
  public static let standard: [PanelModel] = [
    PanelModel("linear", .network(PanelArchitecture(PanelLinearSettings()))),
    PanelModel("xgboost", .trees(trees)),
    PanelModel("mlp", .network(PanelArchitecture(PanelPerceptronSettings(hidden: [32])))),
    PanelModel("lstm", .network(PanelArchitecture(PanelLSTMSettings(hidden: [32])))),
    PanelModel("gru", .network(PanelArchitecture(PanelGRUSettings(hidden: [32])))),
    PanelModel("transformer", .network(PanelArchitecture(PanelTransformerSettings(layers: 1)))),
    PanelModel("graph-transformer", .network(PanelArchitecture(PanelGraphTransformerSettings()))),
    PanelModel("s3g-no-graph", .network(PanelArchitecture(S3GSettings(graph: false)))),
    PanelModel("s3g-no-state-space", .network(PanelArchitecture(S3GSettings(stateSpace: false)))),
    PanelModel("s3g-no-wavelet", .network(PanelArchitecture(S3GSettings())), isDenoised: false),
  ]
}

/// The portfolio that a model's scores are followed with; see `CrossSectionPortfolio`.
public struct PanelPortfolio: Sendable, Hashable {
  /// Nil for a tenth of the symbols.
  public var top: Int?
  /// Nil for a tenth of `top`, at least 1.
  public var drop: Int?
  /// Basis points a side.
  public var cost: Double
  /// Basis points of sales besides.
  public var stampDuty: Double

  public init(top: Int? = nil, drop: Int? = nil, cost: Double = 5, stampDuty: Double = 0) {
    (self.top, self.drop, self.cost, self.stampDuty) = (top, drop, cost, stampDuty)
  }
}
