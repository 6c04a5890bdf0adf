import Foundation
import PareMarket
import Testing

/// Books as candles of their mid, with rows of the book and the truth about the label.
@Suite struct BookBridgeTests {
  private func books(
    _ snapshots: Int = 600, seed: UInt64 = 3, _ change: (inout PressureBookSimulation) -> Void = { _ in }
  ) throws -> SimulatedBooks {
    var setup = PressureBookSimulation()
    setup.snapshots = snapshots
    setup.levels = 4
    change(&setup)
    return try setup.run(seed: seed)
  }

  private func candles(_ books: BookSnapshots) -> CandleSeries {
    books.candles(SeriesKey(symbol: "BOOK", interval: .oneMinute), start: 0)
  }

  private func label(_ threshold: Double = 0, horizon: Int = 10) throws -> LabelDefinition {
    try LabelDefinition(.buyHoldSell(thresholdBasisPoints: threshold), horizon: horizon)
  }

  @Test func theLabelsOfTheCandlesAreThoseOfTheBooks() throws {
    let books = try books()
    let outcomes = try label().outcomes(of: candles(books.snapshots))
    // The candle in which the last labelled snapshot's horizon ends is the one after it.
    for snapshot in 0..<(600 - 11) { #expect(outcomes[snapshot]?.classIndex == books.labels[snapshot]) }
    #expect(outcomes[589] == nil && books.labels[589] >= 0)
  }

  @Test(arguments: [(0.5, 0.0), (1.5, 0.015), (3, 0.0301)]) func theTruthIsTheBooksOwn(ticks: Double, basisPoints: Double) throws {
    // A tick is a hundredth of a basis point, and the price stays within a percent.
    let books = try books { $0.threshold = ticks }
    let truth = try books.truth(of: try label(basisPoints), symbol: "BOOK")
    for (forecast, own) in [(truth.bayes, books.truth.bayes), (truth.oracle, books.truth.oracle)] {
      for snapshot in 0..<600 {
        let chances = forecast.classProbabilities(at: snapshot, of: try label(basisPoints))
        for (chance, own) in zip(chances, own[3 * snapshot..<3 * snapshot + 3]) { #expect(abs(chance - own) < 1e-12) }
      }
    }
    #expect(truth.observations == .books && truth.horizon == 10)
  }

  @Test func theTruthOfAThresholdFollowsThePrice() throws {
    // A tick is 5 basis points at first; a move of a tick is more than 4.99 below a price of about 2004 ticks and not above.
    let books = try books(20_000, seed: 8) { setup in
      setup.price = 2_000
      setup.stay = 0.5
    }
    let label = try label(4.99, horizon: 2)
    let truth = try books.truth(of: label, symbol: "BOOK")
    let outcomes = label.outcomes(of: candles(books.snapshots))
    var (expected, spread, happened, mids) = (0.0, 0.0, 0.0, Set<Bool>())
    for snapshot in stride(from: 0, to: 19_990, by: 2) {
      let chance = truth.bayes.probabilityAbove[snapshot]
      expected += chance
      spread += chance * (1 - chance)
      happened += outcomes[snapshot]?.classIndex == 2 ? 1 : 0
      mids.insert(books.snapshots.mid(at: snapshot) > 20.04)
    }
    #expect(mids.count == 2)
    #expect(abs(expected - happened) < 4.5 * spread.squareRoot())
    // Over one snapshot the return over the horizon is the next one.
    let next = try books.truth(of: try self.label(horizon: 1), symbol: "BOOK").bayes
    for snapshot in 0..<100 {
      #expect(abs(next.expectedReturn[snapshot] - next.nextReturn[snapshot]) < 1e-15)
      #expect(next.nextReturn[snapshot] * next.nextReturn[snapshot] < next.nextSquare[snapshot])
    }
  }

  @Test func theTruthKnowsItsLabelAlone() throws {
    let books = try books()
    let truth = try books.truth(of: try label(), symbol: "BOOK")
    let own = try label()
    #expect(truth.knows(own) && truth[candles: 10..<20].mayStay)
    let others = [try label(horizon: 9), try label(0.5)]
    #expect(!others.contains(where: truth.knows))
    let direction = try LabelDefinition(.direction, horizon: 10)
    #expect(!truth.knows(direction) && !truth[candles: 10..<20].knows(direction))
    let error = try marketError { _ = try books.truth(of: direction, symbol: "BOOK") }
    #expect(error.code == "market.book-label" && error.found == "direction")
  }

  private func inputs() throws -> [BookInputs] {
    [
      .levels(try BookFeatures(steps: 5, levels: 3, price: .trailingDeviation(snapshots: 9))),
      .columns(try BookColumns([.imbalance(4), .bestImbalance(1), .move(6), .spread(2)], levels: 4)),
      .columns(try BookColumns([.imbalance(1), .move(3)], levels: 2, window: 7)),
    ]
  }

  @Test func changingLaterSnapshotsLeavesEarlierRowsBitIdentical() throws {
    let (past, other) = (try books().snapshots, try books(seed: 4).snapshots)
    let changed = try BookSnapshots(
      levels: 4, times: past.times, bidPrices: Array(past.bidPrices[..<1_000] + other.bidPrices[1_000...]),
      bidQuantities: Array(past.bidQuantities[..<1_000] + other.bidQuantities[1_000...]),
      askPrices: Array(past.askPrices[..<1_000] + other.askPrices[1_000...]),
      askQuantities: Array(past.askQuantities[..<1_000] + other.askQuantities[1_000...]))
    for inputs in try inputs() {
      let width = inputs.rowShape.reduce(1, *)
      let (before, after) = (try inputs.rows(of: past), try inputs.rows(of: changed))
      let same = (250 - inputs.warmUp + 1) * width
      #expect(before.count == (600 - inputs.warmUp + 1) * width)
      #expect(before[..<same].map(\.bitPattern) == after[..<same].map(\.bitPattern))
      #expect(before[same..<same + width].map(\.bitPattern) != after[same..<same + width].map(\.bitPattern))
      // Nor does a row depend on anything before its warm-up.
      let late = try inputs.rows(of: past[300..<600])
      #expect(late.map(\.bitPattern) == before.suffix(late.count).map(\.bitPattern))
    }
  }

  @Test func columnsAreWhatOneWorksOutByHand() throws {
    let books = try BookSnapshots(
      levels: 2, times: [10, 20, 30], bidPrices: [99, 98, 99, 98, 100, 99], bidQuantities: [1, 2, 3, 4, 5, 6],
      askPrices: [101, 102, 101, 103, 103, 104], askQuantities: [2, 4, 6, 8, 2, 4])
    let columns = try BookColumns([.imbalance(2), .bestImbalance(1), .move(1), .spread(2)], levels: 2)
    #expect(columns.warmUp == 2)
    let rows = try BookInputs.columns(columns).rows(of: books)
    let expected: [Double] = [
      log(0.5), log(0.5), 0, 200,
      (2 * log(0.5) + log(2.5) + log(1.5)) / 4, log(2.5), 150, 10_000 * (0.02 + 3 / 101.5) / 2,
    ]
    #expect(rows.count == 8)
    for (found, expected) in zip(rows, expected) { #expect(abs(Double(found) - expected) < 1e-4) }
    let windows = BookInputs.columns(try BookColumns(columns.columns, levels: 2, window: 2))
    #expect(windows.rowShape == [2, 4] && windows.warmUp == 3)
    #expect(try windows.rows(of: books) == rows)
    #expect(try windows.rows(of: books[0..<2]).isEmpty)
  }

  @Test func columnsAreSpelledAsTheyAreRead() throws {
    for column in [BookColumn.imbalance(20), .bestImbalance(1), .move(7), .spread(3)] {
      #expect(try BookColumn(name: column.description) == column)
    }
    for name in ["imbalance", "imbalance(x)", "mid(3)", ""] {
      #expect(try marketError { _ = try BookColumn(name: name) }.code == "market.unknown-book-column")
    }
    #expect(try marketError { _ = try BookColumn(name: "move(0)") }.subject == "book.columns.move(0)")
    #expect(try marketError { _ = try BookColumns([]) }.subject == "book.columns")
    #expect(try marketError { _ = try BookColumns([.move(1)], levels: 0) }.subject == "book.levels")
    #expect(try marketError { _ = try BookColumns([.move(1)], window: 0) }.subject == "book.window")
  }

  @Test func aDatasetHasARowForEachSnapshotWithAWholeOne() throws {
    let books = try books().snapshots
    let series = candles(books)
    for inputs in try inputs() {
      let dataset = try MarketDataset(series: series, books: books, inputs: inputs, label: try label())
      #expect(dataset.candleIndices.first == inputs.warmUp - 1 && dataset.rowShape == inputs.rowShape)
      #expect(dataset.normalizedColumns == inputs.columns && dataset.width == inputs.rowShape.reduce(1, *))
      #expect(try dataset.features == inputs.rows(of: books))
      #expect(try dataset.normalizer(.zScore).offset.count == inputs.columns.count)
    }
    let columns = BookInputs.columns(try BookColumns([.imbalance(1)], levels: 5))
    let deep = try marketError { _ = try MarketDataset(series: series, books: books, inputs: columns, label: label()) }
    #expect(deep.code == "market.book-levels" && deep.found == "5")
    let short = try marketError { _ = try MarketDataset(series: series, books: books[0..<500], inputs: inputs()[0], label: label()) }
    #expect(short.code == "market.book-shape")
    // Quantities are part of the data though no candle shows them.
    let loud = try self.books { $0.noise = 0.7 }.snapshots
    #expect(loud.bidPrices == books.bidPrices)
    let (one, other) = try (
      MarketDataset(series: series, books: books, inputs: inputs()[0], label: label()),
      MarketDataset(series: series, books: loud, inputs: inputs()[0], label: label())
    )
    #expect(one.digest != other.digest)
  }
}
