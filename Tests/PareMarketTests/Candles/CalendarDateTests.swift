import Foundation
import PareMarket
import Testing

@Suite struct CalendarDateTests {
  @Test func everyDateIsWhatTheCalendarSays() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    for day in stride(from: 0, through: 2_932_896, by: 97) {
      let date = CalendarDate(day: day)
      let parts = calendar.dateComponents([.year, .month, .day], from: Date(timeIntervalSince1970: Double(day) * 86_400))
      let text = String(format: "%04d-%02d-%02d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
      #expect(date.description == text && CalendarDate(text) == date)
    }
    #expect(CalendarDate("1970-01-01")?.day == 0 && CalendarDate("9999-12-31")?.day == 2_932_896)
    #expect(CalendarDate("2024-02-29").map { $0.advanced(by: 1).description } == "2024-03-01")
    #expect(CalendarDate(utc: 86_400_000 - 1).midnight == 0)
  }

  @Test(arguments: [
    "", "2024", "2024-2-29", "2023-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "1969-12-31", "+024-01-01", "2024-01-01 ",
    "٢٠٢٤-01-01", "2024-01-00",
  ]) func whatIsNoDateIsNone(text: String) {
    #expect(CalendarDate(text) == nil)
    #expect(throws: MarketError.self) {
      try JSONDecoder().decode([CalendarDate].self, from: JSONEncoder().encode([text]))
    }
  }
}
