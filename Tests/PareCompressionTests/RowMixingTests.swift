import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

/// Rows between rows: drawn by the seed, alike in mean and spread, and nobody's who is absent.
@Suite struct RowMixingTests {
  private func rows(_ count: Int, absent: Bool = false) throws -> TrainingData {
    var generator = SeededGenerator(seed: 4)
    let cells = count * 3 * 8
    var features = (0..<cells * 2).flatMap { _ in [Float(generator.normal()), Float(2 + 3 * generator.normal())] }
    let mask = (0..<cells).map { Float(absent && $0 % 5 == 1 ? 0 : 1) }
    for cell in 0..<cells where mask[cell] == 0 { for place in 0..<4 { features[4 * cell + place] = .nan } }
    return try TrainingData(["features": Tensor(features, shape: [count, 3, 8, 4]), "mask": Tensor(mask, shape: [count, 3, 8])])
  }

  @Test func theFirstRowsAreTheRowsAndTheOthersAreMixed() throws {
    let (rows, mixing) = (try rows(20), RowMixing(copies: 3, share: 0.7))
    let mixed = try mixing.added(to: rows, seed: 1)
    #expect(mixed.rowCount == 80)
    let (before, after) = (try #require(rows["features"]).values(as: Float.self), try #require(mixed["features"]).values(as: Float.self))
    #expect(Array(after.prefix(before.count)) == before)
    #expect(zip(after.dropFirst(before.count), before).allSatisfy { $0 != $1 })
    #expect(try mixing.added(to: rows, seed: 1)["features"] == mixed["features"])
    #expect(try mixing.added(to: rows, seed: 2)["features"] != mixed["features"])
  }

  @Test func meansAndSpreadsStay() throws {
    let rows = try rows(200)
    func moments(_ rows: TrainingData, _ feature: Int) throws -> (mean: Double, deviation: Double) {
      let values = try #require(rows["features"]).doubles.enumerated().filter { $0.offset % 4 == feature }.map(\.element)
      let mean = values.reduce(0, +) / Double(values.count)
      return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot())
    }
    let mixed = try RowMixing(copies: 4, share: 1).added(to: rows, seed: 1)
    for feature in 0..<4 {
      let (a, b) = (try moments(rows, feature), try moments(mixed, feature))
      #expect(abs(a.mean - b.mean) < 0.05 * a.deviation && abs(b.deviation / a.deviation - 1) < 0.03)
    }
  }

  /// What an absent symbol's features hold, which may be nothing, reaches no row of another.
  @Test func theAbsentReachNobody() throws {
    let mixed = try RowMixing(copies: 2, share: 1).added(to: rows(20, absent: true), seed: 1)
    let mask = try #require(mixed["mask"]).values(as: Float.self)
    let features = try #require(mixed["features"]).values(as: Float.self)
    for cell in mask.indices where mask[cell] == 1 { for place in 0..<4 { #expect(features[4 * cell + place].isFinite) } }
  }

  @Test func labelsAndMixingDoNotGoTogether() {
    let error = #expect(throws: CompressionError.self) {
      try Recipe(yaml: "{schema: 1, name: x, steps: [{technique: distillation, student: {mlp: {hidden: [4]}}, temperature: 1, hard-weight: 0.5, mixing: {}}]}")
        .validate()
    }
    #expect(error?.description.contains("steps[0].mixing: expected a hard-weight of 0") == true, "\(String(describing: error))")
  }
}
