/// A day of the week, Monday first.
public enum Weekday: String, Codable, Sendable, CaseIterable {
  case monday, tuesday, wednesday, thursday, friday, saturday, sunday
}

/// A time that a clock on the wall shows, to the minute: 00:00 to 24:00.
public struct TimeOfDay: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Since midnight, 0 to 1,440.
  public let minutes: Int

  /// Reads `09:30`; nil for anything else.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [2, 2], parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let hours = Int(parts[0]), let minutes = Int(parts[1]), minutes < 60, hours * 60 + minutes <= 1440
    else { return nil }
    self.minutes = hours * 60 + minutes
  }

  public static func < (one: TimeOfDay, other: TimeOfDay) -> Bool { one.minutes < other.minutes }

  public var description: String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return two(minutes / 60) + ":" + two(minutes % 60)
  }
}

/// A stretch of a day in which the market is open: from `opens` until just before `closes`, local time.
public struct DaySession: Sendable, Hashable, CustomStringConvertible {
  public let opens: TimeOfDay
  public let closes: TimeOfDay

  /// Reads `09:30-16:00`; nil for anything else, and where it does not close after it opens.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let opens = TimeOfDay(parts[0]), let closes = TimeOfDay(parts[1]), opens < closes else { return nil }
    self.opens = opens
    self.closes = closes
  }

  public var description: String { "\(opens)-\(closes)" }
}
