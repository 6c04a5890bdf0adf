import PareTensor

/// A figure that candidates are compared by, on the validation part, and whether more of it is better.
public enum Objective: String, Codable, Sendable, CaseIterable {
  case netReturn = "net-return"
  case grossReturn = "gross-return"
  case cagr, volatility, sharpe, sortino, calmar
  case informationRatio = "information-ratio"
  case maxDrawdown = "max-drawdown"
  case valueAtRisk = "value-at-risk"
  case expectedShortfall = "expected-shortfall"
  case breakEven = "break-even"
  case costShare = "cost-share"
  case turnover, exposure
  case hitRate = "hit-rate"
  case profitFactor = "profit-factor"
  case accuracy
  case balancedAccuracy = "balanced-accuracy"
  case f1, auc
  case logLoss = "log-loss"
  case brier
  case calibrationError = "calibration-error"
  case ic
  case rankIC = "rank-ic"
  case skill
  case agreement
  case decisionsChanged = "decisions-changed"
  case changeCost = "change-cost"
  case bytes
  case planBytes = "plan-bytes"
  case parameters
  case multiplyAdds = "multiply-adds"
  case latency
  case tailLatency = "latency-p99"

  /// The figure itself; nil where it is undefined. Of a model that never trades nothing of its money is defined, so that
  /// keeping still wins nothing.
  public func value(of candidate: some JudgedModel) -> Double? {
    let measures = candidate.validation
    if isMoney, measures.money.metrics.trades == 0 { return nil }
    let metrics = measures.money.metrics
    let value: Double? =
      switch self {
      case .netReturn: metrics.netReturn
      case .grossReturn: metrics.grossReturn
      case .cagr: metrics.annualGrowth
      case .volatility: metrics.volatility
      case .sharpe: metrics.sharpe
      case .sortino: metrics.sortino
      case .calmar: metrics.calmar
      case .informationRatio: measures.money.informationRatio
      case .maxDrawdown: metrics.maxDrawdown
      case .valueAtRisk: metrics.valueAtRisk
      case .expectedShortfall: metrics.expectedShortfall
      case .breakEven: metrics.breakEvenBasisPoints
      case .costShare: metrics.costShare
      case .turnover: metrics.turnover
      case .exposure: metrics.exposure
      case .hitRate: metrics.hitRate
      case .profitFactor: metrics.profitFactor
      case .accuracy: measures.scores.accuracy
      case .balancedAccuracy: measures.scores.balancedAccuracy
      case .f1: measures.scores.meanF1
      case .auc: measures.scores.areaUnderCurve
      case .logLoss: measures.scores.logLoss
      case .brier: measures.scores.brier
      case .calibrationError: measures.scores.calibrationError
      case .ic: measures.coefficients.ic
      case .rankIC: measures.coefficients.rankIc
      case .skill: measures.skill
      case .agreement: measures.agreement
      case .decisionsChanged: measures.flips.rate
      case .changeCost: measures.flips.cost
      case .bytes: Double(candidate.bytes)
      case .planBytes: Double(candidate.planBytes)
      case .parameters: Double(candidate.parameters)
      case .multiplyAdds: candidate.multiplyAdds.map(Double.init)
      case .latency: candidate.decisionNanoseconds
      case .tailLatency: candidate.tailNanoseconds
      }
    return value.flatMap { $0.isNaN ? nil : $0 }
  }

  /// The figure, turned so that less is better. Undefined figures are worst.
  public func cost(of candidate: some JudgedModel) -> Double {
    guard let value = value(of: candidate) else { return .infinity }
    return isGreaterBetter ? -value : value
  }

  /// Whether the figure says how well a candidate does, not what it takes to run.
  public var isQuality: Bool {
    switch self {
    case .bytes, .planBytes, .parameters, .multiplyAdds, .latency, .tailLatency: false
    default: true
    }
  }

  public var isGreaterBetter: Bool {
    switch self {
    case .netReturn, .grossReturn, .cagr, .sharpe, .sortino, .calmar, .informationRatio, .breakEven, .hitRate, .profitFactor,
      .accuracy, .balancedAccuracy, .f1, .auc, .ic, .rankIC, .skill, .agreement:
      true
    default: false
    }
  }

  /// Whether the figure is of what positions earn or cost.
  public var isMoney: Bool {
    switch self {
    case .netReturn, .grossReturn, .cagr, .volatility, .sharpe, .sortino, .calmar, .informationRatio, .maxDrawdown, .valueAtRisk,
      .expectedShortfall, .breakEven, .costShare, .turnover, .exposure, .hitRate, .profitFactor:
      true
    default: false
    }
  }

  /// Whether a figure above zero is what there is to keep.
  var isEarnings: Bool {
    switch self {
    case .netReturn, .cagr, .sharpe, .sortino, .calmar: true
    default: false
    }
  }
}
