import Foundation
import PareMarket
import PareTensor
import Testing

@Suite struct CandleCSVReadingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ text: String, interval: CandleInterval? = nil, policy: BadRowPolicy = .refuse) throws
    -> (series: CandleSeries, report: CandleReport)
  {
    let path = try folder.file("candles.csv", text)
    return try CandleCSV.read(path: path, symbol: "BTCUSDT", interval: interval, policy: policy)
  }

  private func failure(_ text: String, interval: CandleInterval? = nil, policy: BadRowPolicy = .refuse) throws
    -> MarketError
  {
    try marketError { _ = try read(text, interval: interval, policy: policy) }
  }

  private static let two = [
    Candle(start: 1_704_067_200_000, open: 10, high: 12, low: 9.5, close: 11, volume: 3, turnover: nil),
    Candle(start: 1_704_067_500_000, open: 11, high: 11.25, low: 10, close: 10.5, volume: 0, turnover: nil),
  ]

  @Test(arguments: [
    "start_ms,open,high,low,close,volume,turnover\n1704067200000,10,12,9.5,11,3,\n1704067500000,11,11.25,10,10.5,0,\n",
    "1704067200000,10,12,9.5,11,3,\n1704067500000,11,11.25,10,10.5,0,",
    "1704067200000,10,12,9.5,11,3\n1704067500000,11,11.25,10,10.5,0\n",
    "start_ms,open,high,low,close,volume,turnover\n1704067200000,10,12,9.5,11,3\n1704067500000,11,11.25,10,10.5,0\n",
    "1704067200;10;12;9.5;11;3\n1704067500;11;11.25;10;10.5;0\n",
    "time\topen\thigh\tlow\tclose\tvolume\r\n1704067200\t10\t12\t9.5\t11\t3\r\n\r\n1704067500\t11\t11.25\t10\t10.5\t0\r\n",
    "\u{feff}Volume,Close,Low,High,Open,Timestamp\n3,11,9.5,12,10,1704067200\n0,10.5,10,11.25,11,1704067500\n",
    "\"open_time\", \"open\",\"high\",\"low\",\"close\",\"volume\",\"trades\"\n\"1704067200000\",10,12,9.5,11,3,77\n1704067500000,11,11.25,10,10.5,0,5\n",
    "timestamp,o,h,l,c,v\n1.7040672e12,10.0,12.0,9.5,11.0,3e0\n1704067500000.0,1.1e1,11.25,10,10.5,0\n",
  ])
  func everySpellingGivesTheSameCandles(_ text: String) throws {
    let (series, report) = try read(text)
    #expect(series.candles == Self.two)
    #expect(series.key == SeriesKey(symbol: "BTCUSDT", interval: .fiveMinutes))
    #expect(report.rows == 2 && report.accepted == 2 && report.badRows.isEmpty)
  }

  @Test func turnoverIsReadWhereItIsGiven() throws {
    let (series, _) = try read("1704067200000,10,12,9.5,11,3,32.5\n1704067500000,11,11.25,10,10.5,0,\n")
    #expect(series.candles.map(\.turnover) == [32.5, nil])
  }

  @Test func columnsWithoutMeaningAreReported() throws {
    let (_, report) = try read(
      "start_ms,open,high,low,close,volume,Trades\n1704067200000,10,12,9.5,11,3,1\n1704067500000,10,12,9.5,11,3,2\n")
    #expect(report.ignoredColumns == ["trades"])
  }

  @Test(arguments: [
    ("1704067500000,11,x,10,10.5,0", "high"),
    ("1704067500000,11,,10,10.5,0", "nothing"),
    ("1704067500000,11,0x1p4,10,10.5,0", "'0x1p4'"),
    ("1704067500000,nan,11.25,10,10.5,0", "finite open"),
    ("1704067500000,11,inf,10,10.5,0", "finite high"),
    ("1704067500000,11,1e999,10,10.5,0", "finite high"),
    ("1704067500000,11,9,10,10.5,0", "high not below low"),
    ("1704067500000,12,11.25,10,10.5,0", "open within low"),
    ("1704067500000,11,11.25,10,9,0", "close within low"),
    ("1704067500000,11,11.25,10,10.5,-1", "volume of at least 0"),
    ("1704067500000,11,11.25,0,10.5,1", "positive low"),
    ("1704067500000,-11,11.25,10,10.5,1", "positive open"),
    ("1704067500001,11,11.25,10,10.5,1", "5m grid"),
    ("1704067500,11,11.25,10,10.5,1", "all starts in seconds or all in milliseconds"),
    ("yesterday,11,11.25,10,10.5,1", "'yesterday'"),
    ("-1704067500000,11,11.25,10,10.5,1", "milliseconds"),
    ("9904067500000000,11,11.25,10,10.5,1", "between 1970"),
    ("1704067500000,11,11.25,10", "6 to 7 columns, found 4"),
    ("1704067500000,11,11.25,10,10.5,1,2,3", "6 to 7 columns, found 8"),
    ("1704067200000,11,11.25,10,10.5,1", "line 1"),
  ])
  func aBadRowIsRefusedByLineAndSkippedWhenAsked(_ row: String, _ saying: String) throws {
    let text = """
      1704067200000,10,12,9.5,11,3
      \(row)
      1704067800000,11,11.25,10,10.5,0
      1704068100000,11,11.25,10,10.5,0
      1704068400000,11,11.25,10,10.5,0
      """
    let error = try failure(text)
    #expect(error.subject.hasSuffix("candles.csv:2"))
    #expect(error.description.contains(saying), "\(error)")
    #expect(error.category == .badData)

    let (series, report) = try read(text, policy: .skip)
    #expect(series.candles.count == 4)
    #expect(report.badRows.map(\.line) == [2])
    #expect(report.rows == 5 && report.accepted == 4)
  }

  @Test func theFirstBadRowIsNamedAndAllAreCounted() throws {
    let error = try failure(
      "1704067200000,10,12,9.5,11,3\n1704067500000,1,x,1,1,1\n1704067800000,1,1,1,1,-1\n1704068100000,10,12,9.5,11,3\n")
    #expect(error.subject.hasSuffix(":2"))
    #expect(error.description.contains("2 bad rows in all"))
  }

  @Test func disorderAndDuplicatesAreReportedAndIdenticalOnesAreNoContradiction() throws {
    let text = """
      1704067800000,11,11.25,10,10.5,0
      1704067200000,10,12,9.5,11,3
      1704067500000,11,11.25,10,10.5,0
      1704067200000,10,12,9.5,11,3
      """
    let (series, report) = try read(text)
    #expect(series.candles.map(\.start) == [1_704_067_200_000, 1_704_067_500_000, 1_704_067_800_000])
    #expect(report.outOfOrder == 2)
    #expect(report.identicalDuplicates == 1)

    let contradiction = text + "\n1704067500000,11,11.25,10,10.75,0\n"
    #expect(try failure(contradiction).subject.hasSuffix(":5"))
    let skipped = try read(contradiction, policy: .skip)
    #expect(skipped.series.candles == series.candles)
    #expect(skipped.report.badRows == [BadRow(line: 5, defect: .conflict(withLine: 3))])
  }

  @Test func aFileWithoutCandlesIsOneClearLine() throws {
    #expect(try failure("").description.contains("expected at least one candle, found no rows"))
    #expect(try failure("\n\n").description.contains("no rows"))
    #expect(try failure("start_ms,open,high,low,close,volume\n").description.contains("no rows"))
    #expect(try failure("1,2\n").description.contains("6 or 7 columns"))
    let allBad = try failure("1704067200000,1,2,3,1,1\n", policy: .skip)
    #expect(allBad.category == .badData)
  }

  @Test func oneCandleTellsNoInterval() throws {
    let one = "1704067200000,10,12,9.5,11,3\n"
    #expect(try failure(one).description.contains("at least two candles"))
    #expect(try read(one, interval: .fiveMinutes).series.candles.count == 1)
  }

  @Test func aMissingFileOrAFolderIsNoInput() throws {
    for path in [folder.path("nothing.csv"), folder.url.path] {
      let error = try marketError { _ = try CandleCSV.read(path: path, symbol: "X") }
      #expect(error.category == .noInput)
      #expect(error.subject == path)
    }
  }

  @Test func aHeaderThatLacksOrRepeatsAColumnIsRefused() throws {
    #expect(try failure("start_ms,open,high,close,volume\n1,2,3,4,5\n").description.contains("a header without low"))
    #expect(try failure("start,time,open,high,low,close,volume\n").description.contains("'start' and 'time'"))
    let binance = "1704067200000,1,1,1,1,1,1704067499999,1,1,1,1,0\n"
    #expect(try failure(binance).description.contains("6 or 7 columns"))
  }

  @Test(arguments: [
    CandleInterval.oneMinute, .threeMinutes, .fifteenMinutes, .oneHour, .fourHours, .twelveHours, .oneDay, .oneWeek,
    .oneMonth,
  ])
  func theIntervalIsTheMostCommonStep(_ interval: CandleInterval) throws {
    var candles = SampleCandles.make(30, interval: interval)
    candles.removeSubrange(10..<13)
    candles.remove(at: 20)
    let path = folder.path("detect.csv")
    try CandleCSV.write(CandleSeries(key: SeriesKey(symbol: "X", interval: interval), candles: candles), to: path)
    let (series, report) = try CandleCSV.read(path: path, symbol: "X")
    #expect(report.interval == interval)
    #expect(series.candles == candles)
    #expect(report.gaps.map(\.missing) == [3, 1])
  }

  @Test func anotherIntervalThanAskedIsRefused() throws {
    let path = folder.path("hours.csv")
    let hours = CandleSeries(
      key: SeriesKey(symbol: "X", interval: .oneHour), candles: SampleCandles.make(50, interval: .oneHour))
    try CandleCSV.write(hours, to: path)
    for asked in [CandleInterval.fiveMinutes, .oneDay] {
      let error = try marketError { _ = try CandleCSV.read(path: path, symbol: "X", interval: asked) }
      #expect(error.code == "market.wrong-interval")
      #expect(error.description.contains("candles of \(asked.name), found candles of 1h"))
    }
    #expect(try failure("1704067200000,1,1,1,1,1\n1704067207000,1,1,1,1,1\n").description.contains("a step of 7 s"))
  }

  @Test func aLineWithoutEndIsRefused() throws {
    #expect(try failure(String(repeating: "1", count: 400_000)).code == "market.line-too-long")
  }

  @Test func numbersAreTheNearestDoubles() throws {
    var generator = SeededGenerator(seed: 7)
    var texts = [
      "123456789012345678901234567890", "0.1", "8143693.2300000004", "9007199254740993", "5e-324", "1e22",
      "1e23", "0.000000000000000000000000000001", "179769313486231570000e288", ".5", "7.", "+3", "1E+2",
    ]
    for _ in 0..<500 {
      texts.append("\(Double.random(in: 0...1, using: &generator))")
      texts.append("\(UInt64.random(in: 0 ... .max, using: &generator))e-\(Int.random(in: 0...40, using: &generator))")
      texts.append(
        "\(Int.random(in: 1...9_999_999, using: &generator)).\(Int.random(in: 0...99_999, using: &generator))")
    }
    let rows = texts.enumerated().map { index, text in
      "\(SampleCandles.start + Int64(index) * 60_000),1,1,1,1,\(text)"
    }
    let (series, _) = try read(rows.joined(separator: "\n"))
    for (candle, text) in zip(series.candles, texts) {
      #expect(candle.volume == strtod(text, nil), "\(text)")
    }
  }

  /// Real candles, where the folder with them stands beside the checkout.
  private static let realData = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("../shared/data/crypto").path

  @Test(.enabled(if: FileManager.default.fileExists(atPath: realData), "needs ../shared/data"))
  func realCandlesAreReadAsTheirDescriptionSays() throws {
    let bybit = try CandleCSV.read(path: Self.realData + "/BTCUSDT-5m.csv.gz", symbol: "BTCUSDT")
    #expect(bybit.report.accepted == 72_000 && bybit.report.interval == .fiveMinutes && bybit.report.gaps.isEmpty)
    let binance = try CandleCSV.read(path: Self.realData + "/BTCUSDT-1h.csv.gz", symbol: "BTCUSDT")
    #expect(binance.report.accepted == 61_246 && binance.report.interval == .oneHour)
    #expect(binance.report.gaps.count == 27 && binance.report.missing == 122)
  }
}
