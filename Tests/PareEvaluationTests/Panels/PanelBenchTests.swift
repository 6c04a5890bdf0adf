import PareEvaluation
import PareGraph
import PareModels
import Testing

@Suite struct PanelBenchTests {
  private static func model() throws -> Model {
    Model(graph: try StockStateSpaceGraph(PanelShape(inputs: 5), width: 6, rank: 3, states: 2, memory: 2).graph(seed: 1))
  }

  @Test func aDayOfAPanelIsTimedWithItsState() throws {
    let few = try ModelBench(Self.model(), name: "s3g", mode: .panel, decisions: 20, symbols: 7).run()
    let many = try ModelBench(Self.model(), name: "s3g", mode: .panel, decisions: 20, symbols: 70).run()
    #expect(few.latencyNs.p50 > 0 && few.referenceSteps.isEmpty && few.decisions == 20)
    // Features, mask and states grow with the symbols, weights do not.
    #expect(many.bytesTouched > few.bytesTouched && many.bytesTouched < 10 * few.bytesTouched)
  }

  @Test func aPanelNeedsANumberOfSymbols() throws {
    let error = #expect(throws: (any Error).self) { try ModelBench(Self.model(), name: "s3g", mode: .panel, decisions: 20).run() }
    #expect("\(String(describing: error))".contains("symbols"))
  }
}
