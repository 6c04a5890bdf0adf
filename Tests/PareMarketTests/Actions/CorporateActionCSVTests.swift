import Foundation
import PareMarket
import Testing

@Suite struct CorporateActionCSVTests {
  private func read(_ text: String) throws -> [String: [CorporateAction]] {
    let path = NSTemporaryDirectory() + "actions-\(UUID().uuidString).csv"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return try CorporateActionCSV.read(path: path)
  }

  private func date(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }

  @Test func actionsAreReadBySymbolAndByDate() throws {
    let actions = try read(
      "symbol,date,split,dividend\nB,2024-06-10,10,\nA,2024-05-10,,0.25\r\n\nA,2024-02-09,3:2,0.24\nA,2024-05-10,1,1\n")
    #expect(actions["B"] == [try CorporateAction(exDate: date("2024-06-10"), split: 10)])
    #expect(
      actions["A"] == [
        try CorporateAction(exDate: date("2024-02-09"), split: 1.5, dividend: 0.24),
        try CorporateAction(exDate: date("2024-05-10"), dividend: 0.25),
        try CorporateAction(exDate: date("2024-05-10"), dividend: 1),
      ])
    #expect(try read("dividend,date\n0.5,2024-01-02\n") == ["": [CorporateAction(exDate: date("2024-01-02"), dividend: 0.5)]])
    #expect(try read("date,split\n").isEmpty)
    let one = try CorporateAction(exDate: date("2024-02-09"), split: 1.5, dividend: 0.24)
    #expect(try JSONDecoder().decode(CorporateAction.self, from: JSONEncoder().encode(one)) == one)
  }

  @Test(arguments: [
    ("", "market.action-columns", ".csv"), ("date\n", "market.action-columns", ":1"), ("when,split\n", "market.action-columns", ":1"),
    ("date,split,price\n", "market.action-columns", ":1"), ("date,split\n2024-01-02\n", "market.action-columns", ":2"),
    ("date,split\n2024-01-32,2\n", "market.action-field", ":2"), ("date,split\n2024-01-02,\n", "market.action-field", ":2"),
    ("date,split\n2024-01-02,two\n", "market.action-field", ":2"), ("date,split\n\n2024-01-02,1:2:3\n", "market.action-field", ":3"),
    ("date,split\n2024-01-02,0\n", "market.action", ":2"), ("date,split\n2024-01-02,2:0\n", "market.action", ":2"),
    ("date,dividend\n2024-01-02,-1\n", "market.action", ":2"), ("date,dividend\n2024-01-02,nan\n", "market.action", ":2"),
    ("date,dividend\n2024-01-02,1x\n", "market.action-field", ":2"),
  ]) func aMistakeIsNamedByItsLine(text: String, code: String, place: String) {
    let error = #expect(throws: MarketError.self) { try read(text) }
    #expect(error?.code == code && error?.subject.contains(place) == true, "\(error?.description ?? "read")")
    #expect(error?.expected != nil && error?.found != nil)
  }
}
