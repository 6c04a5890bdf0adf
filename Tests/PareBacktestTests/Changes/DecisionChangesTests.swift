import PareBacktest
import Testing

@Suite struct DecisionChangesTests {
  @Test func everyPairOfDecisionsIsCountedOnce() throws {
    let original: [Int8] = [1, 1, 1, 0, 0, 0, -1, -1, -1, -1]
    let candidate: [Int8] = [1, 0, -1, 1, 0, -1, 1, 0, -1, 0]
    let changes = try DecisionChanges(from: original, to: candidate)
    #expect(changes.decisions == 10)
    #expect(changes.missed == 3 && changes.false == 2 && changes.reversed == 2 && changes.changed == 7)
    #expect(changes.missedRate == 0.3 && changes.falseRate == 0.2 && changes.reversedRate == 0.2)
    #expect(try DecisionChanges(from: original, to: original).changed == 0)
    let back = try DecisionChanges(from: candidate, to: original)
    #expect(back.missed == changes.false && back.false == changes.missed && back.reversed == changes.reversed)
  }

  @Test func seriesOfDifferentLengthsAreRefused() {
    #expect(throws: BacktestError.self) { try DecisionChanges(from: [1, 0], to: [1]) }
    #expect(throws: BacktestError.self) { try DecisionChanges(from: [1], to: [2]) }
  }
}
