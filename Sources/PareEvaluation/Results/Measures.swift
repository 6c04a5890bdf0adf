import PareTensor

/// What a candidate is worth on one part of the data.
public struct Measures: Codable, Sendable, Equatable {
  public var accuracy: Double
  public var balancedAccuracy: Double
  public var logLoss: Double
  /// Accuracy above that of always saying the training part's majority class, on the same rows. Where the market's
  /// truth is known, both are expectations under the true probabilities instead of counts of sampled labels.
  public var skill: Double
  /// Share of rows on which the most probable class is the teacher's.
  public var agreement: Double
  public var flips: Flips
  public var grossReturn: Double
  public var netReturn: Double
  @ExplicitNull public var breakEvenBp: Double?
  @ExplicitNull public var sharpe: Double?
  @ExplicitNull public var sortino: Double?
  public var maxDrawdown: Double
  public var turnover: Double
  public var trades: Int
  @ExplicitNull public var hitRate: Double?
  public var costs: Double
  /// The same decisions, each filled one candle later.
  public var fillOneLater: FillOneLater
  /// The same model at the teacher's thresholds instead of its own.
  public var atTeacherThresholds: FillOneLater

  public init(
    accuracy: Double, balancedAccuracy: Double, logLoss: Double, skill: Double, agreement: Double, flips: Flips,
    money: Money, atTeacherThresholds: FillOneLater
  ) {
    self.accuracy = accuracy
    self.balancedAccuracy = balancedAccuracy
    self.logLoss = logLoss
    self.skill = skill
    self.agreement = agreement
    self.flips = flips
    grossReturn = money.grossReturn
    netReturn = money.netReturn
    breakEvenBp = money.breakEvenBp
    sharpe = money.sharpe
    sortino = money.sortino
    maxDrawdown = money.maxDrawdown
    turnover = money.turnover
    trades = money.trades
    hitRate = money.hitRate
    costs = money.costs
    fillOneLater = money.fillOneLater
    self.atTeacherThresholds = atTeacherThresholds
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

  public init(missed: Int, false falseSignals: Int, reversed: Int, rate: Double, equalPositions: Double? = nil) {
    self.missed = missed
    self.false = falseSignals
    self.reversed = reversed
    self.rate = rate
    self.equalPositions = equalPositions
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

/// Figures of a backtest alone; `docs/backtest.md` defines each.
public struct Money: Codable, Sendable, Equatable {
  public var grossReturn: Double
  public var netReturn: Double
  @ExplicitNull public var breakEvenBp: Double?
  @ExplicitNull public var sharpe: Double?
  @ExplicitNull public var sortino: Double?
  public var maxDrawdown: Double
  public var turnover: Double
  public var trades: Int
  @ExplicitNull public var hitRate: Double?
  public var costs: Double
  public var fillOneLater: FillOneLater

  public init(
    grossReturn: Double, netReturn: Double, breakEvenBp: Double?, sharpe: Double?, sortino: Double?,
    maxDrawdown: Double, turnover: Double, trades: Int, hitRate: Double?, costs: Double, fillOneLater: FillOneLater
  ) {
    self.grossReturn = grossReturn
    self.netReturn = netReturn
    self.breakEvenBp = breakEvenBp
    self.sharpe = sharpe
    self.sortino = sortino
    self.maxDrawdown = maxDrawdown
    self.turnover = turnover
    self.trades = trades
    self.hitRate = hitRate
    self.costs = costs
    self.fillOneLater = fillOneLater
  }
}

/// What could be known at all, on a simulated market. All as expectations under the truth, like `Measures.skill`.
public struct TruthSummary: Codable, Sendable, Equatable {
  /// One part of the data.
  public struct Part: Codable, Sendable, Equatable {
    /// Skill of the exact filter on what is observed: the most that any model can reach.
    public var bayesSkill: Double
    /// Skill of one who sees the hidden state.
    public var oracleSkill: Double
    public var bayesLogLoss: Double

    public init(bayesSkill: Double, oracleSkill: Double, bayesLogLoss: Double) {
      self.bayesSkill = bayesSkill
      self.oracleSkill = oracleSkill
      self.bayesLogLoss = bayesLogLoss
    }
  }

  public var validation: Part
  public var test: Part
  /// The simulator's own summary of the market, a figure a line.
  public var market: [String]

  public init(validation: Part, test: Part, market: [String]) {
    self.validation = validation
    self.test = test
    self.market = market
  }
}
