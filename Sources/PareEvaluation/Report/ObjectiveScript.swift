/// Figures as pages draw them: what an axis says, where the figure lies in the JSON of a model, and its unit.
enum ObjectiveScript {
  /// Defines `objectives`, by word: `{title, path, unit, isQuality, isGreaterBetter, isSigned}`. Paths that begin with `validation` are of a
  /// part's measures; the others are of the model.
  static var script: String {
    let entries = Objective.allCases.map { objective in
      let path = objective.path.map { "'\($0)'" }.joined(separator: ", ")
      return "'\(objective.rawValue)': { title: '\(objective.title)', path: [\(path)], unit: '\(objective.unit.rawValue)', "
        + "isQuality: \(objective.isQuality), isGreaterBetter: \(objective.isGreaterBetter), isSigned: \(objective.isSigned) }"
    }
    return """
      const objectives = {
        \(entries.joined(separator: ",\n  ")) };
      const units = { share: percent, number: v => number(v, Math.abs(v) < 1 ? 4 : 2), bytes, count: whole, nanoseconds: v => number(v, v < 100 ? 1 : 0), 'basis points': number };
      const followed = (value, path) => path.reduce((value, key) => isMissing(value) ? value : value[key], value);
      """
  }
}

extension Objective {
  enum Unit: String {
    case share, number, bytes, count, nanoseconds
    case basisPoints = "basis points"
  }

  /// What an axis says.
  var title: String {
    switch self {
    case .netReturn: "net return"
    case .grossReturn: "gross return"
    case .cagr: "yearly growth"
    case .volatility: "volatility"
    case .sharpe: "Sharpe ratio"
    case .sortino: "Sortino ratio"
    case .calmar: "Calmar ratio"
    case .informationRatio: "information ratio"
    case .maxDrawdown: "largest drawdown"
    case .valueAtRisk: "daily value at risk, 95 %"
    case .expectedShortfall: "daily expected shortfall, 95 %"
    case .breakEven: "break-even cost a side"
    case .costShare: "share of gross that costs take"
    case .turnover: "turnover a day"
    case .exposure: "exposure"
    case .hitRate: "hit rate"
    case .profitFactor: "profit factor"
    case .accuracy: "accuracy"
    case .balancedAccuracy: "balanced accuracy"
    case .f1: "F1, mean of the classes"
    case .auc: "area under the curve"
    case .logLoss: "log loss"
    case .brier: "Brier score"
    case .calibrationError: "calibration error"
    case .ic: "correlation with returns"
    case .rankIC: "rank correlation with returns"
    case .skill: "skill"
    case .agreement: "agreement"
    case .decisionsChanged: "decisions changed"
    case .changeCost: "weighted cost of changed decisions"
    case .bytes: "artifact"
    case .planBytes: "resident in the plan"
    case .parameters: "parameters"
    case .multiplyAdds: "multiply-adds"
    case .latency: "one decision"
    case .tailLatency: "one decision, 99th percentile"
    }
  }

  var unit: Unit {
    switch self {
    case .bytes, .planBytes: .bytes
    case .parameters, .multiplyAdds: .count
    case .latency, .tailLatency: .nanoseconds
    case .breakEven: .basisPoints
    case .netReturn, .grossReturn, .cagr, .volatility, .maxDrawdown, .valueAtRisk, .expectedShortfall, .costShare, .exposure, .hitRate,
      .accuracy, .balancedAccuracy, .skill, .agreement, .decisionsChanged:
      .share
    default: .number
    }
  }

  /// Whether zero parts the good from the bad.
  var isSigned: Bool {
    switch self {
    case .netReturn, .grossReturn, .cagr, .sharpe, .sortino, .calmar, .informationRatio, .breakEven, .ic, .rankIC, .skill: true
    default: false
    }
  }

  /// Keys from a model's JSON to the figure. F1 is one for each class there.
  var path: [String] {
    switch self {
    case .valueAtRisk: ["validation", "var95"]
    case .expectedShortfall: ["validation", "cvar95"]
    case .breakEven: ["validation", "break_even_bp"]
    case .decisionsChanged: ["validation", "flips", "rate"]
    case .changeCost: ["validation", "flips", "cost"]
    case .f1: ["validation", "mean_f1"]
    case .latency: ["latency_ns", "p50"]
    case .tailLatency: ["latency_ns", "p99"]
    case .bytes, .planBytes, .parameters, .multiplyAdds: [key]
    default: ["validation", key]
    }
  }

  private var key: String { rawValue.replacing("-", with: "_") }
}
