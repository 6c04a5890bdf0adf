import Foundation
import PareMarket

/// The formulas of `CandleShape` and `WindowStatistic` once more, as Alpha158 has them, without an engine and by other means.
enum AlphaFormulas {
  static func value(of shape: CandleShape, _ candle: Candle) -> Double {
    let (o, h, l, c) = (candle.open, candle.high, candle.low, candle.close)
    let range = h > l ? h - l : .infinity
    return switch shape {
    case .bodyOverRange: (c - o) / range
    case .upperShadow: (h - max(o, c)) / o
    case .upperShadowOverRange: (h - max(o, c)) / range
    case .lowerShadow: (min(o, c) - l) / o
    case .lowerShadowOverRange: (min(o, c) - l) / range
    case .closeShift: (2 * c - h - l) / o
    case .closeInRange: (2 * c - h - l) / range
    }
  }

  static func value(of statistic: WindowStatistic, over n: Int, _ all: [Candle]) -> Double {
    let candles = Array(all.suffix(n))
    let (closes, volumes) = (candles.map(\.close), candles.map(\.volume))
    let c = closes[n - 1]
    let places = (0..<n).map(Double.init)
    // Pairs of a candle and the one before it.
    let changes = all.count > n ? Array(zip(all.suffix(n), all.suffix(n + 1))) : []
    switch statistic {
    case .priceDeviation: return deviation(closes) / c
    case .trendSlope: return slope(places, closes) / c
    case .trendFit: return pow(correlation(places, closes), 2)
    case .trendResidual:
      let line = mean(closes) + slope(places, closes) * (Double(n - 1) - mean(places))
      return (c - line) / c
    case .highest: return candles.map(\.high).sorted()[n - 1] / c - 1
    case .lowest: return candles.map(\.low).sorted()[0] / c - 1
    case .upperQuantile: return quantile(closes, 4, 5) / c - 1
    case .lowerQuantile: return quantile(closes, 1, 5) / c - 1
    case .rank:
      // pandas' rank in percent, ties by their average, mapped to [−1, 1].
      let below = closes.count { $0 < c }
      let percent = (Double(below) + Double(closes.count { $0 == c } + 1) / 2) / Double(n)
      return (2 * Double(n) * percent - Double(n) - 1) / Double(n - 1)
    case .stochastic:
      let (low, high) = (candles.map(\.low).min() ?? 0, candles.map(\.high).max() ?? 0)
      return high == low ? 0 : (c - low) / (high - low)
    case .sinceHigh: return since(candles.map(\.high), <) / Double(n)
    case .sinceLow: return since(candles.map(\.low), >) / Double(n)
    case .highLowLag: return (since(candles.map(\.low), >) - since(candles.map(\.high), <)) / Double(n)
    case .priceVolumeCorrelation:
      return correlation(closes, volumes.map { mean(volumes) == 0 ? 0 : log(1 + $0 / mean(volumes)) })
    case .returnVolumeCorrelation:
      return correlation(
        changes.map { $0.0.close / $0.1.close }, changes.map { $0.1.volume == 0 ? 0 : log($0.0.volume / $0.1.volume + 1) })
    case .shareOfRises: return Double(changes.count { $0.0.close > $0.1.close }) / Double(n)
    case .shareOfFalls: return Double(changes.count { $0.0.close < $0.1.close }) / Double(n)
    case .volumeDeviation: return mean(volumes) == 0 ? 0 : deviation(volumes) / mean(volumes)
    case .weightedVolatility:
      let weighted = changes.map { abs($0.0.close / $0.1.close - 1) * $0.0.volume }
      return mean(weighted) == 0 ? 0 : deviation(weighted) / mean(weighted)
    case .volumeStrength:
      let moves = changes.map { $0.0.volume - $0.1.volume }
      let sizes = moves.reduce(0) { $0 + abs($1) }
      return sizes == 0 ? 0 : moves.reduce(0, +) / sizes
    }
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  private static func deviation(_ values: [Double]) -> Double {
    let squares = values.reduce(0) { $0 + ($1 - mean(values)) * ($1 - mean(values)) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  private static func slope(_ x: [Double], _ y: [Double]) -> Double {
    let products = zip(x, y).reduce(0) { $0 + ($1.0 - mean(x)) * $1.1 }
    return products / x.reduce(0) { $0 + ($1 - mean(x)) * ($1 - mean(x)) }
  }

  private static func correlation(_ x: [Double], _ y: [Double]) -> Double {
    guard Set(x).count > 1, Set(y).count > 1 else { return 0 }
    let products = zip(x, y).reduce(0) { $0 + ($1.0 - mean(x)) * ($1.1 - mean(y)) }
    return products / (deviation(x) * deviation(y) * Double(x.count - 1))
  }

  /// The quantile at `numerator / denominator`, with whole numbers for its place.
  private static func quantile(_ values: [Double], _ numerator: Int, _ denominator: Int) -> Double {
    let sorted = values.sorted()
    let (below, rest) = (numerator * (values.count - 1)).quotientAndRemainder(dividingBy: denominator)
    guard rest > 0 else { return sorted[below] }
    return sorted[below] + (sorted[below + 1] - sorted[below]) * Double(rest) / Double(denominator)
  }

  /// Candles since the newest of the values that no other beats.
  private static func since(_ values: [Double], _ isBeatenBy: (Double, Double) -> Bool) -> Double {
    let best = values.reduce(values[0]) { isBeatenBy($0, $1) ? $1 : $0 }
    return Double(values.count - 1 - (values.lastIndex(of: best) ?? 0))
  }
}
