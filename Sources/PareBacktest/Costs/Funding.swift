import PareMarket

/// What holders of a perpetual pay each other: at each instant longs pay `rate · position`, which shorts receive.
public enum Funding: Codable, Sendable, Hashable {
  case none
  /// The same rate at 00:00, 08:00 and 16:00 UTC.
  case constant(rate: Double)
  case rates(FundingRates)

  /// Between the instants of a constant rate, milliseconds.
  private static let period: Int64 = 8 * 3_600_000

  func validate() throws(BacktestError) {
    guard case .constant(let rate) = self, !(abs(rate) < 1) else { return }
    throw BacktestError(
      "funding", subject: "costs.funding.rate", expected: "a share in -1 ..< 1, -1 left out", found: "\(rate)",
      category: .usage)
  }

  /// What a long position of 1 pays over each step from one of `times` to the next: the sum of the rates at instants after
  /// the first and up to the second. A position opened at an instant does not pay it, one closed then does.
  func paid(between times: [Int64]) -> [Double] {
    switch self {
    case .none: return [Double](repeating: 0, count: max(times.count - 1, 0))
    case .constant(let rate):
      return zip(times, times.dropFirst()).map { rate * Double($1 / Self.period - $0 / Self.period) }
    case .rates(let file):
      var next = 0
      return zip(times, times.dropFirst()).map { start, end in
        while next < file.times.count, file.times[next] <= start { next += 1 }
        var sum = 0.0
        while next < file.times.count, file.times[next] <= end {
          sum += file.rates[next]
          next += 1
        }
        return sum
      }
    }
  }
}

/// Funding rates as a venue publishes them.
public struct FundingRates: Codable, Sendable, Hashable {
  /// Instants, Unix milliseconds, strictly ascending.
  public let times: [Int64]
  /// Shares of the notional that longs pay, negative where they receive.
  public let rates: [Double]

  /// - Throws: `backtest.funding` for different lengths, instants in disorder or a rate outside −1 ... 1.
  public init(times: [Int64], rates: [Double]) throws(BacktestError) {
    guard times.count == rates.count, zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw BacktestError(
        "funding", subject: "funding rates", expected: "a rate for each of strictly ascending instants",
        found: times.count == rates.count ? "disorder" : "\(times.count) instants and \(rates.count) rates")
    }
    if let place = rates.firstIndex(where: { !(abs($0) < 1) }) {
      throw BacktestError(
        "funding", subject: "funding rate \(place)", expected: "a share in -1 ..< 1, -1 left out", found: "\(rates[place])")
    }
    self.times = times
    self.rates = rates
  }

  /// Reads a table with the columns `time` and `rate`, plain or gzip; rates in Float32.
  ///
  /// - Throws: `MarketError` that names the line; `backtest.funding`.
  public init(file path: String) throws {
    let table = try TableCSV.features(path: path)
    guard table.columns == ["rate"] else {
      throw BacktestError(
        "funding", subject: path, expected: "the columns time and rate",
        found: (["time"] + table.columns).joined(separator: ", "))
    }
    try self.init(times: table.keys.times, rates: table.values.map(Double.init))
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      times: container.decode([Int64].self, forKey: .times), rates: container.decode([Double].self, forKey: .rates))
  }

  private enum CodingKeys: String, CodingKey {
    case times, rates
  }
}
