import Foundation
import PareBacktest
import Testing

@Suite struct DecisionCostWeightsTests {
  @Test func eachKindCostsItsWeight() throws {
    let changes = try DecisionChanges(from: [1, 1, 1, 0, 0, 0, -1, -1], to: [1, 0, -1, 1, 0, -1, 1, 0])
    // 2 missed, 2 false, 2 reversed of 8.
    #expect(DecisionCostWeights.standard.cost(of: changes) == 1.75)
    #expect(try DecisionCostWeights(missed: 0, false: 0, reversed: 3).cost(of: changes) == 0.75)
    #expect(DecisionCostWeights.standard.cost(of: try DecisionChanges(from: [], to: [])) == 0)
  }

  @Test func weightsThatCannotBeAreRefused() throws {
    for bad in [-1, Double.nan, .infinity] {
      #expect(errorCode { _ = try DecisionCostWeights(missed: 1, false: bad, reversed: 1) } == "backtest.weights")
    }
    #expect(throws: BacktestError.self) {
      try JSONDecoder().decode(DecisionCostWeights.self, from: Data(#"{"missed":1,"false":2,"reversed":-4}"#.utf8))
    }
    let json = try JSONEncoder().encode(DecisionCostWeights.standard)
    #expect(try JSONDecoder().decode(DecisionCostWeights.self, from: json) == .standard)
  }
}
