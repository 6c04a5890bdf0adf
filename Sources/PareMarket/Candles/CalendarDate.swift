/// A date of the Gregorian calendar, from 1970-01-01 to 9999-12-31, wherever it is read off a wall.
public struct CalendarDate: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Days since 1970-01-01 of the last date.
  static let lastDay = 2_932_896

  /// Days since 1970-01-01.
  public let day: Int

  /// - Precondition: a day from 1970 to 9999.
  public init(day: Int) {
    precondition((0...Self.lastDay).contains(day), "a date from 1970 to 9999")
    self.day = day
  }

  /// The UTC date of an instant.
  ///
  /// - Precondition: Unix milliseconds within `CandleInterval.timeRange`.
  public init(utc instant: Int64) {
    self.init(day: Int(instant / 86_400_000))
  }

  /// Reads `2024-12-25`; nil for anything else, and for a date that does not exist.
  public init?(_ text: some StringProtocol) {
    let fields = text.split(separator: "-", omittingEmptySubsequences: false)
    guard fields.map(\.utf8.count) == [4, 2, 2], fields.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let year = Int(fields[0]), let month = Int(fields[1]), let day = Int(fields[2]),
      (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    // Years are counted from March, so that the day that leap years add is the last of its year.
    let fromMarch = month > 2 ? month - 3 : month + 9
    let years = month > 2 ? year : year - 1
    let dayOfYear = (153 * fromMarch + 2) / 5 + day - 1
    let days = years * 365 + years / 4 - years / 100 + years / 400 + dayOfYear - 719_468
    self.init(day: days)
    guard parts(self) == (year, month, day) else { return nil }
  }

  public static func < (one: CalendarDate, other: CalendarDate) -> Bool { one.day < other.day }

  /// The date so many days later, or earlier where negative.
  ///
  /// - Precondition: that date lies from 1970 to 9999.
  public func advanced(by days: Int) -> CalendarDate { CalendarDate(day: day + days) }

  /// Midnight UTC of the date, Unix milliseconds.
  public var midnight: Int64 { Int64(day) * 86_400_000 }

  /// `2024-12-25`.
  public var description: String {
    let (year, month, day) = parts(self)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(year)-\(two(month))-\(two(day))"
  }
}

/// Year, month and day of a date.
private func parts(_ date: CalendarDate) -> (year: Int, month: Int, day: Int) {
  let days = date.day + 719_468  // since 0000-03-01
  let era = days / 146_097  // of 400 years
  let dayOfEra = days % 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let fromMarch = (5 * dayOfYear + 2) / 153
  let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * fromMarch + 2) / 5 + 1)
}

extension CalendarDate: Codable {
  /// - Throws: `market.date`.
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let date = CalendarDate(text) else {
      throw MarketError(
        "date", subject: decoder.codingPath.last?.stringValue ?? "date",
        expected: "a date from 1970 on, as 2024-12-25", found: "'\(text)'")
    }
    self = date
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
