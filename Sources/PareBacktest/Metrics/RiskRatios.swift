import Foundation

/// Ratios of daily returns to their risk, risk-free rate 0, and what they are made of.
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

  /// Sample deviation of the days `· √daysPerYear`.
  ///
  /// - Returns: nil with fewer than 20 days.
  public static func volatility(daily: [Double], daysPerYear: Double) -> Double? {
    guard daily.count >= fewestDays else { return nil }
    let mean = daily.reduce(0, +) / Double(daily.count)
    let variance = daily.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(daily.count - 1)
    return variance.squareRoot() * daysPerYear.squareRoot()
  }

  /// The information ratio: the Sharpe ratio of what the days earned beyond a benchmark's.
  ///
  /// - Parameter benchmark: the same days of the benchmark; buy-and-hold, say.
  /// - Returns: nil with fewer than 20 days or where the two never differ by more than a constant.
  /// - Precondition: as many days of both.
  public static func information(daily: [Double], benchmark: [Double], daysPerYear: Double) -> Double? {
    precondition(daily.count == benchmark.count, "the same days of both")
    return sharpe(daily: zip(daily, benchmark).map { $0 - $1 }, daysPerYear: daysPerYear)
  }

  /// The yearly growth that compounds to `netReturn`: `(1 + netReturn)^(daysPerYear / days) − 1`.
  ///
  /// Of a fixed notional it is the growth of that notional had it been the equity.
  ///
  /// - Returns: nil with fewer than 20 days, or where nothing is left (`netReturn ≤ −1`).
  public static func annualGrowth(of netReturn: Double, days: Int, daysPerYear: Double) -> Double? {
    guard days >= fewestDays, netReturn > -1 else { return nil }
    return pow(1 + netReturn, daysPerYear / Double(days)) - 1
  }

  /// Yearly growth over the greatest fall.
  ///
  /// - Returns: nil where growth is, or where equity never fell.
  public static func calmar(annualGrowth: Double?, maxDrawdown: Double) -> Double? {
    guard let annualGrowth, maxDrawdown > 0 else { return nil }
    return annualGrowth / maxDrawdown
  }
}
