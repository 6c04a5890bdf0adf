import Foundation
import PareMarket
import Testing

@Suite struct CandleFileTests {
  private let folder: TemporaryFolder
  private let series = CandleSeries(key: .sample, candles: SampleCandles.make(300))

  init() throws { folder = try TemporaryFolder() }

  private func read(_ name: String) throws -> CandleSeries {
    try CandleCSV.read(path: folder.path(name), symbol: "BTCUSDT", venue: "bybit/linear").series
  }

  @Test(arguments: ["candles.csv", "candles.csv.gz"])
  func whatIsWrittenReadsBackEqual(_ name: String) throws {
    var candles = SampleCandles.make(5_000)
    candles[1].turnover = nil
    candles[2].volume = 8_143_693.230_000_000_4
    candles[3].high = 1e21
    candles[4].low = .leastNonzeroMagnitude
    let series = CandleSeries(key: .sample, candles: candles)
    try CandleCSV.write(series, to: folder.path(name))
    #expect(try read(name) == series)
    #expect(folder.names == [name])
  }

  @Test func theCanonicalFormIsPlain() throws {
    let candle = Candle(
      start: 1_704_067_200_000, open: 111_920, high: 111_976.8, low: 111_877, close: 111_900, volume: 2)
    try CandleCSV.write(CandleSeries(key: .sample, candles: [candle]), to: folder.path("one.csv"))
    let text = String(decoding: try folder.bytes("one.csv"), as: UTF8.self)
    #expect(
      text == "start_ms,open,high,low,close,volume,turnover\n1704067200000,111920,111976.8,111877,111900,2,\n")
  }

  @Test func equalSeriesGiveEqualFiles() throws {
    try CandleCSV.write(series, to: folder.path("a.csv.gz"))
    try CandleCSV.write(series, to: folder.path("b.csv.gz"))
    #expect(try folder.bytes("a.csv.gz") == folder.bytes("b.csv.gz"))
  }

  @Test func aTruncatedGzipFileIsRefusedAtEveryLength() throws {
    let short = CandleSeries(key: .sample, candles: SampleCandles.make(40))
    try CandleCSV.write(short, to: folder.path("whole.csv.gz"))
    let whole = try folder.bytes("whole.csv.gz")
    for length in 2..<whole.count {
      let path = try folder.file("cut.csv.gz", Array(whole[..<length]))
      let error = try marketError { _ = try CandleCSV.read(path: path, symbol: "X") }
      #expect(error.code == "market.truncated-gzip" && error.category == .badData)
    }
  }

  @Test func aDamagedGzipFileIsRefused() throws {
    try CandleCSV.write(series, to: folder.path("whole.csv.gz"))
    let whole = try folder.bytes("whole.csv.gz")
    for index in [40, whole.count / 2, whole.count - 6, whole.count - 2] {
      var bytes = whole
      bytes[index] ^= 0x55
      let path = try folder.file("damaged.csv.gz", bytes)
      let error = try marketError { _ = try CandleCSV.read(path: path, symbol: "X") }
      #expect(error.category == .badData)
    }
    let path = try folder.file("followed.csv.gz", whole + Array("more".utf8))
    #expect(try marketError { _ = try CandleCSV.read(path: path, symbol: "X") }.code == "market.corrupt-gzip")
  }

  @Test func membersOfAGzipFileAreReadOneAfterTheOther() throws {
    let whole = series.candles
    try CandleCSV.write(CandleSeries(key: .sample, candles: Array(whole[..<100])), to: folder.path("1.csv"))
    try CandleCSV.write(CandleSeries(key: .sample, candles: Array(whole[..<100])), to: folder.path("1.csv.gz"))
    let tail = CandleSeries(key: .sample, candles: Array(whole[100...]))
    try CandleCSV.write(tail, to: folder.path("2.csv.gz"))
    _ = try folder.file(
      "both.csv.gz", try folder.bytes("1.csv.gz") + folder.bytes("2.csv.gz") + [UInt8](repeating: 0, count: 512))
    // The second member brings a header of its own, which is a row without a number.
    let (joined, report) = try CandleCSV.read(
      path: folder.path("both.csv.gz"), symbol: "BTCUSDT", venue: "bybit/linear", policy: .skip)
    #expect(joined == series)
    #expect(report.badRows.map(\.line) == [102])
  }

  @Test func anUnwritablePlaceIsNamedAndLeavesNothing() throws {
    let path = folder.path("missing/candles.csv")
    let error = try marketError { try CandleCSV.write(series, to: path) }
    #expect(error.category == .cannotCreate && error.subject == path)
    try FileManager.default.createDirectory(atPath: folder.path("taken"), withIntermediateDirectories: false)
    let taken = try marketError { try CandleCSV.write(series, to: folder.path("taken")) }
    #expect(taken.category == .cannotCreate)
    #expect(folder.names == ["taken"])
  }
}
