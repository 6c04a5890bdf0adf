import Foundation
import PareBacktest
import PareMarket
import PareTensor
import Testing

/// Decisions at every so many snapshots, on sides drawn by chance.
func drawnDecisions(_ book: BookSnapshots, every count: Int, seed: UInt64) -> [(time: Int64, side: Int8)] {
  var generator = SeededGenerator(seed: seed, stream: "sides")
  return stride(from: 0, to: book.count, by: count).map { (book.times[$0], generator.below(2) == 0 ? 1 : -1) }
}

@Suite struct BookStudyTests {
  @Test func rowsAreTheMeansOfTheFills() throws {
    var simulation = BookSimulation()
    simulation.snapshots = 5_000
    let book = try simulation.run(seed: 3)
    let decisions = drawnDecisions(book, every: 7, seed: 3)
    let study = try BookStudy(book, latencies: [0, 2_500, 40_000], markouts: [10_000])
    let rows = try study.rows(decisions: decisions, quantities: [2, 60])
    #expect(rows.map(\.quantity) == [2, 2, 2, 60, 60, 60] && rows.map(\.latency) == [0, 2_500, 40_000, 0, 2_500, 40_000])
    let inside = decisions.filter { $0.time + 50_000 <= 4_999_000 }
    for row in rows {
      let orders = try inside.map { try BookOrder(decided: $0.time, side: $0.side, quantity: row.quantity) }
      let fills = try orders.map { try #require(study.execution.fill($0, latency: row.latency)) }
      func mean(_ figure: (BookFill) -> Double) -> Double { fills.map(figure).reduce(0, +) / Double(fills.count) }
      #expect(row.orders == inside.count && row.orders < decisions.count)
      #expect(agree(row.cost, mean(\.cost), within: 1e-9) && agree(row.drift, mean(\.drift), within: 1e-9))
      #expect(agree(row.halfSpread + row.depth + row.drift, row.cost, within: 1e-9))
      #expect(agree(row.filledShare, mean { $0.filled / row.quantity }, within: 1e-9))
      #expect(agree(row.partialShare, mean { $0.isPartial ? 1 : 0 }))
      let spread = mean { ($0.cost - row.cost) * ($0.cost - row.cost) }.squareRoot()
      #expect(agree(row.costDeviation, spread, within: 1e-6))
      let worth = try zip(orders, fills).map { order, fill in
        try #require(study.execution.markout(fill, of: order, latency: row.latency, after: 10_000))
      }
      #expect(agree(row.markouts[0], worth.reduce(0, +) / Double(worth.count), within: 1e-9))
    }
  }

  @Test func latencyCostsNothingOnAverageWhereNothingIsForetold() throws {
    let book = try BookSimulation().run(seed: 8)
    let study = try BookStudy(book, latencies: [0, 100_000], markouts: [])
    let rows = try study.rows(decisions: drawnDecisions(book, every: 5, seed: 8), quantities: [1])
    #expect(rows[0].drift == 0)
    // 100 steps move a tick with a chance of a fifth each: a deviation of √20 ticks of a basis point, over 1,980 orders.
    #expect(abs(rows[1].drift) < 5 * (20.0 / Double(rows[1].orders)).squareRoot() * 20)
    #expect(rows[1].costDeviation > rows[0].costDeviation)
    // A side that knows where the mid will have gone pays for being late.
    let knowing = (0..<1_900).map { index in
      let place = index * 5
      return (time: book.times[place], side: Int8(book.mid(at: place + 50) >= book.mid(at: place) ? 1 : -1))
    }
    let late = try study.rows(decisions: knowing, quantities: [1])
    #expect(late[1].drift > 1 && late[1].cost > late[0].cost + 1)
  }

  @Test func studiesThatCannotBeAreRefused() throws {
    let book = try BookSimulation().run(seed: 1)
    #expect(errorCode { _ = try BookStudy(book, latencies: []) } == "backtest.book-study")
    #expect(errorCode { _ = try BookStudy(book, latencies: [-1]) } == "backtest.book-study")
    #expect(errorCode { _ = try BookStudy(book, markouts: [.max]) } == "backtest.book-study")
    let study = try BookStudy(book)
    #expect(errorCode { _ = try study.rows(decisions: [], quantities: [1]) } == "backtest.book-study")
    #expect(errorCode { _ = try study.rows(decisions: [(9_999_000, 1)], quantities: [1]) } == "backtest.book-study")
    let short = try BookStudy(book, markouts: [])
    #expect(errorCode { _ = try short.rows(decisions: [(0, 1)], quantities: [1]) } == nil)
    #expect(errorCode { _ = try short.rows(decisions: [(0, 2)], quantities: [1]) } == "backtest.book-order")
    #expect(errorCode { _ = try short.rows(decisions: [(0, 1)], quantities: [0]) } == "backtest.book-order")
  }
}
