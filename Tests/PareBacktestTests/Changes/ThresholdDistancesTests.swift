import Foundation
import PareBacktest
import PareTensor
import Testing

@Suite struct ThresholdDistancesTests {
  @Test func everyDecisionIsInTheBinOfItsDistance() throws {
    let threshold = try DecisionThreshold(0.5)
    let table = try ThresholdDistances(
      original: [1, 0, -1, 1, 0], candidate: [0, 1, 1, 1, 0], confidences: [0.5, 0.375, 0.625, 0.75, 0.3],
      threshold: threshold, edges: [0.125, 0.25])
    // A distance that is an edge lies in the bin above it.
    #expect(table.bins.map(\.from) == [0, 0.125, 0.25] && table.bins.map(\.to) == [0.125, 0.25, nil])
    #expect(table.bins.map(\.decisions) == [1, 3, 1])
    #expect(table.bins.map(\.missed) == [1, 0, 0] && table.bins.map(\.false) == [0, 1, 0])
    #expect(table.bins.map(\.reversed) == [0, 1, 0])
  }

  @Test(arguments: 0..<10 as Range<UInt64>) func binsSumToTheDecisionsChanged(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    func probabilities() throws -> ClassProbabilities {
      try ClassProbabilities(
        (0..<500).flatMap { _ in
          let up = Float(0.35 + 0.3 * generator.uniform())
          return [1 - up, up]
        }, classCount: 2)
    }
    let (old, new) = (try probabilities(), try probabilities())
    let threshold = try DecisionThreshold.coverage(0.4, of: old)
    let candidate = threshold.decisions(for: new)
    let table = try ThresholdDistances(original: old, candidate: candidate, threshold: threshold)
    let changes = try DecisionChanges(from: threshold.decisions(for: old), to: candidate)
    #expect(table.bins.count == 6 && table.bins.reduce(0) { $0 + $1.decisions } == 500)
    #expect(table.bins.reduce(0) { $0 + $1.missed } == changes.missed)
    #expect(table.bins.reduce(0) { $0 + $1.false } == changes.false)
    #expect(table.bins.reduce(0) { $0 + $1.reversed } == changes.reversed && changes.reversed > 0)
    for (bin, row) in zip(table.bins, table.bins.dropFirst()) { #expect(bin.to == row.from) }
    let json = try JSONEncoder().encode(table)
    #expect(try JSONDecoder().decode(ThresholdDistances.self, from: json) == table)
    #expect(String(decoding: json, as: UTF8.self).contains("\"to\":null"))
  }

  @Test func inputThatCannotBeCountedIsRefused() throws {
    let threshold = try DecisionThreshold(0.5)
    func code(_ original: [Int8], _ candidate: [Int8], _ confidences: [Float], _ edges: [Double] = [0.1]) -> String? {
      errorCode {
        _ = try ThresholdDistances(
          original: original, candidate: candidate, confidences: confidences, threshold: threshold, edges: edges)
      }
    }
    #expect(code([1], [1], [0.5]) == nil && code([], [], [], []) == nil)
    #expect(code([1], [], [0.5]) == "backtest.decisions" && code([1], [1], []) == "backtest.decisions")
    #expect(code([2], [1], [0.5]) == "backtest.position" && code([1], [-2], [0.5]) == "backtest.position")
    #expect(code([1], [1], [.nan]) == "backtest.confidence")
    for edges in [[0], [-1], [0.2, 0.1], [0.1, 0.1], [.nan], [.infinity]] as [[Double]] {
      #expect(code([1], [1], [0.5], edges) == "backtest.edges")
    }
  }
}
