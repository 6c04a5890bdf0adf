import PareMarket
import PareTensor
import Testing

@Suite struct MarketDatasetTests {
  private let interval: Int64 = 300_000

  private func dataset(
    _ series: [CandleSeries], horizon: Int = 6, kind: LabelDefinition.Kind = .direction,
    split: ChronologicalSplit = .standard
  ) throws -> MarketDataset {
    try MarketDataset(
      series: series, schema: FeatureSchema(interval: .fiveMinutes), label: LabelDefinition(kind, horizon: horizon),
      split: split)
  }

  @Test(arguments: 0..<12) func labelsOfTwoPartsNeverOverlap(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let horizon = 1 + generator.below(30)
    let embargo = generator.below(2) == 0 ? nil : generator.below(40)
    let split = try ChronologicalSplit(
      train: 0.4 + 0.2 * generator.uniform(), validation: 0.15 + 0.1 * generator.uniform(), embargo: embargo)
    let stacked = try dataset(
      [RandomWalk.series(900, seed: seed, symbol: "A"), RandomWalk.series(700, seed: seed + 99, symbol: "B")],
      horizon: horizon, split: split)
    let pairs: [(DatasetPart, DatasetPart)] = [(.train, .validation), (.validation, .test)]
    for (earlier, later) in pairs {
      let lastEnd = stacked.parts[earlier].map { stacked.times[$0] + Int64(horizon) * interval }.max()!
      let firstDecision = stacked.parts[later].map { stacked.times[$0] }.min()!
      #expect(lastEnd < firstDecision - Int64(embargo ?? horizon) * interval + interval)
      #expect(lastEnd < firstDecision)
    }
    #expect(stacked.parts.purged > 0)
    #expect(embargo == 0 || stacked.parts.embargoed > 0)
  }

  @Test func purgeAndEmbargoTakeTheRowsWorkedOutByHand() throws {
    // 141 candles, 21 to warm up: rows 0 ..< 121 at candles 20 ..< 141, cut at rows 60 and 90.
    let split = try ChronologicalSplit(train: 0.5, validation: 0.25)
    let one = try dataset([RandomWalk.series(141, seed: 4)], horizon: 3, split: split)
    #expect(one.rowCount == 121)
    #expect(one.candleIndices.first == 20)
    // Row 57's label ends at the time of row 60, so 57, 58 and 59 are purged; 60, 61 and 62 are embargoed.
    #expect(one.parts.train == 0..<57)
    #expect(one.parts.validation == 63..<87)
    #expect(one.parts.test == 93..<121)
    #expect(one.parts.purged == 6)
    #expect(one.parts.embargoed == 6)
    #expect(one.labelled(.test).rows == Array(93..<117))
    #expect(one.candles(of: .validation, symbol: 0) == 83..<107)
  }

  @Test func rowsCarryTheFeaturesAndReturnsOfTheirOwnCandle() throws {
    let series = [RandomWalk.series(400, seed: 1, symbol: "A"), RandomWalk.series(300, seed: 2, symbol: "B")]
    let stacked = try dataset(series)
    let schema = try #require(stacked.schema)
    let matrices = try series.map { try FeatureMatrix(of: $0, schema: schema) }
    let returns = series.map(stacked.label.forwardReturns)
    #expect(stacked.rowCount == matrices[0].rowCount + matrices[1].rowCount)
    for row in 0..<stacked.rowCount {
      let symbol = Int(stacked.symbolIDs[row])
      let candle = stacked.candleIndices[row]
      #expect(stacked.times[row] == series[symbol].candles[candle].start + interval)
      let place = (candle - 20) * 20
      #expect(stacked.features[row * 20..<row * 20 + 20] == matrices[symbol].values[place..<place + 20])
      #expect(returns[symbol][candle].map { $0 == stacked.forwardReturns[row] } ?? stacked.forwardReturns[row].isNaN)
      if row > 0 { #expect(stacked.times[row - 1] <= stacked.times[row]) }
    }
    let bySymbol = [0, 1].map { stacked.rows(of: .test, symbol: $0).count }
    #expect(bySymbol[0] + bySymbol[1] == stacked.parts.test.count)
  }

  @Test func theNormalizerSeesTheTrainingPartOnly() throws {
    let series = RandomWalk.series(600, seed: 3)
    let before = try dataset([series])
    var candles = series.candles
    for index in before.candleIndices[before.parts.train.upperBound]..<candles.count {
      candles[index].close *= 1.3
      candles[index].high *= 2
      candles[index].volume *= 50
    }
    let after = try dataset([series.replacing(candles)])
    #expect(before.features(of: .test) != after.features(of: .test))
    for kind in NormalizerKind.allCases { #expect(try before.normalizer(kind) == after.normalizer(kind)) }
    candles = series.candles
    candles[100].volume *= 50
    let touched = try dataset([series.replacing(candles)])
    for kind in NormalizerKind.allCases { #expect(try before.normalizer(kind) != touched.normalizer(kind)) }
  }

  @Test func zeroReturnsStayDecidableAndUnlabelled() throws {
    var candles = RandomWalk.candles(300, seed: 6)
    candles[152].open = candles[151].open
    let series = CandleSeries(key: SeriesKey(symbol: "FLAT", interval: .fiveMinutes), candles: candles)
    let two = try dataset([series], horizon: 1)
    let row = 150 - 20
    #expect(two.candleIndices[row] == 150)
    #expect(two.labels[row] == -1 && two.forwardReturns[row] == 0)
    #expect(two.parts.train.contains(row) && !two.labelled(.train).rows.contains(row))
    let three = try dataset([series], horizon: 1, kind: .buyHoldSell(thresholdBasisPoints: 3))
    #expect(three.labels[row] == 1)
    let regression = try dataset([series], horizon: 1, kind: .forwardReturn)
    #expect(regression.labelled(.train).rows.contains(row))
    #expect(regression.labelled(.train).labels.allSatisfy { $0 == -1 })
  }

  @Test func theDigestChangesWithAnyCandle() throws {
    let series = RandomWalk.series(50, seed: 1)
    var candles = series.candles
    candles[49].volume = candles[49].volume.nextUp
    #expect(DataDigest(of: [series]) == DataDigest(of: [series]))
    #expect(DataDigest(of: [series]) != DataDigest(of: [series.replacing(candles)]))
    #expect(DataDigest(of: [series]).description.count == 16)
    // The definition, to the bit: FNV-1a of "A", 0, "5", 0 and a count of zero.
    let empty = CandleSeries(key: SeriesKey(symbol: "A", interval: .fiveMinutes), candles: [])
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte: UInt8 in [65, 0, 53, 0, 0, 0, 0, 0, 0, 0, 0, 0] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    #expect(DataDigest(of: [empty]).value == hash)
  }

  @Test func dataThatCannotBeLearnedFromIsRefusedWithTheReason() throws {
    let walk = RandomWalk.series(400, seed: 1)
    func code(_ make: () throws -> MarketDataset) -> String? {
      do { _ = try make() } catch { return (error as? MarketError)?.code }
      return nil
    }
    let constant = walk.replacing(
      walk.candles.map { Candle(start: $0.start, open: 5, high: 5, low: 5, close: 5, volume: 1) })
    var price = 100.0
    let rising = walk.replacing(
      walk.candles.map {
        price += 1
        return Candle(start: $0.start, open: price, high: price, low: price, close: price, volume: 1)
      })
    let holes = walk.replacing(walk.candles.enumerated().filter { $0.offset % 20 != 0 }.map(\.element))
    #expect(code { try dataset([]) } == "market.no-series")
    #expect(code { try dataset([walk, walk]) } == "market.duplicate-symbol")
    #expect(code { try dataset([walk.replacing([walk.candles[0]])]) } == "market.too-few-candles")
    #expect(code { try dataset([walk.replacing([])]) } == "market.too-few-candles")
    #expect(code { try dataset([constant]) } == "market.constant-prices")
    #expect(code { try dataset([rising]) } == "market.one-class")
    #expect(code { try dataset([holes]) } == "market.part-empty")
    #expect(code { try dataset([walk.replacing(Array(walk.candles.prefix(52)))], horizon: 2) } == "market.too-few-rows")
    #expect(code { try dataset([walk], horizon: 100) } == "market.part-empty")
    for (train, validation) in [(0.0, 0.5), (0.5, 0.5), (0.9, 0.2), (.nan, 0.1)] {
      #expect(throws: MarketError.self) { try ChronologicalSplit(train: train, validation: validation) }
    }
  }
}
