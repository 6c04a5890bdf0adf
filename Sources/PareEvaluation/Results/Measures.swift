import PareBacktest
import PareTensor

/// What a candidate is worth on one part of the data. `docs/backtest.md` defines each figure.
///
/// Figures of scores and of money stand side by side in JSON.
public struct Measures: Codable, Sendable, Equatable {
  public var scores: ClassificationMetrics
  /// Accuracy above that of always saying the training part's majority class, on the same rows. Where the market's
  /// truth is known, both are expectations under the true probabilities instead of counts of sampled labels.
  public var skill: Double
  /// Share of rows on which the most probable class is the teacher's.
  public var agreement: Double
  public var coefficients: Coefficients
  public var flips: Flips
  public var money: Money
  /// The same model at the teacher's thresholds instead of its own.
  public var atTeacherThresholds: FillOneLater

  /// How p(up) − p(down) goes with the returns that followed: means over dates across several symbols, or correlations along
  /// time where there is one.
  public struct Coefficients: Codable, Sendable, Equatable {
    @ExplicitNull public var ic: Double?
    @ExplicitNull public var rankIc: Double?
    /// Mean over deviation, by date; null for one symbol.
    @ExplicitNull public var icir: Double?

    public init(ic: Double? = nil, rankIc: Double? = nil, icir: Double? = nil) {
      self.ic = ic
      self.rankIc = rankIc
      self.icir = icir
    }
  }

  private enum CodingKeys: String, CodingKey {
    case skill, agreement, flips, atTeacherThresholds
  }

  public init(
    scores: ClassificationMetrics, skill: Double, agreement: Double, coefficients: Coefficients = Coefficients(), flips: Flips,
    money: Money, atTeacherThresholds: FillOneLater
  ) {
    self.scores = scores
    self.skill = skill
    self.agreement = agreement
    self.coefficients = coefficients
    self.flips = flips
    self.money = money
    self.atTeacherThresholds = atTeacherThresholds
  }

  public init(from decoder: any Decoder) throws {
    scores = try ClassificationMetrics(from: decoder)
    coefficients = try Coefficients(from: decoder)
    money = try Money(from: decoder)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    skill = try container.decode(Double.self, forKey: .skill)
    agreement = try container.decode(Double.self, forKey: .agreement)
    flips = try container.decode(Flips.self, forKey: .flips)
    atTeacherThresholds = try container.decode(FillOneLater.self, forKey: .atTeacherThresholds)
  }

  public func encode(to encoder: any Encoder) throws {
    try scores.encode(to: encoder)
    try coefficients.encode(to: encoder)
    try money.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(skill, forKey: .skill)
    try container.encode(agreement, forKey: .agreement)
    try container.encode(flips, forKey: .flips)
    try container.encode(atTeacherThresholds, forKey: .atTeacherThresholds)
  }
}

/// Decisions that differ from the teacher's at the teacher's thresholds.
public struct Flips: Codable, Sendable, Equatable {
  /// The teacher takes a position, the candidate none.
  public var missed: Int
  /// The teacher takes none, the candidate does.
  public var `false`: Int
  /// They take opposite ones.
  public var reversed: Int
  /// All three over the number of decisions.
  public var rate: Double
  /// Of the decisions in which either takes a position, the share in which both take the same.
  @ExplicitNull public var equalPositions: Double?
  /// What the changes cost a decision, each kind by its weight.
  public var cost: Double

  public init(
    missed: Int, false falseSignals: Int, reversed: Int, rate: Double, equalPositions: Double? = nil, cost: Double = 0
  ) {
    self.missed = missed
    self.false = falseSignals
    self.reversed = reversed
    self.rate = rate
    self.equalPositions = equalPositions
    self.cost = cost
  }
}

/// Return and Sharpe ratio under another assumption.
public struct FillOneLater: Codable, Sendable, Equatable {
  public var netReturn: Double
  @ExplicitNull public var sharpe: Double?

  public init(netReturn: Double, sharpe: Double?) {
    self.netReturn = netReturn
    self.sharpe = sharpe
  }
}
