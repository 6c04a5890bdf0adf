import PareBacktest
import PareMarket
import PareTensor
import Testing

@Suite struct BookExecutionTests {
  /// Two snapshots, at 1,000 and 2,000 µs. The first's mid is 100, the second's 104.
  private func book() throws -> BookSnapshots {
    try BookSnapshots(
      levels: 3, times: [1_000, 2_000], bidPrices: [99, 98, 96, 102, 101, 100], bidQuantities: [1, 1, 2, 1, 1, 1],
      askPrices: [101, 102, 103, 106, 107, 110], askQuantities: [1, 1, 5, 2, 2, 2])
  }

  private func fill(_ side: Int8, _ quantity: Double, at time: Int64 = 1_000, latency: Int64 = 0) throws -> BookFill? {
    BookExecution(try book()).fill(try BookOrder(decided: time, side: side, quantity: quantity), latency: latency)
  }

  @Test func anOrderTakesLevelAfterLevel() throws {
    // 1 at 101, 1 at 102, 1 at 103: 2 % above the mid of 100, one of them half the spread.
    let bought = try #require(try fill(1, 3))
    #expect(bought.filled == 3 && !bought.isPartial && bought.averagePrice == 102)
    #expect(agree(bought.cost, 200) && agree(bought.halfSpread, 100) && agree(bought.depth, 100) && bought.drift == 0)
    let sold = try #require(try fill(-1, 2.5))
    #expect(agree(sold.averagePrice, (99 + 98 + 0.5 * 96) / 2.5) && agree(sold.cost, (100 - 98) * 100))
    #expect(try fill(1, 0.25)?.averagePrice == 101 && fill(1, 0.25)?.depth == 0)
  }

  @Test func whatTheLevelsDoNotHoldIsNotFilled() throws {
    let bought = try #require(try fill(1, 10))
    #expect(bought.isPartial && bought.filled == 7 && agree(bought.averagePrice, (101 + 102 + 5 * 103) / 7))
    let all = try #require(try fill(-1, 4))
    #expect(!all.isPartial && all.filled == 4)
    #expect(try fill(1, 1e300)?.filled == 7)
  }

  @Test func anOrderMeetsTheBookAsItStandsWhenItArrives() throws {
    let early = try #require(try fill(1, 1, latency: 999))
    #expect(early.snapshot == 0 && early.averagePrice == 101)
    let late = try #require(try fill(1, 1, latency: 1_000))
    #expect(late.snapshot == 1 && late.averagePrice == 106 && agree(late.cost, 600))
    #expect(agree(late.drift, 400) && agree(late.halfSpread, 200) && late.depth == 0)
    // The price has gone the seller's way.
    let sold = try #require(try fill(-1, 1, latency: 1_000))
    #expect(agree(sold.cost, -200) && agree(sold.drift, -400))
    // Decided between snapshots, what was known is the first.
    #expect(try fill(1, 1, at: 1_999, latency: 1)?.drift == late.drift)
    #expect(try fill(1, 1, at: 999) == nil && fill(1, 1, latency: 1_001) == nil && fill(1, 1, latency: .max) == nil)
  }

  @Test func aMarkoutRunsFromTheFillToTheMidThen() throws {
    let execution = BookExecution(try book())
    let order = try BookOrder(decided: 1_000, side: 1, quantity: 1)
    let fill = try #require(execution.fill(order, latency: 0))
    #expect(agree(execution.markout(fill, of: order, latency: 0, after: 0), (100.0 / 101 - 1) * 10_000, within: 1e-9))
    #expect(agree(execution.markout(fill, of: order, latency: 0, after: 1_000), (104.0 / 101 - 1) * 10_000, within: 1e-9))
    #expect(execution.markout(fill, of: order, latency: 0, after: 1_001) == nil)
    #expect(execution.markout(fill, of: order, latency: 0, after: .max) == nil)
  }

  @Test(arguments: 0..<10) func costGrowsWithSizeAndIsTheSumOfItsParts(seed: UInt64) throws {
    var simulation = BookSimulation()
    simulation.snapshots = 400
    let execution = BookExecution(try simulation.run(seed: seed))
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let time = Int64(generator.below(300_000))
      let side: Int8 = generator.below(2) == 0 ? 1 : -1
      let latency = Int64(generator.below(90_000))
      var previous: BookFill?
      for quantity in [0.01, 1, 5, 20, 50, 80, 1_000] {
        let order = try BookOrder(decided: time, side: side, quantity: quantity)
        let fill = try #require(execution.fill(order, latency: latency))
        #expect(agree(fill.cost, fill.drift + fill.halfSpread + fill.depth, within: 1e-9))
        #expect(fill.halfSpread > 0 && fill.depth >= 0)
        if let previous { #expect(fill.cost >= previous.cost - 1e-9 && fill.filled >= previous.filled) }
        previous = fill
        // With nothing under way, it is the spread and the depth alone.
        let now = try #require(execution.fill(order, latency: 0))
        #expect(now.drift == 0 && agree(now.cost, now.halfSpread + now.depth, within: 1e-9))
      }
    }
  }

  @Test func whatComesAfterTheArrivalChangesNoFill() throws {
    let simulation = BookSimulation()
    let book = try simulation.run(seed: 1)
    let cut = 5_000
    func changed(_ column: [Double], by factor: Double) -> [Double] {
      column.enumerated().map { $0.offset < cut * book.levels ? $0.element : $0.element * factor }
    }
    let other = try BookSnapshots(
      levels: book.levels, times: book.times, bidPrices: changed(book.bidPrices, by: 2),
      bidQuantities: changed(book.bidQuantities, by: 3), askPrices: changed(book.askPrices, by: 2),
      askQuantities: changed(book.askQuantities, by: 3))
    for time in stride(from: book.times[0], to: book.times[cut], by: 777_000) {
      let order = try BookOrder(decided: time, side: 1, quantity: 7)
      let latency = book.times[cut] - 1 - time
      #expect(BookExecution(book).fill(order, latency: latency) == BookExecution(other).fill(order, latency: latency))
    }
  }

  @Test func ordersThatCannotBeAreRefused() {
    #expect(errorCode { _ = try BookOrder(decided: 0, side: 0, quantity: 1) } == "backtest.book-order")
    for quantity in [0, -1, Double.nan, .infinity] {
      #expect(errorCode { _ = try BookOrder(decided: 0, side: 1, quantity: quantity) } == "backtest.book-order")
    }
  }
}
