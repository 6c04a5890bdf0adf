/// How far an exchange lets a price move from the close before: China's main boards, 10 % a day.
///
/// A limit price is `previous close × (1 ± share)` rounded half up to the tick, in whole numbers of ticks, so that no rounding of
/// binary fractions decides: after 10.05 the bounds of 10 % are 11.06 (of 11.055) and 9.05 (of 9.045). A candle is *sealed* at
/// a limit where its price is that limit: nobody sells at the upper and nobody buys at the lower one, so an order would not be filled.
///
/// The previous close is that of the series' candle before, be it weeks ago: an exchange counts from the last close that traded.
/// On the day of a split or a bonus issue it counts from an adjusted close that candles do not know; such a day is at no limit here,
/// unless its price happens to be one.
public struct PriceLimit: Sendable, Hashable {
  /// The largest move, as a fraction: a multiple of 0.0001.
  public let share: Double
  /// The least step between two prices, in the quote currency.
  public let tick: Double
  /// `share` in hundredths of a percent.
  private let basisPoints: Int64

  /// More ticks than that are no price.
  private static let mostTicks: Double = 1e14

  /// - Throws: `market.price-limit` unless `share` is a multiple of 0.0001 above 0 and below 1, and `tick` positive and finite.
  public init(share: Double = 0.10, tick: Double = 0.01) throws(MarketError) {
    let basisPoints = (share * 10_000).rounded()
    guard share > 0, share < 1, basisPoints >= 1, abs(share * 10_000 - basisPoints) < 1e-6 else {
      throw MarketError(
        "price-limit", subject: "price-limit.share", expected: "a multiple of 0.0001 between 0 and 1", found: "\(share)",
        category: .usage)
    }
    guard tick > 0, tick.isFinite else {
      throw MarketError(
        "price-limit", subject: "price-limit.tick", expected: "a positive number", found: "\(tick)", category: .usage)
    }
    self.share = share
    self.tick = tick
    self.basisPoints = Int64(basisPoints)
  }

  /// The limit prices after a close, which counts as the nearest whole number of ticks.
  ///
  /// - Returns: nil for a close that is not positive and finite, or of more than 10¹⁴ ticks.
  public func prices(after close: Double) -> (lower: Double, upper: Double)? {
    guard let (lower, upper) = ticks(after: close) else { return nil }
    return (Double(lower) * tick, Double(upper) * tick)
  }

  /// At which limit each candle of a series opened and closed, against the candle before; the first is at none.
  public func days(of series: CandleSeries) -> LimitDays {
    var days = LimitDays(count: series.candles.count)
    for index in series.candles.indices.dropFirst() {
      let candle = series.candles[index]
      guard let (lower, upper) = ticks(after: series.candles[index - 1].close) else { continue }
      let (open, close) = (whole(candle.open), whole(candle.close))
      days.opensAtUpper[index] = open == upper
      days.opensAtLower[index] = open == lower
      days.closesAtUpper[index] = close == upper
      days.closesAtLower[index] = close == lower
    }
    return days
  }

  /// The same of a panel, side by side.
  ///
  /// - Returns: the starts of all its candles, ascending, and the answers row-major `[starts, symbols]`; false where a symbol has no
  ///   candle.
  public func days(of panel: [CandleSeries]) -> (starts: [Int64], days: LimitDays) {
    let starts = Set(panel.flatMap { $0.candles.map(\.start) }).sorted()
    let rows = Dictionary(uniqueKeysWithValues: starts.enumerated().map { ($1, $0) })
    var days = LimitDays(count: starts.count * panel.count)
    for (symbol, series) in panel.enumerated() {
      let own = self.days(of: series)
      for (index, candle) in series.candles.enumerated() {
        guard let row = rows[candle.start] else { continue }
        let cell = row * panel.count + symbol
        days.opensAtUpper[cell] = own.opensAtUpper[index]
        days.opensAtLower[cell] = own.opensAtLower[index]
        days.closesAtUpper[cell] = own.closesAtUpper[index]
        days.closesAtLower[cell] = own.closesAtLower[index]
      }
    }
    return (starts, days)
  }

  private func ticks(after close: Double) -> (lower: Int64, upper: Int64)? {
    guard let whole = whole(close) else { return nil }
    return ((whole * (10_000 - basisPoints) + 5_000) / 10_000, (whole * (10_000 + basisPoints) + 5_000) / 10_000)
  }

  private func whole(_ price: Double) -> Int64? {
    let ticks = (price / tick).rounded()
    return ticks > 0 && ticks <= Self.mostTicks ? Int64(ticks) : nil
  }
}

/// At which price limits candles opened and closed: an answer per candle of a series, or per start and symbol of a panel.
public struct LimitDays: Sendable, Hashable {
  /// The open was the upper limit: a buy at the open is not filled.
  public internal(set) var opensAtUpper: [Bool]
  /// The open was the lower limit: a sale at the open is not filled.
  public internal(set) var opensAtLower: [Bool]
  public internal(set) var closesAtUpper: [Bool]
  public internal(set) var closesAtLower: [Bool]

  init(count: Int) {
    opensAtUpper = Array(repeating: false, count: count)
    opensAtLower = opensAtUpper
    closesAtUpper = opensAtUpper
    closesAtLower = opensAtUpper
  }
}
