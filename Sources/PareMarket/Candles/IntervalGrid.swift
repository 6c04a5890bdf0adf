/// Where candles begin: every interval divides time, in UTC, at the venue's points.
///
/// Minutes, hours and days count from 1970-01-01 00:00, weeks begin on Monday, months on their first day.
/// Times are Unix milliseconds within `CandleInterval.timeRange`.
extension CandleInterval {
  /// Times that a candle can start at: 1970 up to and including the year 9999.
  public static let timeRange: ClosedRange<Int64> = 0...253_402_300_799_999

  /// The start of the candle that `time` falls into.
  public func start(containing time: Int64) -> Int64 {
    if self == .oneMonth { return monthStart(monthIndex(of: time)) }
    let length = milliseconds ?? 1
    return floorDivide(time - origin, length) * length + origin
  }

  /// Whether a candle starts at `time`.
  public func isStart(_ time: Int64) -> Bool {
    start(containing: time) == time
  }

  /// The start of the candle `steps` after the one that starts at `start`.
  public func start(_ start: Int64, advancedBy steps: Int) -> Int64 {
    if self == .oneMonth { return monthStart(monthIndex(of: start) + Int64(steps)) }
    return start + Int64(steps) * (milliseconds ?? 1)
  }

  /// How many candles lie from one start to another: 1 for neighbours, negative when `last` is earlier.
  public func steps(from first: Int64, to last: Int64) -> Int {
    if self == .oneMonth { return Int(monthIndex(of: last) - monthIndex(of: first)) }
    return Int(floorDivide(last - first, milliseconds ?? 1))
  }

  /// The starts of the candles that begin in `span`, which ends before its upper bound; nil where there is none.
  public func starts(in span: Range<Int64>) -> ClosedRange<Int64>? {
    guard !span.isEmpty else { return nil }
    let floor = start(containing: span.lowerBound)
    let first = floor == span.lowerBound ? floor : start(floor, advancedBy: 1)
    let last = start(containing: span.upperBound - 1)
    return first <= last ? first...last : nil
  }

  /// The interval with this length, a month standing for 28 to 31 days.
  init?(step: Int64) {
    let day: Int64 = 86_400_000
    if step % day == 0, (28...31).contains(step / day) {
      self = .oneMonth
    } else if let match = Self.allCases.first(where: { $0.milliseconds == step }) {
      self = match
    } else {
      return nil
    }
  }

  /// 1970-01-05, the first Monday, for weeks; the epoch for the rest.
  private var origin: Int64 { self == .oneWeek ? 4 * 86_400_000 : 0 }
}

private func floorDivide(_ dividend: Int64, _ divisor: Int64) -> Int64 {
  let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
  return remainder < 0 ? quotient - 1 : quotient
}

/// Months since 1970-01 of a time, by the Gregorian calendar in UTC.
///
/// Years are counted from March, so that the day that leap years add is the last of its year.
private func monthIndex(of time: Int64) -> Int64 {
  let days = floorDivide(time, 86_400_000) + 719_468  // since 0000-03-01
  let era = floorDivide(days, 146_097)  // of 400 years
  let dayOfEra = days - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let monthFromMarch = (5 * dayOfYear + 2) / 153
  return (era * 400 + yearOfEra) * 12 + monthFromMarch + 2 - 1970 * 12
}

/// The first millisecond of a month, given as months since 1970-01.
private func monthStart(_ index: Int64) -> Int64 {
  let fromMarch = index + 1970 * 12 - 2
  let year = floorDivide(fromMarch, 12)
  let monthFromMarch = fromMarch - year * 12
  let era = floorDivide(year, 400)
  let yearOfEra = year - era * 400
  let dayOfYear = (153 * monthFromMarch + 2) / 5
  let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
  return (era * 146_097 + dayOfEra - 719_468) * 86_400_000
}
