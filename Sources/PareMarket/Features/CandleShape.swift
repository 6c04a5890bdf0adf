/// How the newest candle is drawn, as shares of its open or of its own range.
///
/// `o`, `h`, `l`, `c` are open, high, low and close. A candle without a range (`h = l`) has shares of 0.
///
/// - Source: the candle part of Alpha158 of Microsoft's qlib (`Alpha158DL`), without the 10⁻¹² that it adds to denominators;
///   its names stand in brackets.
public enum CandleShape: String, Hashable, Sendable, CaseIterable {
  /// `(c − o) / (h − l)`, in [−1, 1] (KMID2).
  case bodyOverRange = "body-over-range"
  /// `(h − max(o, c)) / o` (KUP).
  case upperShadow = "upper-shadow"
  /// `(h − max(o, c)) / (h − l)`, in [0, 1] (KUP2).
  case upperShadowOverRange = "upper-shadow-over-range"
  /// `(min(o, c) − l) / o` (KLOW).
  case lowerShadow = "lower-shadow"
  /// `(min(o, c) − l) / (h − l)`, in [0, 1] (KLOW2).
  case lowerShadowOverRange = "lower-shadow-over-range"
  /// `(2c − h − l) / o`: how far the close lies off the middle of the range (KSFT).
  case closeShift = "close-shift"
  /// `(2c − h − l) / (h − l)`: −1 where it closed at the low, 1 at the high (KSFT2).
  case closeInRange = "close-in-range"

  /// The shape's number for one candle.
  func value(of candle: Candle) -> Double {
    let range = candle.high - candle.low
    func ofOpen(_ length: Double) -> Double { length / candle.open }
    func ofRange(_ length: Double) -> Double { range == 0 ? 0 : length / range }
    return switch self {
    case .bodyOverRange: ofRange(candle.close - candle.open)
    case .upperShadow: ofOpen(candle.high - max(candle.open, candle.close))
    case .upperShadowOverRange: ofRange(candle.high - max(candle.open, candle.close))
    case .lowerShadow: ofOpen(min(candle.open, candle.close) - candle.low)
    case .lowerShadowOverRange: ofRange(min(candle.open, candle.close) - candle.low)
    case .closeShift: ofOpen((candle.close - candle.high) + (candle.close - candle.low))
    case .closeInRange: ofRange((candle.close - candle.high) + (candle.close - candle.low))
    }
  }
}
