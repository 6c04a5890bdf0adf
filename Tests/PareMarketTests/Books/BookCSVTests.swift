import Foundation
import PareMarket
import Testing

@Suite struct BookCSVTests {
  private func read(_ text: String) throws -> BookSnapshots {
    let path = NSTemporaryDirectory() + "book-\(UUID().uuidString).csv"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return try BookCSV.read(path: path)
  }

  private let header = "ts_ms,bid_px_1,bid_qty_1,bid_px_2,bid_qty_2,ask_px_1,ask_qty_1,ask_px_2,ask_qty_2\n"

  @Test func snapshotsAreReadLevelByLevel() throws {
    let book = try read(header + "1000,99.5,3,99,4,100.5,1,101,2\r\n\n1001,99.5,3,98,4,100,1.5,101,2\n")
    #expect(book.levels == 2 && book.count == 2 && book.times == [1_000_000, 1_001_000])
    #expect(book.bidPrices == [99.5, 99, 99.5, 98] && book.bidQuantities == [3, 4, 3, 4])
    #expect(book.askPrices == [100.5, 101, 100, 101] && book.askQuantities == [1, 2, 1.5, 2])
    #expect(book.mid(at: 0) == 100 && book.mid(at: 1) == 99.75)
    #expect([999_999, 1_000_000, 1_000_999, 1_001_000, .max].map(book.snapshot) == [nil, 0, 0, 1, 1])
    // Other orders of the columns, and times in microseconds.
    #expect(try read("ask_px_1,ask_qty_1,ts_us,bid_qty_1,bid_px_1\n101,2,7,3,99\n").askPrices == [101])
    #expect(try read("ask_px_1,ask_qty_1,ts_us,bid_qty_1,bid_px_1\n101,2,7,3,99\n").times == [7])
  }

  @Test(arguments: [
    ("ts_ms,bid_px_1\n", "market.book-columns", ":1"), ("ts_ms\n", "market.book-columns", ":1"), ("", "market.book-rows", ".csv"),
    ("ts,bid_px_1,bid_qty_1,ask_px_1,ask_qty_1\n", "market.book-columns", ":1"),
    ("ts_ms,bid_px_1,bid_qty_1,ask_px_1,ask_px_1\n", "market.book-columns", ":1"),
    ("ts_ms,bid_px_1,bid_qty_1,ask_px_2,ask_qty_2\n", "market.book-columns", ":1"),
  ]) func aHeaderThatIsNoneIsRefused(text: String, code: String, place: String) {
    let error = #expect(throws: MarketError.self) { try read(text) }
    #expect(error?.code == code && error?.subject.contains(place) == true, "\(error?.description ?? "read")")
  }

  @Test(arguments: [
    ("2,99,1,98,1,101,1", "book-columns", ":3"), ("x,99,1,98,1,101,1,102,1", "book-field", ":3, field 1"),
    ("2,99,1,98,,101,1,102,1", "book-field", ":3, field 5"), ("-1,99,1,98,1,101,1,102,1", "book-field", ":3, field 1"),
    ("999999999999999999,99,1,98,1,101,1,102,1", "book-field", ":3, field 1"),
    ("1,99,1,98,1,101,1,102,1", "book-times", ":3"), ("0,99,1,98,1,101,1,102,1", "book-times", ":3"),
    ("2,99,1,99,1,101,1,102,1", "book-level", ":3: bid 2"), ("2,99,1,98,1,101,1,100.5,1", "book-level", ":3: ask 2"),
    ("2,99,1,98,1,99,1,102,1", "book-level", ":3: ask 1"), ("2,99,0,98,1,101,1,102,1", "book-level", ":3: bid 1"),
    ("2,99,1,98,-2,101,1,102,1", "book-level", ":3: bid 2"), ("2,99,1,-98,1,101,1,102,1", "book-level", ":3: bid 2"),
    ("2,99,1,98,1,101,nan,102,1", "book-level", ":3: ask 1"), ("2,99,1,98,1,101,1,inf,1", "book-level", ":3: ask 2"),
  ]) func aBadRowIsNamedByItsLine(row: String, code: String, place: String) {
    let error = #expect(throws: MarketError.self) { try read(header + "1,99,1,98,1,101,1,102,1\n" + row + "\n") }
    #expect(error?.code == "market." + code && error?.subject.hasSuffix(place) == true, "\(error?.description ?? "read")")
    #expect(error?.expected != nil && error?.found != nil)
  }

  @Test func columnsThatAreNoBookAreRefused() throws {
    func code(_ levels: Int, _ times: [Int64], _ bids: [Double], _ asks: [Double]) -> String? {
      do {
        _ = try BookSnapshots(
          levels: levels, times: times, bidPrices: bids, bidQuantities: bids.map { _ in 1 }, askPrices: asks,
          askQuantities: asks.map { _ in 1 })
      } catch { return error.code }
      return nil
    }
    #expect(code(1, [1, 2], [99, 98], [100, 99]) == nil)
    #expect(code(1, [1, 2], [99], [100, 99]) == "market.book-shape" && code(0, [], [], []) == "market.book-shape")
    #expect(code(1, [2, 2], [99, 98], [100, 99]) == "market.book-times")
    #expect(code(2, [1], [99, 99], [100, 101]) == "market.book-level" && code(1, [1], [100], [100]) == "market.book-level")
  }

  @Test func aSimulatedBookWandersByItsSettings() throws {
    var simulation = BookSimulation()
    simulation.snapshots = 20_000
    let book = try simulation.run(seed: 4)
    #expect(try simulation.run(seed: 4) == book && simulation.run(seed: 5) != book)
    #expect(book.count == 20_000 && book.levels == 10 && book.times[1] == 1_000)
    let moves = (1..<book.count).count { abs(book.bidPrices[$0 * 10] - book.bidPrices[($0 - 1) * 10]) > 0.005 }
    // 0.2 of the steps, five deviations about it.
    #expect(abs(Double(moves) - 4_000) < 5 * (20_000 * 0.2 * 0.8).squareRoot())
    let mean = book.askQuantities.reduce(0, +) / Double(book.askQuantities.count)
    #expect(abs(mean - 5) < 5 * 5 / Double(book.askQuantities.count).squareRoot())
    for change in [
      { $0.snapshots = 0 }, { $0.step = 0 }, { $0.levels = 0 }, { $0.tick = -1 }, { $0.price = 10 }, { $0.move = 0.6 },
      { $0.wide = 1 }, { $0.depth = .nan },
    ] as [(inout BookSimulation) -> Void] {
      var other = BookSimulation()
      change(&other)
      let error = #expect(throws: MarketError.self) { try other.run(seed: 1) }
      #expect(error?.code == "market.book-simulation")
    }
  }
}
