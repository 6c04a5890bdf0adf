import PareMarket

extension ExchangeHours: Codable {
  /// A key of which nothing is known yet.
  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case sessions, holidays
    case timeZone = "time-zone"
    case earlyCloses = "early-closes"
    case daysPerYear = "days-per-year"
  }

  /// Stands for Monday to Friday; a weekday of its own goes before it.
  private static let weekdays = "weekdays"

  /// Reads `{time-zone: America/New_York, sessions: {weekdays: ["09:30-16:00"]}, holidays: [2024-12-25], early-closes:
  /// {2024-12-24: "13:00"}, days-per-year: 252}`; the last three may be left out.
  ///
  /// - Throws: `backtest.calendar`, naming the key, also where it is unknown.
  public init(from decoder: any Decoder) throws {
    let path = CalendarPath(decoder)
    let known = CodingKeys.allCases.map(\.rawValue)
    for key in try decoder.container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
      throw path.key(key.stringValue).refusal("one of " + known.sorted().joined(separator: ", "), "'\(key.stringValue)'")
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let days = try container.decode([String: [String]].self, forKey: .sessions)
    let holidays = try container.decodeIfPresent([String].self, forKey: .holidays) ?? []
    let closes = try container.decodeIfPresent([String: String].self, forKey: .earlyCloses) ?? [:]
    try self.init(
      timeZone: container.decode(String.self, forKey: .timeZone),
      sessions: Self.sessions(days, at: path.key(CodingKeys.sessions.rawValue)),
      holidays: Set(
        holidays.enumerated().map { index, text throws in
          try Self.date(text, at: path.key(CodingKeys.holidays.rawValue).index(index))
        }),
      earlyCloses: Dictionary(
        uniqueKeysWithValues: closes.map { date, time throws in
          let place = path.key(CodingKeys.earlyCloses.rawValue).key(date)
          guard let close = TimeOfDay(time) else { throw place.refusal("a time, as 13:00", "'\(time)'") }
          return (try Self.date(date, at: place), close)
        }),
      daysPerYear: container.decodeIfPresent(Double.self, forKey: .daysPerYear) ?? 252, at: path)
  }

  private static func sessions(_ days: [String: [String]], at path: CalendarPath) throws -> [Weekday: [DaySession]] {
    var sessions: [Weekday: [DaySession]] = [:]
    // `weekdays` is read first, so that a day of its own replaces it.
    for (name, texts) in days.sorted(by: { $0.key == weekdays && $1.key != weekdays }) {
      let day = try texts.enumerated().map { index, text in
        guard let session = DaySession(text) else {
          throw path.key(name).index(index).refusal("opening and closing time, as 09:30-16:00", "'\(text)'")
        }
        return session
      }
      if name == weekdays {
        for weekday in Weekday.allCases.prefix(5) { sessions[weekday] = day }
      } else if let weekday = Weekday(rawValue: name) {
        sessions[weekday] = day
      } else {
        throw path.key(name).refusal("weekdays, or a day from monday to sunday", "'\(name)'")
      }
    }
    return sessions
  }

  private static func date(_ text: String, at path: CalendarPath) throws -> CalendarDate {
    guard let date = CalendarDate(text) else { throw path.refusal("a date, as 2024-12-25", "'\(text)'") }
    return date
  }

  /// Every weekday by its own name, dates ascending.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(timeZone, forKey: .timeZone)
    try container.encode(
      Dictionary(uniqueKeysWithValues: sessions.map { ($0.rawValue, $1.map(\.description)) }), forKey: .sessions)
    try container.encode(holidays.sorted().map(\.description), forKey: .holidays)
    try container.encode(
      Dictionary(uniqueKeysWithValues: earlyCloses.map { ($0.description, $1.description) }), forKey: .earlyCloses)
    try container.encode(daysPerYear, forKey: .daysPerYear)
  }
}
