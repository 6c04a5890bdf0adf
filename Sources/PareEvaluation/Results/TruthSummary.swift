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
