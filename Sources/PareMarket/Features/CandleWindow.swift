import Foundation

/// The newest candles, as columns that features read: each column keeps its window contiguous.
///
/// A value is written twice, `depth` apart, into a buffer of twice the depth, so that the newest `depth` values
/// always lie side by side. Sums over a window are taken afresh by whoever needs them: nothing runs along, nothing
/// drifts, and a feature depends on the window alone and not on when the window began.
struct CandleWindow: Sendable {
  /// Candles held once full.
  let depth: Int
  /// Candles pushed since the last reset, at most `depth`.
  private(set) var count = 0
  /// Position of the newest value in the upper half.
  private(set) var newest: Int
  private(set) var candle = Candle(start: 0, open: 0, high: 0, low: 0, close: 0, volume: 0)
  private(set) var closes: [Double]
  private(set) var highs: [Double]
  private(set) var lows: [Double]
  private(set) var returns: [Double]
  private var trueRanges: [Double]
  private(set) var volumes: [Double]
  /// `log(1 + v / v₁)`; 0 after a candle without volume.
  private(set) var volumeChanges: [Double]
  /// Room for `depth` values that a statistic works on.
  var scratch: [Double]

  init(depth: Int) {
    precondition(depth > 0)
    self.depth = depth
    newest = 2 * depth - 1
    closes = Array(repeating: 0, count: 2 * depth)
    highs = closes
    lows = closes
    returns = closes
    trueRanges = closes
    volumes = closes
    volumeChanges = closes
    scratch = Array(repeating: 0, count: depth)
  }

  var isFull: Bool { count == depth }

  mutating func reset() { count = 0 }

  /// The first candle after a reset has no return and no true range to a previous close; a window that is full
  /// again holds them only where no feature of that depth looks.
  mutating func push(_ candle: Candle) {
    let previous = count == 0 ? candle.close : self.candle.close
    newest = newest + 1 == 2 * depth ? depth : newest + 1
    let change = count == 0 ? 0 : candle.close / previous - 1
    let trueRange = max(candle.high, previous) - min(candle.low, previous)
    let volumeChange = count == 0 ? 0 : log1p(Self.quotient(candle.volume, self.candle.volume))
    for place in stride(from: newest - depth, through: newest, by: depth) {
      closes[place] = candle.close
      highs[place] = candle.high
      lows[place] = candle.low
      returns[place] = change
      trueRanges[place] = trueRange
      volumes[place] = candle.volume
      volumeChanges[place] = volumeChange
    }
    self.candle = candle
    count = min(count + 1, depth)
  }

  /// The feature's value on a window that holds at least `feature.candlesNeeded` candles.
  ///
  /// - Parameter closeTime: when the newest candle closed, Unix milliseconds.
  mutating func value(of feature: Feature, closeTime: Int64) -> Double {
    switch feature {
    case .return(let n): return candle.close / closes[newest - n] - 1
    case .body: return (candle.close - candle.open) / candle.open
    case .rangeOverOpen: return (candle.high - candle.low) / candle.open
    case .rangeOverClose: return (candle.high - candle.low) / candle.close
    case .volatility(let n): return deviation(of: n)
    case .momentum(let n): return Self.quotient(candle.close - closes[newest - n], sum(trueRanges, n))
    case .averageRatio(let n): return ratioToMean(closes, n)
    case .volumeRatio(let n): return ratioToMean(volumes, n)
    case .volumeWeightedReturn(let n): return volumeWeightedReturn(over: n)
    case .relativeStrength(let n): return relativeStrength(over: n)
    case .averageTrueRange(let n): return sum(trueRanges, n) / Double(n) / candle.close
    case .timeOfDaySine: return sin(2 * Double.pi * shareOfDay(closeTime))
    case .timeOfDayCosine: return cos(2 * Double.pi * shareOfDay(closeTime))
    case .regime(let regime, let n): return self.regime(over: n) == regime ? 1 : 0
    case .shape(let shape): return shape.value(of: candle)
    case .statistic(let statistic, let n): return value(of: statistic, over: n)
    }
  }

  /// The regime of the newest `n` candles.
  private func regime(over n: Int) -> MarketRegime {
    guard deviation(of: n) <= MarketRegime.agitation * deviation(of: MarketRegime.longer * n) else { return .volatile }
    // Returns over `q` candles are wider than q returns of one candle where moves go on, narrower where they are undone.
    let q = MarketRegime.span(of: n)
    var (move, moves, squares) = (0.0, 0.0, 0.0)
    for index in newest - n + 1...newest {
      squares += returns[index] * returns[index]
      move += returns[index]
      guard index > newest - n + q - 1 else { continue }
      moves += move * move
      move -= returns[index - q + 1]
    }
    let ratio = Self.quotient(moves / Double(n - q + 1), Double(q) * squares / Double(n))
    return ratio > 1 ? .trending : .meanReverting
  }

  private func volumeWeightedReturn(over n: Int) -> Double {
    var weighted = 0.0
    var total = 0.0
    for index in newest - n + 1...newest {
      weighted += volumes[index] * returns[index]
      total += volumes[index]
    }
    return Self.quotient(weighted, total)
  }

  private func relativeStrength(over n: Int) -> Double {
    var gains = 0.0
    var losses = 0.0
    for index in newest - n + 1...newest {
      let change = closes[index] - closes[index - 1]
      gains += max(change, 0)
      losses += max(-change, 0)
    }
    return Self.quotient(gains - losses, gains + losses)
  }

  func sum(_ column: [Double], _ n: Int) -> Double {
    var total = 0.0
    for index in newest - n + 1...newest { total += column[index] }
    return total
  }

  /// Two passes: mean, then squares about it.
  private func deviation(of n: Int) -> Double {
    let mean = sum(returns, n) / Double(n)
    var squares = 0.0
    for index in newest - n + 1...newest { squares += (returns[index] - mean) * (returns[index] - mean) }
    return (squares / Double(n - 1)).squareRoot()
  }

  /// `x / mean(column) − 1`, from differences to the newest value `x`, so that equal values give exactly 0.
  private func ratioToMean(_ column: [Double], _ n: Int) -> Double {
    let value = column[newest]
    var differences = 0.0
    for index in newest - n + 1...newest { differences += column[index] - value }
    let excess = differences / Double(n)
    return Self.quotient(-excess, value + excess)
  }

  /// `numerator / denominator`, and 0 where the denominator is 0.
  static func quotient(_ numerator: Double, _ denominator: Double) -> Double {
    denominator == 0 ? 0 : numerator / denominator
  }
}

/// How much of its UTC day is gone at `time` (Unix milliseconds), in [0, 1).
private func shareOfDay(_ time: Int64) -> Double {
  let day: Int64 = 86_400_000
  return Double(time % day) / Double(day)
}
