/// When a market trades: the starts of its candles, where they do not simply follow each other.
///
/// Crypto trades all the time and needs none. Shares rest at weekends and on holidays: Monday's daily candle then follows
/// Friday's, and what a session lacks is a gap. Exchanges publish their calendars ahead, so a calendar tells nothing of
/// prices to come. Nothing is known beyond its last session: a candle there follows nothing.
public struct SessionCalendar: Sendable, Hashable {
  /// Unix milliseconds, strictly ascending; at least one.
  public let starts: [Int64]

  /// - Throws: `market.calendar` without a session, or where starts do not ascend strictly within
  ///   `CandleInterval.timeRange`.
  public init(starts: [Int64]) throws(MarketError) {
    guard let first = starts.first, let last = starts.last else {
      throw MarketError("calendar", subject: "calendar", expected: "at least one session", found: "none")
    }
    if let place = starts.indices.dropFirst().first(where: { starts[$0] <= starts[$0 - 1] }) {
      throw MarketError(
        "calendar", subject: "calendar: session \(place)", expected: "a start after \(starts[place - 1])",
        found: "\(starts[place])")
    }
    for end in [first, last] where !CandleInterval.timeRange.contains(end) {
      throw MarketError(
        "calendar", subject: "calendar", expected: "starts between 1970 and the year 9999", found: "\(end)")
    }
    self.starts = starts
  }

  /// A session at each date, from midnight UTC, as daily candles have it.
  ///
  /// - Throws: as `init(starts:)`; dates may come in any order and repeat.
  public init(dates: some Sequence<CalendarDate>) throws(MarketError) {
    try self.init(starts: Set(dates).sorted().map(\.midnight))
  }

  public var count: Int { starts.count }

  /// Which session starts at a time; nil where none does.
  public func index(of start: Int64) -> Int? {
    let place = lowerBound(of: start)
    return place < starts.count && starts[place] == start ? place : nil
  }

  /// How many sessions start before a time: the place of the first that does not.
  public func lowerBound(of time: Int64) -> Int {
    var range = starts.startIndex..<starts.endIndex
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range = starts[middle] < time ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }

  /// Whether `second` is the session right after `first`.
  public func isNext(_ second: Int64, after first: Int64) -> Bool {
    guard let place = index(of: first), place + 1 < starts.count else { return false }
    return starts[place + 1] == second
  }

  /// The start `steps` sessions after the one that starts at `start`, or before where negative; nil where there is no
  /// such session.
  public func start(_ start: Int64, advancedBy steps: Int) -> Int64? {
    guard let place = index(of: start), starts.indices.contains(place + steps) else { return nil }
    return starts[place + steps]
  }
}
