import Foundation
import PareBacktest
import PareTensor
import Testing

@Suite struct ChangeAttributionTests {
  private func random(_ seed: UInt64, steps: Int = 400) throws -> ComparedPositions {
    var generator = SeededGenerator(seed: seed, stream: "compared")
    let sizes = [-1, -0.5, 0, 0, 0.5, 1]
    let original = (0..<steps).map { _ in sizes[generator.below(6)] }
    let candidate = original.map { generator.below(3) == 0 ? sizes[generator.below(6)] : $0 }
    return try ComparedPositions(
      returns: (0..<steps).map { _ in 0.01 * generator.normal() }, original: original, candidate: candidate,
      rates: (0...steps).map { _ in 0.001 * generator.uniform() })
  }

  @Test func everyPartEqualsTheOneWorkedOutByHand() throws {
    let compared = try ComparedPositions(
      returns: [0.1, -0.2, 0.05, 0.3, -0.1], original: [1, 0, 1, 0.5, 1], candidate: [0, 1, -1, 1, 1],
      costs: TradingCosts(fee: 100, halfSpread: 0, slippage: 0))
    let parts = ChangeAttribution(compared)
    // Changes of the original: 1, 1, 1, 0.5, 0.5, and 1 to close; of the candidate: 0, 1, 2, 2, 0, and 1.
    func expect(_ part: ChangeAttribution.Part, _ gross: Double, _ costs: Double) {
      #expect(part.decisions == 1 && agree(part.gross, gross) && agree(part.costs, costs) && agree(part.net, gross - costs))
    }
    expect(parts.missed, -0.1, -0.01)
    expect(parts.false, -0.2, 0)
    expect(parts.reversed, -0.1, 0.01)
    expect(parts.resized, 0.15, 0.015)
    expect(parts.equal, 0, -0.005)
    #expect(agree(parts.originalNet, 0.1 + 0.05 + 0.15 - 0.1 - 0.05))
    #expect(agree(parts.candidateNet, -0.2 - 0.05 + 0.3 - 0.1 - 0.06))
  }

  @Test(arguments: 0..<50 as Range<UInt64>) func partsSumToTheDifferenceOfTheNets(seed: UInt64) throws {
    let compared = try random(seed)
    let parts = ChangeAttribution(compared)
    #expect(agree(parts.parts.reduce(0) { $0 + $1.part.net }, parts.candidateNet - parts.originalNet, within: 1e-13))
    #expect(parts.parts.reduce(0) { $0 + $1.part.decisions } == compared.steps)
    #expect(parts.equal.gross == 0)
    let back = ChangeAttribution(
      try ComparedPositions(
        returns: compared.returns, original: compared.candidate, candidate: compared.original, rates: compared.rates))
    #expect(agree(back.missed.net, -parts.false.net) && agree(back.reversed.net, -parts.reversed.net))
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func netsAreTheBacktests(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "sides")
    let columns = try wanderingCandles(300, seed: seed)
    let backtest = try Backtest(opens: columns.opens, times: columns.times)
    let first = generator.below(20)
    // Up to the last candle: those that cannot be held for a step are left out.
    let sides = (0..<2).map { _ in (first..<columns.count).map { _ in Int8(generator.below(3)) - 1 } }
    let parts = ChangeAttribution(try backtest.compared(original: sides[0], candidate: sides[1], from: first))
    #expect(agree(parts.originalNet, try backtest.run(positions: sides[0], from: first).metrics.netReturn))
    #expect(agree(parts.candidateNet, try backtest.run(positions: sides[1], from: first).metrics.netReturn))
  }

  @Test func itReadsBackFromItsJSON() throws {
    let parts = ChangeAttribution(try random(1))
    let json = try JSONEncoder().encode(parts)
    #expect(try JSONDecoder().decode(ChangeAttribution.self, from: json) == parts)
  }

  @Test func inputThatCannotBeComparedIsRefused() throws {
    func code(_ returns: [Double], _ original: [Double], _ candidate: [Double], _ rates: [Double]) -> String? {
      errorCode { _ = try ComparedPositions(returns: returns, original: original, candidate: candidate, rates: rates) }
    }
    #expect(code([0], [1], [1], [0, 0]) == nil)
    #expect(code([0], [1], [1], [0]) == "backtest.decisions")
    #expect(code([0], [1, 1], [1], [0, 0]) == "backtest.decisions")
    #expect(code([0], [1], [], [0, 0]) == "backtest.decisions")
    #expect(code([.nan], [1], [1], [0, 0]) == "backtest.targets")
    #expect(code([0], [.infinity], [1], [0, 0]) == "backtest.targets")
    let backtest = try Backtest(opens: [1, 2, 3, 4], times: [1, 2, 3, 4])
    #expect(errorCode { _ = try backtest.compared(original: [1], candidate: []) } == "backtest.decisions")
    #expect(errorCode { _ = try backtest.compared(original: [1], candidate: [2]) } == "backtest.position")
    #expect(errorCode { _ = try backtest.compared(original: [1], candidate: [1], from: 1) } == "backtest.too-few-candles")
  }
}
