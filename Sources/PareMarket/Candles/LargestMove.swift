/// Where a jump from one close to the next ends a history, as a gap does: `|close / close before − 1| > bound`.
///
/// Features (`FeatureSchema.largestMove`) and labels (`LabelDefinition.largestMove`) ask the same question.
enum LargestMove {
  /// Whether a close lies further than `bound` from the one before; never without a bound.
  static func isExceeded(_ bound: Double?, by close: Double, after before: Double) -> Bool {
    guard let bound else { return false }
    return abs(close / before - 1) > bound
  }

  /// - Throws: `market.largest-move` for a bound that is not positive and finite.
  static func validate(_ bound: Double?, subject: String) throws(MarketError) {
    guard let bound, !(bound > 0 && bound.isFinite) else { return }
    throw MarketError(
      "largest-move", subject: subject, expected: "a positive fraction, as 0.105", found: "\(bound)", category: .usage)
  }
}
