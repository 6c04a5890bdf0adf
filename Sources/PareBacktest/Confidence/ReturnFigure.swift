/// A figure of daily returns, by the key that results know it by.
public enum ReturnFigure: String, Codable, Sendable, CaseIterable {
  case grossReturn = "gross_return"
  case netReturn = "net_return"
  case annualGrowth = "cagr"
  case volatility, sharpe, sortino, calmar
  case informationRatio = "information_ratio"
  case maxDrawdown = "max_drawdown"
  case valueAtRisk = "var95"
  case expectedShortfall = "cvar95"
  case breakEven = "break_even_bp"
  case costShare = "cost_share"
  case turnover, exposure, trades
}

/// Days column by column, as figures read them; a resample of days is another one of these.
struct DayColumns {
  var gross: [Double]
  var net: [Double]
  var traded: [Double]
  var held: [Double]
  var steps: [Double]
  var trades: [Double]
  /// Net returns of a benchmark on the same days; empty where there is none.
  var benchmark: [Double]

  init(_ days: [DailyReturn], benchmark: [Double]) {
    gross = days.map(\.gross)
    net = days.map(\.net)
    traded = days.map(\.traded)
    held = days.map(\.held)
    steps = days.map { Double($0.steps) }
    trades = days.map { Double($0.trades) }
    self.benchmark = benchmark
  }

  /// Takes the days at `places` of another.
  mutating func take(_ places: [Int], of other: DayColumns) {
    for (step, place) in places.enumerated() {
      gross[step] = other.gross[place]
      net[step] = other.net[place]
      traded[step] = other.traded[place]
      held[step] = other.held[place]
      steps[step] = other.steps[place]
      trades[step] = other.trades[place]
      if !benchmark.isEmpty { benchmark[step] = other.benchmark[place] }
    }
  }

  /// A figure of these days; nil where it is undefined, as with fewer than 20 of them.
  func value(of figure: ReturnFigure, _ execution: Execution) -> Double? {
    guard net.count >= RiskRatios.fewestDays else { return nil }
    let yearly = execution.calendar.daysPerYear
    let compounding = execution.sizing == .compounding
    switch figure {
    case .grossReturn: return Self.total(gross, compounding)
    case .netReturn: return Self.total(net, compounding)
    case .annualGrowth:
      return RiskRatios.annualGrowth(of: Self.total(net, compounding), days: net.count, daysPerYear: yearly)
    case .volatility: return RiskRatios.volatility(daily: net, daysPerYear: yearly)
    case .sharpe: return RiskRatios.sharpe(daily: net, daysPerYear: yearly)
    case .sortino: return RiskRatios.sortino(daily: net, daysPerYear: yearly)
    case .calmar:
      return RiskRatios.calmar(annualGrowth: value(of: .annualGrowth, execution), maxDrawdown: maxDrawdown(compounding))
    case .informationRatio:
      return benchmark.isEmpty ? nil : RiskRatios.information(daily: net, benchmark: benchmark, daysPerYear: yearly)
    case .maxDrawdown: return maxDrawdown(compounding)
    case .valueAtRisk: return TailRisk.valueAtRisk(daily: net)
    case .expectedShortfall: return TailRisk.expectedShortfall(daily: net)
    case .breakEven:
      let notional = Self.total(traded, false)
      return notional > 0 ? Self.total(gross, false) / notional * 10_000 : nil
    case .costShare:
      let before = Self.total(gross, false)
      return before > 0 ? (before - Self.total(net, false)) / before : nil
    case .turnover: return Self.total(traded, false) / Double(net.count)
    case .exposure:
      let count = Self.total(steps, false)
      return count > 0 ? Self.total(held, false) / count : nil
    case .trades: return Self.total(trades, false)
    }
  }

  /// Read once a day, so at most as deep as that of every step.
  private func maxDrawdown(_ compounding: Bool) -> Double {
    var equity = compounding ? 1.0 : 0.0
    var (peak, depth) = (equity, 0.0)
    for day in net {
      if compounding { equity *= 1 + day } else { equity += day }
      peak = max(peak, equity)
      depth = max(depth, compounding ? (peak - equity) / peak : peak - equity)
    }
    return depth
  }

  private static func total(_ days: [Double], _ compounding: Bool) -> Double {
    compounding ? days.reduce(1) { $0 * (1 + $1) } - 1 : days.reduce(0, +)
  }
}
