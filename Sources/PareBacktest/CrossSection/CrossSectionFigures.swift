/// What a portfolio of a cross-section comes to. `docs/panels.md` has the formulas.
///
/// Panels of today's members leave out what was delisted on the way, so absolute returns are too good to be true; what is earned beyond
/// the universe in equal weights suffers much less from it.
public struct CrossSectionFigures: Codable, Sendable, Hashable {
  public let days: Int
  /// Over all days: added up, or multiplied when compounding.
  public let grossReturn: Double
  public let netReturn: Double
  /// Of all days, added up.
  public let costs: Double
  /// Mean net return a day × days a year; nil with fewer than 20 days, like all that are a year's.
  public let annualReturn: Double?
  /// Of the universe in equal weights.
  public let annualBenchmark: Double?
  /// Mean excess a day × days a year.
  public let annualExcess: Double?
  /// Of daily net returns, annualized; nil with fewer than 20 days or without variance.
  public let sharpe: Double?
  /// Of daily excess returns, annualized; nil as the Sharpe ratio is.
  public let informationRatio: Double?
  /// Greatest fall of net equity from its peak: of the notional, or of the peak when compounding.
  public let maxDrawdown: Double
  /// Greatest fall of the excess returns' sum from its peak, of the notional.
  public let excessDrawdown: Double
  /// Notional traded a day.
  public let turnover: Double
  /// The cost a side, in basis points, at which gross returns, added up, are used up; nil where nothing was traded.
  public let breakEvenBasisPoints: Double?
  /// Shares held a day, both sides.
  public let holdings: Double
  public let blockedBuys: Int
  public let blockedSells: Int
  public let discontinuities: Int
  /// Shares held at the end that had no price then.
  public let stranded: Int

  private enum CodingKeys: String, CodingKey {
    case days, grossReturn, netReturn, costs, annualReturn, annualBenchmark, annualExcess, sharpe, informationRatio, maxDrawdown
    case excessDrawdown, turnover, holdings, blockedBuys, blockedSells, discontinuities, stranded
    case breakEvenBasisPoints = "breakEvenBp"
  }

  init(of result: CrossSectionResult) {
    let (steps, yearly) = (result.steps, result.daysPerYear)
    let compounds = result.sizing == .compounding
    let (net, excess) = (steps.map(\.net), steps.map(\.excess))
    func total(_ returns: [Double]) -> Double {
      compounds ? returns.reduce(1) { $0 * (1 + $1) } - 1 : returns.reduce(0, +)
    }
    func annual(_ returns: [Double]) -> Double? {
      returns.count >= RiskRatios.fewestDays ? returns.reduce(0, +) / Double(returns.count) * yearly : nil
    }
    days = steps.count
    (grossReturn, netReturn) = (total(steps.map(\.gross)), total(net))
    costs = steps.reduce(0) { $0 + $1.costs }
    (annualReturn, annualBenchmark, annualExcess) = (annual(net), annual(steps.map(\.benchmark)), annual(excess))
    sharpe = RiskRatios.sharpe(daily: net, daysPerYear: yearly)
    informationRatio = RiskRatios.sharpe(daily: excess, daysPerYear: yearly)
    maxDrawdown = Self.drawdown(of: net, compounds: compounds)
    excessDrawdown = Self.drawdown(of: excess, compounds: false)
    let traded = steps.reduce(0) { $0 + $1.traded }
    turnover = steps.isEmpty ? 0 : traded / Double(steps.count)
    breakEvenBasisPoints = traded > 0 ? steps.reduce(0) { $0 + $1.gross } / traded * 10_000 : nil
    holdings = steps.isEmpty ? 0 : Double(steps.reduce(0) { $0 + $1.longs + $1.shorts }) / Double(steps.count)
    (blockedBuys, blockedSells) = (steps.reduce(0) { $0 + $1.blockedBuys }, steps.reduce(0) { $0 + $1.blockedSells })
    discontinuities = steps.reduce(0) { $0 + $1.discontinuities }
    stranded = result.stranded.count
  }

  private static func drawdown(of returns: [Double], compounds: Bool) -> Double {
    var (equity, drawdown) = (1.0, Drawdown(from: 1, ofPeak: compounds))
    for (step, earned) in returns.enumerated() {
      equity = compounds ? equity * (1 + earned) : equity + earned
      drawdown.note(equity, at: Int64(step + 1))
    }
    return drawdown.depth
  }

  /// Writes a figure that does not exist as null, so that every key is there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(days, forKey: .days)
    try container.encode(grossReturn, forKey: .grossReturn)
    try container.encode(netReturn, forKey: .netReturn)
    try container.encode(costs, forKey: .costs)
    try container.encode(annualReturn, forKey: .annualReturn)
    try container.encode(annualBenchmark, forKey: .annualBenchmark)
    try container.encode(annualExcess, forKey: .annualExcess)
    try container.encode(sharpe, forKey: .sharpe)
    try container.encode(informationRatio, forKey: .informationRatio)
    try container.encode(maxDrawdown, forKey: .maxDrawdown)
    try container.encode(excessDrawdown, forKey: .excessDrawdown)
    try container.encode(turnover, forKey: .turnover)
    try container.encode(breakEvenBasisPoints, forKey: .breakEvenBasisPoints)
    try container.encode(holdings, forKey: .holdings)
    try container.encode(blockedBuys, forKey: .blockedBuys)
    try container.encode(blockedSells, forKey: .blockedSells)
    try container.encode(discontinuities, forKey: .discontinuities)
    try container.encode(stranded, forKey: .stranded)
  }
}
