import Foundation

/// What is known of the latest candles before each one, and after the last.
struct TrailingMoments {
  /// Candles before which nothing is known of a deviation.
  static let fewest = 3

  /// Sample deviation of the log returns between the latest closes; 0 with fewer than 3 closes. One more than candles.
  private(set) var deviations: [Double] = []
  /// Mean of volume × close; 0 without a candle. One more than candles.
  private(set) var tradedValues: [Double] = []

  /// - Parameter window: candles looked back at, 3 or more.
  init(_ candles: TradedCandles, window: Int) {
    let returns = [0] + zip(candles.closes, candles.closes.dropFirst()).map { log($1 / $0) }
    var (sum, squares, value) = (0.0, 0.0, 0.0)
    for candle in 0...candles.count {
      let held = min(candle, window)
      let gaps = Double(max(held - 1, 0))
      let variance = gaps > 1 ? max(squares - sum * sum / gaps, 0) / (gaps - 1) : 0
      deviations.append(variance.squareRoot())
      tradedValues.append(held > 0 ? value / Double(held) : 0)
      guard candle < candles.count else { return }
      // The candle joins what the next one looks back at, and the oldest leaves it.
      if candle > 0 {
        sum += returns[candle]
        squares += returns[candle] * returns[candle]
      }
      value += candles.volumes[candle] * candles.closes[candle]
      guard candle + 1 > window else { continue }
      let leaving = candle - window
      sum -= returns[leaving + 1]
      squares -= returns[leaving + 1] * returns[leaving + 1]
      value -= candles.volumes[leaving] * candles.closes[leaving]
    }
  }
}
