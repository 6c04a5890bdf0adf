import Foundation
import PareMarket
import PareTensor
import Testing

@Suite struct LabelDefinitionTests {
  /// Candles with these opens; every other price is far away, so that using one shows.
  private func series(opens: [Double], missing: Set<Int> = []) -> CandleSeries {
    let candles = opens.enumerated().filter { !missing.contains($0.offset) }.map {
      Candle(start: Int64($0.offset) * 300_000, open: $0.element, high: 1e9, low: 1e-9, close: 777, volume: 1)
    }
    return CandleSeries(key: SeriesKey(symbol: "OPENS", interval: .fiveMinutes), candles: candles)
  }

  @Test func theReturnRunsFromTheNextOpenOverTheHorizon() throws {
    let label = try LabelDefinition(.direction, horizon: 2)
    let returns = label.forwardReturns(of: series(opens: [100, 200, 300, 250, 100, 125]))
    let expected: [Double?] = [-1 + 250.0 / 200, -1 + 100.0 / 300, -1 + 125.0 / 250, nil, nil, nil]
    #expect(returns == expected)
  }

  @Test func aGapAnywhereInsideMakesTheRowInvalid() throws {
    let label = try LabelDefinition(.direction, horizon: 2)
    let returns = label.forwardReturns(of: series(opens: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], missing: [4]))
    // Two runs are left: opens 1 to 4 at places 0 to 3, opens 6 to 10 at places 4 to 8.
    let (first, second, third): (Double, Double, Double) = (4.0 / 2 - 1, 9.0 / 7 - 1, 10.0 / 8 - 1)
    let expected: [Double?] = [first, nil, nil, nil, second, third, nil, nil, nil]
    #expect(returns == expected)
  }

  @Test func directionDropsZeroReturns() throws {
    let label = try LabelDefinition(.direction, horizon: 1)
    #expect(label.classNames == ["down", "up"])
    #expect(label.classIndex(of: 1e-12) == 1)
    #expect(label.classIndex(of: -1e-12) == 0)
    #expect(label.classIndex(of: 0) == nil)
  }

  @Test func buyAndSellLieStrictlyBeyondTheThreshold() throws {
    let label = try LabelDefinition(.buyHoldSell(thresholdBasisPoints: 5), horizon: 1)
    #expect(label.classNames == ["sell", "hold", "buy"])
    #expect([0.0006, 0.0005, 0, -0.0005, -0.0006].map(label.classIndex) == [2, 1, 1, 1, 0])
    let bare = try LabelDefinition(.buyHoldSell(thresholdBasisPoints: 0), horizon: 1)
    #expect([1e-9, 0, -1e-9].map(bare.classIndex) == [2, 1, 0])
  }

  @Test func definitionsReadBackFromTheirJSON() throws {
    let definitions = [
      try LabelDefinition(.direction, horizon: 12),
      try LabelDefinition(.buyHoldSell(thresholdBasisPoints: 7.5), horizon: 1),
      try LabelDefinition(.forwardReturn, horizon: 3),
    ]
    for definition in definitions {
      #expect(try JSONDecoder().decode(LabelDefinition.self, from: JSONEncoder().encode(definition)) == definition)
    }
  }

  @Test(arguments: [
    #"{"kind":"direction","horizon":0}"#, #"{"kind":"sideways","horizon":1}"#,
    #"{"kind":"buy-hold-sell","horizon":1,"threshold-bp":-1}"#, #"{"kind":"direction","horizon":10001}"#,
  ]) func aDefinitionWithoutMeaningIsRefused(json: String) {
    #expect(throws: MarketError.self) { try JSONDecoder().decode(LabelDefinition.self, from: Data(json.utf8)) }
  }
}
