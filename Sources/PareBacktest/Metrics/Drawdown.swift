/// The greatest fall of equity from a peak, and how long the equity stayed below that peak.
struct Drawdown {
  /// Of the notional, or of the peak.
  private(set) var depth = 0.0
  /// Milliseconds from that peak until the equity was back at it, or until the end.
  private(set) var length: Int64 = 0

  private let ofPeak: Bool
  private var peak: Double
  private var peakTime: Int64 = 0
  /// The peak before the greatest fall, as long as the equity is below it.
  private var deepestSince: Int64?

  /// - Parameter ofPeak: counts a fall as a share of the peak rather than of the notional.
  init(from equity: Double, ofPeak: Bool) {
    self.ofPeak = ofPeak
    peak = equity
  }

  mutating func note(_ equity: Double, at time: Int64) {
    guard equity < peak else {
      end(at: time)
      peak = equity
      peakTime = time
      return
    }
    let fall = ofPeak ? (peak - equity) / peak : peak - equity
    if fall > depth {
      depth = fall
      deepestSince = peakTime
    }
  }

  /// Ends what is still below its peak.
  mutating func end(at time: Int64) {
    guard let since = deepestSince else { return }
    length = time - since
    deepestSince = nil
  }
}
