import PareMarket

/// The days of one run: a calendar laid over the candles that it trades.
struct TradingDays: Sendable {
  private let calendar: TradingCalendar
  /// The start of the first candle of each trading day of an exchange, ascending, and the date's midnight UTC.
  private let begins: [(time: Int64, day: Int64)]

  private static let length: Int64 = 86_400_000

  /// Every UTC day.
  static let everyDay = TradingDays()

  private init() {
    calendar = .everyDay
    begins = []
  }

  /// - Parameters:
  ///   - columns: starts of the candles of each instrument, checked.
  ///   - names: what messages call the instruments; empty for a single one.
  /// - Throws: `backtest.calendar`, naming the first candle in which the exchange is closed. A candle is as long as the
  ///   shortest step between two of its instrument, and belongs to the day of the first session in it.
  init(_ calendar: TradingCalendar, columns: [[Int64]], names: [String] = []) throws(BacktestError) {
    self.calendar = calendar
    guard case .exchange(let hours) = calendar else {
      begins = []
      return
    }
    for times in columns {
      guard let last = times.last, last > CandleInterval.timeRange.upperBound else { continue }
      throw BacktestError("times", subject: "times", expected: "starts up to the year 9999", found: "\(last)")
    }
    let lengths = columns.map { times in zip(times, times.dropFirst()).map { $1 - $0 }.min() ?? 1 }
    let sessions = Self.sessions(of: hours, columns, lengths)
    var firsts: [Int64: Int64] = [:]
    for (index, times) in columns.enumerated() {
      var next = 0
      var day = Int64.min
      for (candle, time) in times.enumerated() {
        while next < sessions.count, sessions[next].span.upperBound <= time { next += 1 }
        guard next < sessions.count, sessions[next].span.lowerBound < time + lengths[index] else {
          let place = (names.indices.contains(index) ? names[index] + ", " : "") + "candle \(candle)"
          throw BacktestError(
            "calendar", subject: place, expected: "a candle within the sessions of \(hours.timeZone)", found: Self.text(time))
        }
        guard sessions[next].day != day else { continue }
        day = sessions[next].day
        firsts[day] = min(firsts[day] ?? time, time)
      }
    }
    var begins: [(time: Int64, day: Int64)] = []
    // Candles of different lengths may tell of a day earlier or later; none begins before the one that it follows.
    for (day, time) in firsts.sorted(by: { $0.key < $1.key }) where time > begins.last?.time ?? .min {
      begins.append((time, day))
    }
    self.begins = begins
  }

  /// The day of a candle's start, as its date's midnight UTC, and the instant from which another may follow.
  func day(of time: Int64) -> (day: Int64, end: Int64) {
    guard case .exchange = calendar else {
      let day = time - time % Self.length
      return (day, day + Self.length)
    }
    var range = begins.startIndex..<begins.endIndex
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range = begins[middle].time <= time ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    let place = max(range.lowerBound - 1, 0)
    return (begins[place].day, place + 1 < begins.count ? begins[place + 1].time : .max)
  }

  /// The days between two that have candles; they are flat.
  func between(_ day: Int64, _ next: Int64) -> [Int64] {
    switch calendar {
    case .sessions: return []
    case .everyDay: return Array(stride(from: day + Self.length, to: next, by: Int(Self.length)))
    case .exchange(let hours):
      return stride(from: day + Self.length, to: next, by: Int(Self.length)).filter { hours.isTradingDay(CalendarDate(utc: $0)) }
    }
  }

  private static func sessions(
    of hours: ExchangeHours, _ columns: [[Int64]], _ lengths: [Int64]
  ) -> [(span: Range<Int64>, day: Int64)] {
    let first = columns.compactMap(\.first).min() ?? 0
    let last = zip(columns, lengths).compactMap { times, length in times.last.map { $0 + length } }.max() ?? 0
    // Sessions that reach into the span may be of the date before or after in UTC.
    let end = Int64(CalendarDate(utc: CandleInterval.timeRange.upperBound).day)
    let dates = max(first / length - 1, 0)...min(last / length + 1, end)
    return dates.flatMap { day in
      hours.sessions(on: CalendarDate(day: Int(day))).map { ($0, day * length) }
    }
  }

  /// An instant as people read it.
  private static func text(_ time: Int64) -> String {
    let minutes = time % length / 60_000
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(CalendarDate(utc: time)) \(two(minutes / 60)):\(two(minutes % 60)) UTC"
  }
}
