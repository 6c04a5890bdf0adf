/// Ratios of daily returns to their risk, risk-free rate 0.
public enum RiskRatios {
  /// Fewer days say nothing.
  public static let fewestDays = 20

  /// `mean / deviation · √daysPerYear`, with the sample deviation (n − 1).
  ///
  /// - Returns: nil with fewer than 20 days or when all days are equal to within rounding (a deviation below 10⁻¹²
  ///   of the mean).
  public static func sharpe(daily: [Double], daysPerYear: Double) -> Double? {
    guard daily.count >= fewestDays else { return nil }
    let mean = daily.reduce(0, +) / Double(daily.count)
    let variance = daily.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(daily.count - 1)
    let deviation = variance.squareRoot()
    return deviation > 1e-12 * abs(mean) ? mean / deviation * daysPerYear.squareRoot() : nil
  }

  /// `mean / √(mean of min(day, 0)²) · √daysPerYear`: only falling days are risk, and all days divide.
  ///
  /// - Returns: nil with fewer than 20 days or without a falling one.
  public static func sortino(daily: [Double], daysPerYear: Double) -> Double? {
    guard daily.count >= fewestDays else { return nil }
    let mean = daily.reduce(0, +) / Double(daily.count)
    let downside = daily.reduce(0) { $0 + min($1, 0) * min($1, 0) } / Double(daily.count)
    return downside > 0 ? mean / downside.squareRoot() * daysPerYear.squareRoot() : nil
  }
}
