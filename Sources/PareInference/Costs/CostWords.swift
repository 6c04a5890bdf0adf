/// How figures of cost tables are written for people.
enum CostWords {
  /// `35.1`, and from 100 on whole ones.
  static func nanoseconds(_ value: Double) -> String {
    guard value.isFinite, value < 1e15 else { return "unknown" }
    let tenths = Int((value * 10).rounded())
    return tenths < 1000 ? "\(tenths / 10).\(tenths % 10)" : "\(tenths / 10)"
  }

  /// Two digits of a share: `0.50`.
  static func share(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }
}
