import PareBacktest
import PareMarket

/// Figures as a card says them.
extension CardSource {
  func share(_ value: Double?) -> String { value.map { "\(figure(100 * $0)) %" } ?? "undefined" }

  func number(_ value: Double?) -> String { value.map { figure($0) } ?? "undefined" }

  /// A figure of the test part with its 95 % interval, where that is known.
  func withInterval(_ value: Double?, _ key: String, _ words: (Double?) -> String) -> String {
    guard let interval = evidence?.intervals[key], let lower = interval.lower, let upper = interval.upper else { return words(value) }
    return "\(words(value)) (95 % interval \(words(lower)) to \(words(upper)))"
  }

  /// So many candles, and how long that is.
  func candles(_ count: Int) -> String {
    let words = "\(count) \(count == 1 ? "candle" : "candles")"
    guard let length = CandleInterval(spelling: results.data.interval)?.milliseconds else { return words }
    return "\(words) (\(duration(Double(length) * Double(count))))"
  }

  func duration(_ milliseconds: Double) -> String {
    switch milliseconds {
    case 0: "none"
    case ..<1: "\(figure(milliseconds * 1000)) µs"
    case ..<1000: "\(figure(milliseconds)) ms"
    case ..<60_000: "\(figure(milliseconds / 1000)) s"
    case ..<3_600_000: "\(figure(milliseconds / 60_000)) min"
    case ..<86_400_000: "\(figure(milliseconds / 3_600_000)) h"
    default: "\(figure(milliseconds / 86_400_000)) d"
    }
  }

  /// Of the test part, by third of the training part's volatility: decisions, and what was earned on them at the original's threshold.
  var volatilities: [(name: String, decisions: Int, net: Double)] {
    // The original has no comparison of its own; every other's holds the original's money too.
    let regimes = isOriginal ? results.candidates.lazy.compactMap { $0.evidence?.test.regimes }.first : evidence?.regimes
    return regimes?.volatility.compactMap { row in
      row.volatility.map { ($0.rawValue, row.decisions, isOriginal ? row.originalNet : row.candidateNet) }
    } ?? []
  }

  /// By scenario: what was earned, and what the worst day lost.
  var stress: [(name: String, net: Double, worstDailyLoss: Double)] {
    let outcomes = isOriginal ? results.candidates.lazy.compactMap { $0.evidence?.test.stress }.first { !$0.isEmpty } : evidence?.stress
    return outcomes?.map { outcome in
      let side = isOriginal ? outcome.original : outcome.candidate
      return (outcome.name, side.netReturn, side.worstDailyLoss)
    } ?? []
  }

  /// The worst days of the test part, the worst first: date and net return.
  func worstDays(_ count: Int) -> [String] {
    guard let days = evidence?.days else { return [] }
    return zip(days.days, days.net).sorted { $0.1 < $1.1 }.prefix(count).map { "\(UTCTime.text($0).prefix(10)) \(share($1))" }
  }

  /// What was paid on average for trading one side, in basis points.
  var paidBasisPoints: Double? {
    let metrics = money.metrics
    return metrics.tradedNotional > 0 ? 1e4 * metrics.costs / metrics.tradedNotional : nil
  }
}

extension ThresholdPolicy {
  /// Which threshold it is.
  var words: String {
    switch self {
    case .coverage(let share): "the one at which the most confident \(figure(100 * share)) % of the validation part's decisions trade"
    case .fixed(let threshold): figure(threshold)
    case .tuned: "the one whose decisions earned the most on the validation part after costs"
    }
  }
}

extension SizeChoice {
  var words: String {
    switch self {
    case .fixed(let size): "always \(figure(size)) of the notional"
    case .confidence(let least, let most): "by confidence, \(figure(least)) of the notional at the threshold to \(figure(most)) at certainty"
    case .volatility(let target, let candles, let most):
      "to a volatility of \(figure(100 * target)) % a year by the latest \(candles) candles, at most \(figure(most)) of the notional"
    case .kelly(let fraction, let payoff, let most):
      "\(figure(fraction)) of Kelly's size at a payoff of \(figure(payoff)), at most \(figure(most)) of the notional"
    }
  }
}

extension CostChoice {
  var words: String {
    var parts = [
      "\(figure(taking.basisPointsPerSide)) basis points a side: fee \(figure(taking.fee)), half spread \(figure(taking.halfSpread)), "
        + "slippage \(figure(taking.slippage))"
    ]
    if let makerFee { parts.append("maker fee of a take-profit \(figure(makerFee))") }
    parts.append(impact.words)
    switch funding {
    case .none: parts.append("no funding")
    case .constant(let rate): parts.append("funding \(figure(100 * rate)) % at 00:00, 08:00 and 16:00 UTC")
    case .file(let path): parts.append("funding from \(path)")
    }
    parts.append(borrow == 0 ? "no borrowing cost" : "borrowing \(figure(100 * borrow)) % a year")
    return parts.joined(separator: "; ")
  }
}

extension Slippage {
  var words: String {
    switch self {
    case .fixed: "slippage does not grow with order or volatility"
    case .volatility(let multiple, let candles): "slippage grows by \(figure(multiple)) deviations of \(candles) candles"
    case .participation(let multiple, let candles):
      "slippage grows with the root of the share of the traded value, \(figure(multiple)) deviations of \(candles) candles at all of it"
    }
  }
}

extension LatencyChoice {
  var words: String {
    let model =
      switch plan {
      case .nanoseconds(let stated): "\(figure(stated)) ns for the model"
      case .measured: "the model's own 99th percentile"
      }
    return "feed \(figure(feedMicroseconds)) µs, \(model), order \(figure(orderMicroseconds)) µs; price within a candle: \(price.rawValue)"
  }
}

extension Settlement {
  var words: String {
    "what was bought may be sold \(holdingDays == 0 ? "at once" : "after \(holdingDays) days"); "
      + (cashDays.map { "proceeds buy again \($0 == 0 ? "at once" : "after \($0) days")" } ?? "an account on margin")
  }
}
