import Foundation
import PareMarket
import PareTensor
import Testing

@Suite struct BookDatasetTests {
  /// Four snapshots of two levels.
  private func four() throws -> BookSnapshots {
    try BookSnapshots(
      levels: 2, times: [10, 20, 30, 40], bidPrices: [99, 98, 99, 98, 100, 99, 101, 100],
      bidQuantities: [1, 2, 3, 4, 5, 6, 7, 8], askPrices: [101, 102, 101, 103, 102, 103, 103, 104],
      askQuantities: [2, 4, 6, 8, 2, 4, 6, 8])
  }

  private func simulated(_ snapshots: Int = 2_000, seed: UInt64 = 5) throws -> SimulatedBooks {
    var setup = PressureBookSimulation()
    setup.snapshots = snapshots
    setup.levels = 4
    return try setup.run(seed: seed)
  }

  private func rows(_ features: BookFeatures, _ books: BookSnapshots) -> [[Float]?] {
    var engine = BookFeatureEngine(features)
    return (0..<books.count).map { snapshot in
      engine.push(snapshot, of: books)
      guard engine.isWarm else { return nil }
      var row = [Float](repeating: .nan, count: features.rowLength)
      row.withUnsafeMutableBufferPointer { engine.write(into: $0) }
      return row
    }
  }

  @Test func aRowIsWhatOneWorksOutByHand() throws {
    let books = try four()
    let ticks = try BookFeatures(steps: 2, levels: 2, price: .ticks(size: 0.5))
    // The mids are 100, 100, 101, 102.
    let logs: [Float] = (1...8).map { log(Float($0)) }
    let third = rows(ticks, books)[2]
    let expected: [Float] = [
      0, logs[5], -4, logs[2], 4, logs[7], -6, logs[3],
      2, logs[1], -2, logs[4], 4, logs[3], -4, logs[5],
    ]
    #expect(third?.count == 16)
    for (found, expected) in zip(third ?? [], expected) { #expect(abs(found - expected) < 1e-6) }
    #expect(ticks.columns == ["ask_px_1", "ask_qty_1", "bid_px_1", "bid_qty_1", "ask_px_2", "ask_qty_2", "bid_px_2", "bid_qty_2"])
    // Own mids, one level, in units of the trailing deviation over two snapshots, which is 1 for one level each way.
    let own = try BookFeatures(
      steps: 2, levels: 1, reference: .ownMid, price: .trailingDeviation(snapshots: 2), quantity: .trailingMean(snapshots: 3))
    #expect(own.warmUp == 3 && rows(own, books)[1] == nil)
    // The mean over the best levels of snapshots 1, 2, 3: (3 + 6 + 5 + 2 + 7 + 6) / 6 = 29/6.
    let last = try #require(rows(own, books)[3])
    let wanted: [Float] = [29, 12, -29, 30, 29, 36, -29, 42]
    for (found, expected) in zip(last, wanted) { #expect(abs(29 * found - expected) < 1e-4) }
  }

  @Test func labelsCompareWhatTheySay() throws {
    let prices: [Double] = [100, 101, 103, 102, 100, 100, 99]
    let books = try BookSnapshots(
      levels: 1, times: (0..<7).map { Int64($0) }, bidPrices: prices.map { $0 - 1 }, bidQuantities: prices.map { _ in 1 },
      askPrices: prices.map { $0 + 1 }, askQuantities: prices.map { _ in 1 })
    let features = try BookFeatures(steps: 1, levels: 1, price: .ticks(size: 1))
    func dataset(_ label: BookLabel) throws -> BookDataset {
      try BookDataset(
        books: books, features: features, label: label, split: ChronologicalSplit(train: 0.4, validation: 0.3, embargo: 0))
    }
    let one = try dataset(BookLabel(horizon: 1, threshold: .ticks(1, size: 1)))
    #expect(Array(one.changes.dropLast()) == [1, 2, -1, -2, 0, -1] && one.changes[6].isNaN)
    #expect(one.labels == [1, 2, 1, 0, 1, 1, -1])
    let points = try dataset(BookLabel(horizon: 1, threshold: .basisPoints(150)))
    #expect(abs(points.changes[1] - 10_000 * 2 / 101) < 1e-9 && points.labels == [1, 2, 1, 0, 1, 1, -1])
    let ahead = try BookDataset(
      books: books, features: features, label: BookLabel(horizon: 2, move: .meanAhead, threshold: .ticks(0.5, size: 1)),
      split: ChronologicalSplit(train: 0.43, validation: 0.43, embargo: 0))
    #expect(Array(ahead.changes.prefix(5)) == [2, 1.5, -2, -2, -0.5] && ahead.labels == [2, 2, 0, 0, 1, -1, -1])
    let both = try BookDataset(
      books: books, features: features, label: BookLabel(horizon: 1, move: .bothMeans, threshold: .ticks(1, size: 1)),
      split: ChronologicalSplit(train: 0.4, validation: 0.3, embargo: 0))
    #expect(both.snapshots == [1, 2, 3, 4, 5, 6] && Array(both.changes.prefix(5)) == [2.5, 0, -2.5, -1, -1])
    #expect(both.labels == [2, 1, 0, 1, 1, -1])
  }

  @Test func labelsOfSimulatedBooksAreThoseOfTheTruth() throws {
    let books = try simulated()
    let data = try BookDataset(
      books: books.snapshots, features: BookFeatures(steps: 5, levels: 4, price: .ticks(size: 0.01)),
      label: BookLabel(horizon: 10, threshold: .ticks(0.5, size: 0.01)))
    #expect(data.rowCount == 1_996 && data.snapshots.first == 4 && data.rowShape == [5, 16])
    #expect(data.labels == Array(books.labels.dropFirst(4)))
    #expect(data.times == data.snapshots.map { books.snapshots.times[$0] })
  }

  @Test(arguments: [BookFeatures.PriceUnit.ticks(size: 0.01), .trailingDeviation(snapshots: 40)])
  func anEngineStartedLaterAgreesToTheBit(price: BookFeatures.PriceUnit) throws {
    let books = try simulated(300).snapshots
    let features = try BookFeatures(steps: 7, levels: 3, price: price, quantity: .trailingMean(snapshots: 30))
    let whole = rows(features, books)
    var late = BookFeatureEngine(features)
    let data = try BookDataset(books: books, features: features, label: BookLabel(horizon: 3, threshold: .basisPoints(0)))
    for snapshot in 101..<300 {
      late.push(snapshot, of: books)
      var row = [Float](repeating: 0, count: features.rowLength)
      guard late.isWarm else { continue }
      row.withUnsafeMutableBufferPointer { late.write(into: $0) }
      #expect(row == whole[snapshot] && row == Array(data.features(of: snapshot - features.warmUp + 1)))
    }
    #expect(late.isWarm && features.warmUp == (price == .ticks(size: 0.01) ? 30 : 40))
  }

  @Test func changingTheFutureLeavesThePastBitIdentical() throws {
    let books = try simulated(400).snapshots
    let cut = 250 * books.levels
    let changed = try BookSnapshots(
      levels: books.levels, times: books.times,
      bidPrices: books.bidPrices.enumerated().map { $0.offset < cut ? $0.element : $0.element - 7 },
      bidQuantities: books.bidQuantities.enumerated().map { $0.offset < cut ? $0.element : $0.element * 9 },
      askPrices: books.askPrices.enumerated().map { $0.offset < cut ? $0.element : $0.element + 2 },
      askQuantities: books.askQuantities.enumerated().map { $0.offset < cut ? $0.element : $0.element * 2 })
    let features = try BookFeatures(
      steps: 8, levels: 4, price: .trailingDeviation(snapshots: 20), quantity: .trailingMean(snapshots: 50))
    let label = try BookLabel(horizon: 5, move: .bothMeans, threshold: .ticks(0.3, size: 0.01))
    let one = try BookDataset(books: books, features: features, label: label)
    let other = try BookDataset(books: changed, features: features, label: label)
    let past = one.snapshots.firstIndex(of: 250) ?? 0
    #expect(one.features.prefix(past * one.width) == other.features.prefix(past * one.width))
    #expect(one.features != other.features)
    #expect(one.changes.prefix(past - 5) == other.changes.prefix(past - 5) && one.changes[past - 5] != other.changes[past - 5])
  }

  @Test(arguments: 1...4) func labelsOfTwoPartsNeverOverlap(stride: Int) throws {
    let books = try simulated(1_000).snapshots
    let features = try BookFeatures(steps: 10, levels: 2, price: .ticks(size: 0.01))
    for move in BookLabel.Move.allCases {
      let label = try BookLabel(horizon: 12, move: move, threshold: .ticks(0.5, size: 0.01))
      let data = try BookDataset(books: books, features: features, label: label, stride: stride)
      for (earlier, later) in [(DatasetPart.train, DatasetPart.validation), (.validation, .test)] {
        let end = data.snapshots[data.parts[earlier].upperBound - 1] + 12
        let begin = data.snapshots[data.parts[later].lowerBound] - (move == .bothMeans ? 12 : 0)
        #expect(end < begin)
      }
      #expect(data.labelled(.train).count == data.parts.train.count && data.labelled(.test).count < data.parts.test.count)
    }
  }

  @Test func rowsAreThinnedToAtMostSoMany() throws {
    let books = try simulated(1_000).snapshots
    let features = try BookFeatures(steps: 10, levels: 2, price: .ticks(size: 0.01))
    let label = try BookLabel(horizon: 5, threshold: .ticks(0.5, size: 0.01))
    let all = try BookDataset(books: books, features: features, label: label)
    let some = try BookDataset(books: books, features: features, label: label, stride: 3, atMost: 100)
    // 991 windows, 331 of them at a stride of 3, 83 at one of 12.
    #expect(all.rowCount == 991 && some.rowCount == 83 && some.snapshots[1] - some.snapshots[0] == 12)
    for row in 0..<some.rowCount { #expect(some.features(of: row).elementsEqual(all.features(of: 12 * row))) }
    #expect(throws: MarketError.self) { try BookDataset(books: books, features: features, label: label, stride: 0) }
    #expect(throws: MarketError.self) { try BookDataset(books: books, features: features, label: label, atMost: 0) }
  }

  @Test func whatCannotBeIsRefused() throws {
    let books = try simulated(50).snapshots
    let label = try BookLabel(horizon: 5, threshold: .basisPoints(0))
    let deep = try BookFeatures(steps: 2, levels: 5, price: .ticks(size: 1))
    #expect(try marketError { _ = try BookDataset(books: books, features: deep, label: label) }.code == "market.book-levels")
    let long = try BookFeatures(steps: 51, levels: 1, price: .ticks(size: 1))
    #expect(try marketError { _ = try BookDataset(books: books, features: long, label: label) }.code == "market.book-window")
    #expect(throws: MarketError.self) { try BookFeatures(steps: 0, levels: 1, price: .ticks(size: 1)) }
    #expect(throws: MarketError.self) { try BookFeatures(steps: 1, levels: 0, price: .ticks(size: 1)) }
    #expect(throws: MarketError.self) { try BookFeatures(steps: 1, levels: 1, price: .ticks(size: 0)) }
    #expect(throws: MarketError.self) { try BookFeatures(steps: 1, levels: 1, price: .trailingDeviation(snapshots: 0)) }
    #expect(throws: MarketError.self) {
      try BookFeatures(steps: 1, levels: 1, price: .ticks(size: 1), quantity: .trailingMean(snapshots: 0))
    }
    #expect(throws: MarketError.self) { try BookLabel(horizon: 0, threshold: .basisPoints(1)) }
    #expect(throws: MarketError.self) { try BookLabel(horizon: 1, threshold: .basisPoints(-1)) }
    #expect(throws: MarketError.self) { try BookLabel(horizon: 1, threshold: .ticks(1, size: 0)) }
    let coded = try JSONEncoder().encode(label)
    #expect(try JSONDecoder().decode(BookLabel.self, from: coded) == label)
    let recipe = try JSONEncoder().encode(deep)
    #expect(try JSONDecoder().decode(BookFeatures.self, from: recipe) == deep)
  }

  static let recordings = URL(fileURLWithPath: #filePath + "/../../../../../shared/data/lob").standardizedFileURL.path + "/"

  @Test(.enabled(if: FileManager.default.fileExists(atPath: recordings)), arguments: [
    ("binance-usdm-BTCUSDT-depth10.csv.gz", 6_545, 0.1), ("binance-coinm-BTCUSD_PERP-depth10.csv.gz", 44_770, 0.1),
    ("binance-spot-BTCUSDT-depth10.csv.gz", 6_492, 0.01), ("bybit-inverse-BTCUSD-depth10.csv.gz", 507, 0.5),
    ("bybit-linear-LTCUSDT-depth10.csv.gz", 647, 0.01),
  ]) func realRecordingsGiveFiniteRows(name: String, count: Int, tick: Double) throws {
    let books = try BookCSV.read(path: Self.recordings + name)
    #expect(books.count == count && books.levels == 10)
    for features in [
      try BookFeatures(steps: 50, levels: 10, price: .ticks(size: tick)),
      try BookFeatures(
        steps: 50, levels: 10, reference: .ownMid, price: .trailingDeviation(snapshots: 100), quantity: .trailingMean(snapshots: 100)),
    ] {
      let data = try BookDataset(
        books: books, features: features, label: BookLabel(horizon: 20, threshold: .ticks(0, size: tick)), atMost: 500)
      #expect(data.features.allSatisfy(\.isFinite) && data.rowCount <= 500 && data.rowCount > 200)
      #expect(Set(data.labels).subtracting([-1]).count >= 2)
    }
  }
}
