import Foundation
import PareMarket
import Testing

@Suite struct PanelCSVTests {
  private let folder: TemporaryFolder
  private let header = "date,symbol,open,high,low,close,volume\n"

  init() throws { folder = try TemporaryFolder() }

  private func read(_ text: String, policy: BadRowPolicy = .refuse, calendar: SessionCalendar? = nil) throws
    -> (series: [CandleSeries], report: PanelReport)
  {
    try PanelCSV.read(path: folder.file("panel.csv", text), calendar: calendar, policy: policy)
  }

  @Test func rowsBecomeASeriesPerSymbol() throws {
    // Out of order, one repetition, a further column, CRLF.
    let (series, report) = try read(
      "date,symbol,open,high,low,close,volume,note\n2024-01-05,B,1,2,1,2,30,x\n2024-01-08,B,2,2,1,1,40,\r\n\n"
        + "2024-01-08,A,5,6,5,6,0,x\n2024-01-05,A,4,6,4,5,7,y\n2024-01-05,A,4,6,4,5,7,z\n")
    #expect(series.map(\.key.description) == ["A 1d", "B 1d"])
    let friday = try #require(CalendarDate("2024-01-05")).midnight
    #expect(series[0].candles.map(\.start) == [friday, friday + 3 * 86_400_000])
    #expect(series[0].candles[0] == Candle(start: friday, open: 4, high: 6, low: 4, close: 5, volume: 7))
    #expect(series[1].candles.map(\.volume) == [30, 40])
    #expect(series[0].calendar == series[1].calendar && series[0].calendar?.count == 2)
    #expect(series[0].gaps.isEmpty && series[1].gaps.isEmpty)
    #expect(report.rows == 5 && report.accepted == 4 && report.identicalDuplicates == 1 && report.outOfOrder == 1)
    #expect(report.ignoredColumns == ["note"] && report.missing == 0 && report.badRows.isEmpty)
  }

  @Test(arguments: [
    ("", "market.no-candles", ".csv"), ("date,symbol,open\n", "market.panel-columns", ".csv:1"),
    ("date,date,symbol,open,high,low,close,volume\n", "market.panel-columns", ".csv:1"),
  ]) func aHeaderThatIsNoneIsRefused(text: String, code: String, place: String) throws {
    let error = try marketError { _ = try read(text) }
    #expect(error.code == code && error.subject.hasSuffix(place))
  }

  @Test(arguments: [
    "2024-01-08,A,1,2,1,2", "2024-02-30,A,1,2,1,2,5", "08.01.2024,A,1,2,1,2,5", "2024-01-08,,1,2,1,2,5",
    "2024-01-08,A,x,2,1,2,5", "2024-01-08,A,1,2,1,2,", "2024-01-08,A,0,2,0,2,5", "2024-01-08,A,1,2,1,3,5",
    "2024-01-08,A,1,2,1,2,-1", "2024-01-08,A,1,nan,1,2,5", "2024-01-05,A,1,2,1,1.5,5",
  ]) func aBadRowIsNamedOrLeftOut(row: String) throws {
    let text = header + "2024-01-05,A,1,2,1,2,5\n" + row + "\n2024-01-09,A,1,2,1,2,5\n"
    let error = try marketError { _ = try read(text) }
    #expect(error.code == "market.bad-row" && error.subject.hasSuffix(".csv:3"))
    #expect(error.expected != nil && error.found != nil)
    let (series, report) = try read(text, policy: .skip)
    #expect(series.count == 1 && series[0].candles.count == 2 && report.badRows.map(\.line) == [3])
  }

  @Test func aCalendarSaysWhichDatesCount() throws {
    let text = header + "2024-01-05,A,1,2,1,2,5\n2024-01-06,A,1,2,1,2,5\n2024-01-09,A,1,2,1,2,5\n"
    let dates = ["2024-01-05", "2024-01-08", "2024-01-09"].compactMap { CalendarDate($0) }
    let calendar = try SessionCalendar(dates: dates)
    #expect(try marketError { _ = try read(text, calendar: calendar) }.subject.hasSuffix(":3"))
    let (series, report) = try read(text, policy: .skip, calendar: calendar)
    #expect(series[0].gaps == [CandleGap(start: dates[1].midnight, missing: 1)])
    #expect(report.missing == 1 && report.sessions == 3)
    #expect(try marketError { _ = try SessionCalendar(starts: []) }.code == "market.calendar")
    #expect(try marketError { _ = try SessionCalendar(starts: [2, 2]) }.code == "market.calendar")
    #expect(try marketError { _ = try SessionCalendar(starts: [-5, 2]) }.code == "market.calendar")
    #expect(calendar.start(dates[0].midnight, advancedBy: 2) == dates[2].midnight)
    #expect(calendar.start(dates[0].midnight, advancedBy: 3) == nil && calendar.start(1, advancedBy: 0) == nil)
  }

  @Test func aSymbolMayHaveOneGroupOrMany() throws {
    let path = try folder.file("groups.csv", "symbol,industry\nA,\"Oil, Gas\"\nB,Banks\nC,\"Say \"\"so\"\"\"\nA,Banks\nA,Banks\n")
    let groups = try SymbolGroups.read(path: path)
    #expect(groups.names == ["Banks", "Oil, Gas", "Say \"so\""])
    #expect(groups.groups == ["A": [0, 1], "B": [0], "C": [2]])
    #expect(groups.shared("A", "B") == 1 && groups.shared("B", "C") == 0)
    let named = try folder.file("concepts.csv", "symbol,concept_id,concept\nA,1,x\nB,1,y\n")
    #expect(try SymbolGroups.read(path: named).names == ["x", "y"])
    #expect(try SymbolGroups.read(path: named, column: "concept_id").shared("A", "B") == 1)
    for (text, code) in [
      ("", "group-rows"), ("symbol,industry\n", "group-rows"), ("symbol,industry,sector\nA,1,2\n", "group-columns"),
      ("name,industry\nA,1\n", "group-columns"), ("symbol,industry\nA\n", "group-columns"), ("symbol,industry\nA,\n", "group-field"),
    ] {
      let path = try folder.file("bad.csv", text)
      #expect(try marketError { _ = try SymbolGroups.read(path: path) }.code == "market." + code)
    }
    let hole = try folder.file("hole.csv", "symbol,industry\nA,x\nB,\n")
    #expect(try SymbolGroups.read(path: hole, policy: .skip).groups == ["A": [0]])
    #expect(try marketError { _ = try SymbolGroups.read(path: named, column: "theme") }.code == "market.group-columns")
  }
}

/// The real panels, where they are at hand.
@Suite struct RealPanelTests {
  static let folder = URL(fileURLWithPath: #filePath + "/../../../../../shared/data/equities").standardizedFileURL.path + "/"
  static let isThere = FileManager.default.fileExists(atPath: folder)

  @Test(.enabled(if: isThere), arguments: [
    ("nasdaq-large100-daily.csv.gz", 93, 2_013, 0, 15_989), ("csi500-daily.csv.gz", 430, 612, 0, 2_061),
    ("nasdaq200-daily.csv.gz", 200, 2_503, 180, 215),
  ]) func realPanelsAreReadWhole(name: String, symbols: Int, sessions: Int, bad: Int, missing: Int) throws {
    let path = Self.folder + name
    let (series, report) = try PanelCSV.read(path: path, policy: .skip)
    #expect(series.count == symbols && report.sessions == sessions)
    #expect(report.badRows.count == bad && report.missing == missing, "\(report.badRows.count) bad, \(report.missing) missing")
    #expect(report.outOfOrder == 0 && report.identicalDuplicates == 0)
    if bad > 0 {
      #expect(try marketError { _ = try PanelCSV.read(path: path) }.code == "market.bad-row")
    }
  }

  @Test(.enabled(if: isThere), arguments: [
    ("nasdaq200-industries.csv", 200, 66), ("nasdaq-large100-sectors.csv", 93, 8), ("csi500-industries.csv", 429, 97),
    ("csi500-concepts.csv", 430, 332),
  ]) func realGroupsAreRead(name: String, symbols: Int, groups: Int) throws {
    // One share of the CSI 500 has a row without an industry.
    let found = try SymbolGroups.read(path: Self.folder + name, policy: .skip)
    #expect(found.groups.count == symbols && found.names.count == groups, "\(found.groups.count), \(found.names.count)")
    if name == "csi500-industries.csv" {
      #expect(try marketError { _ = try SymbolGroups.read(path: Self.folder + name) }.subject.hasSuffix(":353"))
    }
  }
}
