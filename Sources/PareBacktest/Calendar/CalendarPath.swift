/// Where in a document a part of a calendar stands, for messages.
struct CalendarPath {
  let description: String

  init(_ description: String) {
    self.description = description
  }

  init(_ decoder: any Decoder) {
    let keys = decoder.codingPath.map(\.stringValue)
    description = keys.isEmpty ? "calendar" : keys.joined(separator: ".")
  }

  func key(_ name: String) -> CalendarPath { CalendarPath("\(description).\(name)") }
  func index(_ index: Int) -> CalendarPath { CalendarPath("\(description)[\(index)]") }

  func refusal(_ expected: String, _ found: String) -> BacktestError {
    BacktestError("calendar", subject: description, expected: expected, found: found)
  }
}
