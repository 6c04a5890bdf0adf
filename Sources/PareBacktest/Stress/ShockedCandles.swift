import Foundation
import PareMarket

/// A series with a scenario's shocks in it. Nothing before a shock is changed by it.
public struct ShockedCandles: Sendable, Equatable {
  public let series: CandleSeries
  /// What half the spread is multiplied by for orders in each candle; 1 where nothing widens it. Where several do, the widest counts.
  public let spreadMultiples: [Double]

  /// Shocks act one after the other in the order of their times, each on what those before it left.
  ///
  /// - Parameter window: closes before a gap that its deviation is of, 3 or more.
  /// - Throws: `backtest.stress` for a shock that has too few candles before or after it, or another window;
  ///   `backtest.prices` where prices leave the numbers that there are.
  public init(
    _ original: CandleSeries, _ scenario: StressScenario, window: Int = 100
  ) throws(BacktestError) {
    guard window >= TrailingMoments.fewest else {
      throw BacktestError(
        "stress", subject: "stress.window", expected: "\(TrailingMoments.fewest) candles or more", found: "\(window)",
        category: .usage)
    }
    var candles = original.candles
    var multiples = [Double](repeating: 1, count: candles.count)
    let plantings = scenario.plantings.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
    for planting in plantings.map(\.element) {
      let shock = planting.shock
      let first = candles.firstIndex { $0.start >= planting.time } ?? candles.count
      guard first >= shock.history, shock.candles <= candles.count - first else {
        throw BacktestError(
          "stress", subject: "\(scenario.name), shock at \(planting.time)",
          expected: "\(shock.history) candles before it and \(shock.candles) from it on",
          found: "\(first) and \(candles.count - first)")
      }
      let span = first..<first + shock.candles
      switch shock {
      case .gap(let deviations):
        let deviation = TrailingMoments(try TradedCandles(candles[..<first]), window: window).deviations[first]
        let factor = exp(deviations * deviation)
        for candle in first..<candles.count { candles[candle].scale(by: factor) }
      case .spreadWidening(let multiple, _):
        for candle in span { multiples[candle] = max(multiples[candle], multiple) }
      case .volatilityBurst(let multiple, _):
        Self.stretch(&candles, span, by: multiple)
      }
    }
    _ = try TradedCandles(candles)
    series = CandleSeries(key: original.key, candles: candles, calendar: original.calendar)
    spreadMultiples = multiples
  }

  /// Moves prices away from the straight line, in logarithms, from the close before the span to the span's last close.
  ///
  /// Opens and closes stray by the multiple of what they did, and so do highs above and lows below them; the last close stays.
  private static func stretch(_ candles: inout [Candle], _ span: Range<Int>, by multiple: Double) {
    let base = log(candles[span.lowerBound - 1].close)
    let slope = (log(candles[span.upperBound - 1].close) - base) / Double(span.count)
    for candle in span {
      let old = candles[candle]
      let line = base + slope * Double(candle - span.lowerBound)
      let isLast = candle == span.upperBound - 1
      let open = exp(line + multiple * (log(old.open) - line))
      let close = isLast ? old.close : exp(line + slope + multiple * (log(old.close) - line - slope))
      candles[candle].open = open
      candles[candle].close = close
      candles[candle].high = max(open, close) * exp(multiple * log(old.high / max(old.open, old.close)))
      candles[candle].low = min(open, close) * exp(multiple * log(old.low / min(old.open, old.close)))
      candles[candle].turnover = old.turnover.map { $0 * (close / old.close) }
    }
  }
}

extension Candle {
  /// Multiplies every price, and what was traded in the quote currency.
  fileprivate mutating func scale(by factor: Double) {
    open *= factor
    high *= factor
    low *= factor
    close *= factor
    turnover = turnover.map { $0 * factor }
  }
}
