/// One figure for each day, nil where a day has none, and what the days come to.
public struct DailyFigures: Codable, Sendable, Hashable {
  /// One for each day of the panel.
  public let values: [Double?]

  public init(_ values: [Double?]) {
    self.values = values
  }

  /// Days that have a figure.
  public var days: Int { values.count { $0 != nil } }

  /// Over the days that have one; nil without any.
  public var mean: Double? {
    let known = values.compactMap(\.self)
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }

  /// Of the sample, about its mean; nil with fewer than 2 days.
  public var deviation: Double? {
    let known = values.compactMap(\.self)
    guard known.count > 1, let mean else { return nil }
    return (known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(known.count - 1)).squareRoot()
  }

  /// Mean over sample deviation, per day and not annualized: the ICIR of daily ICs; nil with fewer than 2 days or without variance.
  public var ratio: Double? {
    guard let mean, let deviation, deviation > 0 else { return nil }
    return mean / deviation
  }
}
