import Foundation
import PareMarket

/// How volatile and how directed the latest candles were when a decision was made.
public struct Regime: Codable, Sendable, Hashable {
  /// The third of the training part's deviations that the trailing one would lie in.
  public enum Volatility: String, Codable, Sendable, CaseIterable {
    case low, middle, high
  }

  /// The sign of the trailing return where that is beyond one deviation of such a return.
  public enum Trend: String, Codable, Sendable, CaseIterable {
    case down, flat, up
  }

  public let volatility: Volatility
  public let trend: Trend

  public init(volatility: Volatility, trend: Trend) {
    self.volatility = volatility
    self.trend = trend
  }
}

/// How many candles a regime looks back at, and where the thirds of volatility lie.
public struct RegimeCuts: Codable, Sendable, Hashable {
  /// Closes looked back at, the decision's own included.
  public let candles: Int
  /// Deviations of a candle's log return that end the low third and begin the high one.
  public let low: Double
  public let high: Double

  /// - Parameter candles: 3 to 1,000,000.
  /// - Throws: `backtest.regimes` for other candles, or cuts that are negative, not finite or in disorder.
  public init(candles: Int, low: Double, high: Double) throws(BacktestError) {
    guard (3...1_000_000).contains(candles) else {
      throw BacktestError(
        "regimes", subject: "regimes.candles", expected: "3 to 1000000", found: "\(candles)", category: .usage)
    }
    guard low >= 0, low <= high, high.isFinite else {
      throw BacktestError("regimes", subject: "regimes", expected: "0 ≤ low ≤ high", found: "\(low) and \(high)")
    }
    self.candles = candles
    self.low = low
    self.high = high
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      candles: container.decode(Int.self, forKey: .candles), low: container.decode(Double.self, forKey: .low),
      high: container.decode(Double.self, forKey: .high))
  }

  /// Cuts at the thirds of the trailing deviations of the training part, from windows that lie within it.
  ///
  /// - Parameters:
  ///   - training: the candles that may be looked at.
  ///   - window: closes looked back at.
  /// - Throws: `backtest.range` where `training` is not within the candles; `backtest.regimes`;
  ///   `backtest.too-few-candles` for a training part with less than three windows.
  public static func fitted(
    on candles: TradedCandles, training: Range<Int>, window: Int = 100
  ) throws(BacktestError) -> RegimeCuts {
    guard training.lowerBound >= 0, training.upperBound <= candles.count else {
      throw BacktestError(
        "range", subject: "training", expected: "candles within 0 ..< \(candles.count)", found: "\(training)")
    }
    _ = try RegimeCuts(candles: window, low: 0, high: 0)
    guard training.count >= window + 2 else {
      throw BacktestError(
        "too-few-candles", subject: "training", expected: "\(window + 2) candles or more", found: "\(training.count)")
    }
    let deviations = TrailingMoments(candles, window: window).deviations
    let sorted = training.dropFirst(window - 1).map { deviations[$0 + 1] }.sorted()
    return try RegimeCuts(
      candles: window, low: Quantile.interpolated(1.0 / 3, of: sorted), high: Quantile.interpolated(2.0 / 3, of: sorted))
  }
}

/// The regime at the close of each candle, from nothing later.
public struct Regimes: Sendable, Hashable {
  /// One per candle; nil before there are as many candles as are looked back at.
  public let labels: [Regime?]

  /// With σ the sample deviation of the log returns between the latest `n` closes: low volatility up to the low cut, high
  /// above the high one; a trend where the log return from the first of these closes to the last is beyond `σ · √(n − 1)`.
  public init(of candles: TradedCandles, cuts: RegimeCuts) {
    let deviations = TrailingMoments(candles, window: cuts.candles).deviations
    let gaps = Double(cuts.candles - 1).squareRoot()
    labels = candles.times.indices.map { candle in
      let first = candle - cuts.candles + 1
      guard first >= 0 else { return nil }
      let deviation = deviations[candle + 1]
      let gained = log(candles.closes[candle] / candles.closes[first])
      return Regime(
        volatility: deviation <= cuts.low ? .low : deviation > cuts.high ? .high : .middle,
        trend: gained > deviation * gaps ? .up : gained < -deviation * gaps ? .down : .flat)
    }
  }
}
