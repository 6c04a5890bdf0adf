/// Which decisions are at the market in each candle of an instrument, under a delay.
struct Arrivals: Sendable {
  /// The latest decision that has arrived by the candle's open; −1 where none has.
  let atOpen: [Int]
  /// The decision that arrives within the candle, and the share of the candle that has passed by then; −1 for none. There
  /// is at most one, since decisions are at least a candle apart.
  let within: [Int]
  let shares: [Double]

  /// - Parameter lag: candles that a decision waits before the delay begins.
  init(_ candles: TradedCandles, delay: FillDelay, lag: Int) {
    let length = delay.length(candles)
    // Apart, so that fractions stay exact however late the century is.
    let whole = Int64(delay.milliseconds)
    let fraction = delay.milliseconds - Double(whole)
    var atOpen = [Int](repeating: -1, count: candles.count)
    var within = atOpen
    var shares = [Double](repeating: 0, count: candles.count)
    var next = 0
    for candle in candles.times.indices {
      /// Milliseconds from this candle's start to the arrival of the next decision; nil before it is made.
      func distance() -> Double? {
        guard next + lag < candle else { return nil }
        return Double(candles.times[next + lag] - candles.times[candle] + length + whole) + fraction
      }
      while let late = distance(), late <= 0 { next += 1 }
      atOpen[candle] = next - 1
      guard let late = distance(), late < Double(length) else { continue }
      within[candle] = next
      shares[candle] = late / Double(length)
      next += 1
    }
    (self.atOpen, self.within, self.shares) = (atOpen, within, shares)
  }
}
