/// What the worst days lose, as positive numbers; negative where even those earn.
public enum TailRisk {
  /// The share of days that counts as worst.
  public static let tail = 0.05

  /// Value at risk: the loss that all but a share `tail` of the days stay below, from the days themselves.
  ///
  /// With the days sorted from the worst, `−x₍ₖ₎` with `k = ⌈tail · n⌉`.
  ///
  /// - Returns: nil with fewer than `RiskRatios.fewestDays` days.
  public static func valueAtRisk(daily: [Double], tail: Double = tail) -> Double? {
    guard daily.count >= RiskRatios.fewestDays else { return nil }
    let sorted = daily.sorted()
    // Less what 0.05 is too large by in binary, which would make 8 of ⌈0.05 · 140⌉.
    let place = Int((tail * Double(daily.count) - 1e-9).rounded(.up))
    return -sorted[min(max(place, 1), daily.count) - 1]
  }

  /// Expected shortfall (conditional value at risk): the mean loss of the worst share `tail` of the days.
  ///
  /// A day that lies only partly in the tail counts by that part, so that the divisor is `tail · n` exactly.
  ///
  /// - Source: Acerbi and Tasche 2002, arXiv:cond-mat/0104295, definition 2.6.
  /// - Returns: nil with fewer than `RiskRatios.fewestDays` days, or where `tail` is not in 0 ... 1, 0 left out.
  public static func expectedShortfall(daily: [Double], tail: Double = tail) -> Double? {
    guard daily.count >= RiskRatios.fewestDays, tail > 0, tail <= 1 else { return nil }
    let sorted = daily.sorted()
    let wanted = tail * Double(daily.count)
    let whole = Int(wanted)
    let sum = sorted[..<whole].reduce(0, +)
    let part = whole < sorted.count ? (wanted - Double(whole)) * sorted[whole] : 0
    return -(sum + part) / wanted
  }
}
