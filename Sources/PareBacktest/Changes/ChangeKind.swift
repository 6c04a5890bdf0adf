/// How one position of a candidate differs from the original's.
public enum ChangeKind: String, Codable, Sendable, CaseIterable {
  /// The original trades, the candidate does not.
  case missed
  /// The candidate trades, the original does not.
  case `false`
  /// Both trade, on opposite sides.
  case reversed
  /// Both trade the same side in different sizes.
  case resized
  case equal

  init(from original: Double, to candidate: Double) {
    if original == candidate {
      self = .equal
    } else if candidate == 0 {
      self = .missed
    } else if original == 0 {
      self = .false
    } else {
      self = (original > 0) == (candidate > 0) ? .resized : .reversed
    }
  }
}
