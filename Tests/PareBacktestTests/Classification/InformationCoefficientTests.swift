import PareBacktest
import Testing

@Suite struct InformationCoefficientTests {
  @Test func correlationsEqualTheOnesWorkedOutByHand() {
    let scores = [1.0, 2, 3, 4]
    // Σ(s − 2.5)(r − 2) = 1.5 + 1 + 0.5 + 3 = 6, with squares 5 and 1 + 4 + 1 + 4 = 10.
    let returns = [1.0, 0, 3, 4]
    #expect(agree(InformationCoefficient.pearson(scores: scores, returns: returns), 6 / (5.0 * 10).squareRoot()))
    // Ranks of the returns 2, 1, 3, 4: 1 − 6 · 2 / (4 · 15).
    #expect(agree(InformationCoefficient.rank(scores: scores, returns: returns), 0.8))
    // Two equal scores share rank 1.5: ranks 1.5, 1.5, 3 against 1, 2, 3.
    let tied = InformationCoefficient.rank(scores: [5, 5, 7], returns: [0.1, 0.2, 0.9])
    #expect(agree(tied, 1.5 / (1.5 * 2).squareRoot()))
    #expect(InformationCoefficient.pearson(scores: [1, 2], returns: [1, 2]) == nil)
    #expect(InformationCoefficient.pearson(scores: [0.1, 0.1, 0.1], returns: [1, 2, 3]) == nil)
    #expect(InformationCoefficient.rank(scores: [1, 2, 3], returns: [4, 4, 4]) == nil)
  }

  @Test func aPanelLeavesOutDatesThatSayNothing() throws {
    let panel = try PanelCoefficients(
      scores: [1, 2, 3, 1, 2, 5, 5, 5, 3, 2, 1], returns: [1, 2, 3, 1, 2, 1, 2, 3, 1, 2, 4],
      dates: [1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4])
    #expect(panel.dates == [1, 4])
    #expect(agree(panel.ic[0], 1) && agree(panel.rankIC[1], -1))
    #expect(agree(panel.meanRankIC, 0) && agree(panel.rankRatio, 0))
    let none = try PanelCoefficients(scores: [], returns: [], dates: [])
    #expect(none.meanIC == nil && none.ratio == nil)
  }

  @Test func aRandomPanelEqualsThePeers() throws {
    var draws = PeerSeries(seed: 21)
    var (scores, returns, dates) = ([Double](), [Double](), [Int64]())
    for date in 0..<120 {
      let drawn = (0..<25).map { _ in Double(Int(8 * draws.uniform())) }
      scores += drawn
      returns += drawn.map { 0.1 * $0 + draws.bell() }
      dates += [Int64](repeating: Int64(date), count: 25)
    }
    let panel = try PanelCoefficients(scores: scores, returns: returns, dates: dates)
    #expect(panel.dates.count == 120)
    #expect(agree(panel.meanIC, PeerFigures.panel["ic"]))
    #expect(agree(panel.meanRankIC, PeerFigures.panel["rank_ic"]))
    #expect(agree(panel.ratio, PeerFigures.panel["icir"]))
    #expect(agree(panel.rankRatio, PeerFigures.panel["rank_icir"]))
  }

  @Test func aPanelThatDoesNotFitIsRefused() {
    #expect(throws: BacktestError.self) { try PanelCoefficients(scores: [1], returns: [], dates: [1]) }
    #expect(throws: BacktestError.self) { try PanelCoefficients(scores: [1, 2], returns: [1, 2], dates: [2, 1]) }
    #expect(throws: BacktestError.self) { try PanelCoefficients(scores: [.nan], returns: [1], dates: [1]) }
  }
}
