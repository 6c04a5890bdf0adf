/// A figure of trades, by the key that results know it by.
public enum TradeFigure: String, Codable, Sendable, CaseIterable {
  case hitRate = "hit_rate"
  case profitFactor = "profit_factor"
  case averageWin = "average_win"
  case averageLoss = "average_loss"

  /// Of the net returns of trades; nil where it is undefined, as with fewer than 20 of them.
  func value(of trades: [Double]) -> Double? {
    guard trades.count >= TradeIntervals.fewestTrades else { return nil }
    var (won, lost, winning) = (0.0, 0.0, 0)
    for trade in trades {
      if trade > 0 {
        won += trade
        winning += 1
      } else {
        lost += trade
      }
    }
    switch self {
    case .hitRate: return Double(winning) / Double(trades.count)
    case .profitFactor: return lost < 0 ? won / -lost : nil
    case .averageWin: return winning > 0 ? won / Double(winning) : nil
    case .averageLoss: return winning < trades.count ? lost / Double(trades.count - winning) : nil
    }
  }
}

/// The figures of trades, each with its interval. Trades are resampled in the order in which they ended, in blocks.
public struct TradeIntervals: Sendable, Hashable {
  /// Fewer trades say nothing.
  public static let fewestTrades = 20

  private let intervals: [TradeFigure: ConfidenceInterval]

  public subscript(figure: TradeFigure) -> ConfidenceInterval {
    intervals[figure] ?? ConfidenceInterval(nil, resamples: [])
  }

  /// - Parameters:
  ///   - trades: net return of each, in the order in which they ended.
  ///   - bootstrap: nil takes the one that suits the trades.
  public init(of trades: [Double], level: Double = 0.95, bootstrap: StationaryBootstrap? = nil) {
    let figures = TradeFigure.allCases
    let bootstrap = bootstrap ?? .suited(to: trades)
    let resamples =
      trades.count >= Self.fewestTrades
      ? bootstrap.distributions(of: trades, figures.map { figure in { figure.value(of: $0) } }) : []
    var intervals: [TradeFigure: ConfidenceInterval] = [:]
    for (index, figure) in figures.enumerated() {
      intervals[figure] = ConfidenceInterval(
        figure.value(of: trades), resamples: resamples.isEmpty ? [] : resamples[index], level: level)
    }
    self.intervals = intervals
  }
}
