import Foundation

/// The formulas of `WindowStatistic`. Columns are read less their newest value where equal values have to give exactly 0.
extension CandleWindow {
  /// - Precondition: the window holds `n` candles, and one more where the statistic reads changes.
  mutating func value(of statistic: WindowStatistic, over n: Int) -> Double {
    let close = candle.close
    switch statistic {
    case .priceDeviation: return Self.deviation(closes[newest - n + 1...newest]) / close
    case .trendSlope: return trend(over: n).slope / close
    case .trendFit: return trend(over: n).fit
    case .trendResidual: return trend(over: n).residual / close
    case .highest: return highest(n) / close - 1
    case .lowest: return lowest(n) / close - 1
    case .upperQuantile: return quantile(0.8, over: n) / close - 1
    case .lowerQuantile: return quantile(0.2, over: n) / close - 1
    case .rank: return rank(over: n)
    case .stochastic: return Self.quotient(close - lowest(n), highest(n) - lowest(n))
    case .sinceHigh: return Double(sinceHigh(n)) / Double(n)
    case .sinceLow: return Double(sinceLow(n)) / Double(n)
    case .highLowLag: return Double(sinceLow(n) - sinceHigh(n)) / Double(n)
    case .priceVolumeCorrelation: return priceVolumeCorrelation(over: n)
    case .returnVolumeCorrelation:
      return Self.correlation(returns[newest - n + 1...newest], volumeChanges[newest - n + 1...newest])
    case .shareOfRises: return shareOfChanges(over: n) { $0 > $1 }
    case .shareOfFalls: return shareOfChanges(over: n) { $0 < $1 }
    case .volumeDeviation: return Self.deviationOverMean(volumes[newest - n + 1...newest])
    case .weightedVolatility:
      for place in 0..<n { scratch[place] = abs(returns[newest - place]) * volumes[newest - place] }
      return Self.deviationOverMean(scratch[..<n])
    case .volumeStrength: return volumeStrength(over: n)
    }
  }

  /// The least-squares line through the newest `n` closes, in prices: its slope a candle, the close less the line, and R².
  private func trend(over n: Int) -> (slope: Double, residual: Double, fit: Double) {
    let (oldest, middle) = (newest - n + 1, Double(n - 1) / 2)
    var (sum, cross) = (0.0, 0.0)
    for place in 0..<n {
      let difference = closes[oldest + place] - candle.close
      sum += difference
      cross += (Double(place) - middle) * difference
    }
    let mean = sum / Double(n)
    var squares = 0.0
    for place in 0..<n {
      let difference = closes[oldest + place] - candle.close - mean
      squares += difference * difference
    }
    // Σ (i − middle)² over i = 0 ..< n.
    let spread = Double(n) * (Double(n) * Double(n) - 1) / 12
    let slope = Self.quotient(cross, spread)
    return (slope, -(mean + slope * middle), Self.quotient(cross * cross, spread * squares))
  }

  private func highest(_ n: Int) -> Double {
    var highest = candle.high
    for index in newest - n + 1...newest { highest = max(highest, highs[index]) }
    return highest
  }

  private func lowest(_ n: Int) -> Double {
    var lowest = candle.low
    for index in newest - n + 1...newest { lowest = min(lowest, lows[index]) }
    return lowest
  }

  private func sinceHigh(_ n: Int) -> Int {
    var since = 0
    for ago in 1..<n where highs[newest - ago] > highs[newest - since] { since = ago }
    return since
  }

  private func sinceLow(_ n: Int) -> Int {
    var since = 0
    for ago in 1..<n where lows[newest - ago] < lows[newest - since] { since = ago }
    return since
  }

  private mutating func quantile(_ share: Double, over n: Int) -> Double {
    for place in 0..<n { scratch[place] = closes[newest - place] }
    return Quantile.interpolated(share, ofFirst: n, in: &scratch)
  }

  private func rank(over n: Int) -> Double {
    var lead = 0
    for index in newest - n + 1...newest {
      if closes[index] < candle.close { lead += 1 } else if closes[index] > candle.close { lead -= 1 }
    }
    return Double(lead) / Double(n - 1)
  }

  private mutating func priceVolumeCorrelation(over n: Int) -> Double {
    let mean = sum(volumes, n) / Double(n)
    let oldest = newest - n + 1
    for place in 0..<n { scratch[place] = log1p(Self.quotient(volumes[oldest + place], mean)) }
    return Self.correlation(closes[oldest...newest], scratch[..<n])
  }

  private func shareOfChanges(over n: Int, _ counts: (_ close: Double, _ before: Double) -> Bool) -> Double {
    var count = 0
    for index in newest - n + 1...newest where counts(closes[index], closes[index - 1]) { count += 1 }
    return Double(count) / Double(n)
  }

  private func volumeStrength(over n: Int) -> Double {
    var (rises, falls) = (0.0, 0.0)
    for index in newest - n + 1...newest {
      let change = volumes[index] - volumes[index - 1]
      rises += max(change, 0)
      falls += max(-change, 0)
    }
    return Self.quotient(rises - falls, rises + falls)
  }

  /// Sample deviation of two values or more.
  private static func deviation(_ values: ArraySlice<Double>) -> Double {
    let origin = values[values.endIndex - 1]
    var sum = 0.0
    for value in values { sum += value - origin }
    let mean = sum / Double(values.count)
    var squares = 0.0
    for value in values { squares += (value - origin - mean) * (value - origin - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  private static func deviationOverMean(_ values: ArraySlice<Double>) -> Double {
    var sum = 0.0
    for value in values { sum += value }
    return quotient(deviation(values), sum / Double(values.count))
  }

  /// Pearson's correlation; 0 where one of the two does not move.
  private static func correlation(_ one: ArraySlice<Double>, _ other: ArraySlice<Double>) -> Double {
    let (shift, count) = (other.startIndex - one.startIndex, Double(one.count))
    let origin = (one[one.endIndex - 1], other[other.endIndex - 1])
    var sum = (0.0, 0.0)
    for index in one.indices {
      sum.0 += one[index] - origin.0
      sum.1 += other[index + shift] - origin.1
    }
    let mean = (sum.0 / count, sum.1 / count)
    var (squares, products) = ((0.0, 0.0), 0.0)
    for index in one.indices {
      let x = one[index] - origin.0 - mean.0
      let y = other[index + shift] - origin.1 - mean.1
      squares.0 += x * x
      squares.1 += y * y
      products += x * y
    }
    return quotient(products, squares.0.squareRoot() * squares.1.squareRoot())
  }
}
