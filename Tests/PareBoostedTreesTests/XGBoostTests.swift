import Foundation
import PareBoostedTrees
import PareGraph
import PareTensor

import Testing

/// What the library grows is what the graph computes.
@Suite(.enabled(if: XGBoostLibrary.isAvailable, "XGBoost's library is not installed; scripts/setup installs it"))
struct XGBoostTests {
  private static let settings = BoostingSettings(rounds: 20, depth: 5, learningRate: 0.3)

  @Test(arguments: [2, 3, nil] as [Int?]) func marginsAreTheLibrarysToTheBit(classes: Int?) throws {
    let data = try TreeSamples.data(2000, classes: classes, seed: 1)
    let grown = try GrownTrees(on: data, validation: nil, centre: nil, settings: Self.settings, seed: 1) { _ in }
    let trees = try BoostedTrees(modelFile: grown.model, name: "model")
    let fresh = TreeSamples.rows(10_000, seed: 2)
    let library = try XGBoostLibrary.open()
    let booster = try XGBoostBooster(in: library)
    try booster.load(grown.model)
    let expected = try booster.margins(XGBoostMatrix(fresh, in: library))
    let value = classes == nil ? "prediction" : "logits"
    for found in [try TreeSamples.values(value, of: trees.graph(), fresh)].flatMap({ [$0.reference, $0.plan] }) {
      if classes == 2 {
        #expect(stride(from: 0, to: found.count, by: 2).allSatisfy { found[$0] == 0 })
        #expect(stride(from: 1, to: found.count, by: 2).map { found[$0] } == expected)
      } else {
        #expect(found == expected)
      }
    }
    #expect(Set(expected).count > 100)
  }

  @Test func probabilitiesOfTwoClassesAreTheSigmoidOfTheMargin() throws {
    let trees = try BoostedTrees.train(on: TreeSamples.data(1000, classes: 2, seed: 3), settings: Self.settings)
    let rows = TreeSamples.rows(500, seed: 4)
    let logits = try TreeSamples.values("logits", of: trees.graph(), rows).reference
    let found = try TreeSamples.values("probabilities", of: trees.graph(), rows)
    for row in 0..<500 {
      let exact = 1 / (1 + exp(-Double(logits[2 * row + 1])))
      for probability in [found.reference, found.plan].map({ $0[2 * row + 1] }) {
        #expect((Double(probability) - exact).magnitude <= 4 * Double(Float(exact).ulp))
      }
    }
  }

  @Test(arguments: [nil, 64] as [Int?]) func theSameSeedGivesTheSameTreesAndAnotherOthers(bins: Int?) throws {
    var settings = Self.settings
    (settings.subsample, settings.columnShare, settings.bins) = (0.5, 0.5, bins)
    let data = try TreeSamples.data(1000, classes: 3, seed: 5)
    let trees = try [1, 1, 2].map { try BoostedTrees.train(on: data, settings: settings, seed: $0) }
    #expect(trees[0] == trees[1])
    #expect(trees[0] != trees[2])
  }

  @Test func bothFormatsOfAModelReadTheSame() throws {
    let data = try TreeSamples.data(500, classes: 3, seed: 6)
    let grown = try GrownTrees(on: data, validation: nil, centre: nil, settings: Self.settings, seed: 1) { _ in }
    let booster = try XGBoostBooster(in: try XGBoostLibrary.open())
    try booster.load(grown.model)
    let text = try booster.saved(as: "json")
    #expect(text.starts(with: #"{"learner"#.utf8))
    let trees = try BoostedTrees(modelFile: grown.model, name: "ubj")
    #expect(try BoostedTrees(modelFile: text, name: "json") == trees)
    #expect(try BoostedTrees(throughXGBoost: text, name: "json") == trees)
    #expect(trees.trees.count == 60 && trees.depth == 5 && trees.featureCount == TreeSamples.features)
  }

  @Test func eachColumnOfNumbersIsLearnedFromItsMean() throws {
    let rows = TreeSamples.rows(2000, seed: 7)
    let scores = TreeSamples.scores(rows)
    let numbers = Tensor(scores.flatMap { [$0 + 100, 3 - $0] }, shape: [2000, 2])
    let trees = try BoostedTrees.train(
      on: BoostingData(features: rows, labels: .numbers(numbers)), settings: BoostingSettings(rounds: 60, learningRate: 0.2))
    let mean = scores.reduce(0, +) / 2000
    #expect((trees.baseMargins[0] - 100 - mean).magnitude < 1e-3 && (trees.baseMargins[1] - 3 + mean).magnitude < 1e-3)
    let fresh = TreeSamples.rows(1000, seed: 8)
    let expected = TreeSamples.scores(fresh)
    let found = try TreeSamples.values("prediction", of: trees.graph(), fresh).reference
    let variance = expected.map { $0 * $0 }.reduce(0, +) / 1000
    for (column, target) in [expected.map { $0 + 100 }, expected.map { 3 - $0 }].enumerated() {
      let error = (0..<1000).map { (found[2 * $0 + column] - target[$0]) }.map { $0 * $0 }.reduce(0, +) / 1000
      #expect(error < 0.2 * variance)
    }
  }

  @Test func theBestRoundOnTheValidationRowsIsKept() throws {
    // Labels are noise: the loss on other rows soon rises.
    func noise(_ seed: UInt64) throws -> BoostingData {
      var generator = SeededGenerator(seed: seed)
      return try BoostingData(
        features: TreeSamples.rows(300, seed: seed), labels: .classes((0..<300).map { _ in Int64(generator.below(3)) }, count: 3))
    }
    var settings = Self.settings
    settings.rounds = 200
    settings.earlyStoppingRounds = 5
    var seen: [Double] = []
    let trees = try BoostedTrees.train(on: noise(1), validation: noise(2), settings: settings) {
      seen.append($0.validationLoss ?? .nan)
    }
    let best = try #require(seen.indices.min { seen[$0] < seen[$1] })
    #expect(trees.trees.count == 3 * (best + 1))
    #expect(seen.count == best + 1 + 5 && seen.count < 200)
  }

  @Test func rowsWithoutWeightCountForNothing() throws {
    let few = try TreeSamples.data(500, classes: 2, seed: 9)
    guard case .classes(let classes, _) = few.labels else { return }
    let noise = TreeSamples.rows(500, seed: 10)
    let both = Tensor(few.features.values(as: Float.self) + noise.values(as: Float.self), shape: [1000, TreeSamples.features])
    let weighted = try BoostingData(
      features: both, labels: .classes(classes + classes.reversed(), count: 2), weights: (0..<1000).map { $0 < 500 ? 1 : 0 })
    var settings = Self.settings
    settings.bins = nil
    let rows = TreeSamples.rows(200, seed: 11)
    let graphs = try [few, weighted].map { try BoostedTrees.train(on: $0, settings: settings).graph() }
    let found = try graphs.map { try TreeSamples.values("logits", of: $0, rows).reference }
    // Thresholds lie between values of all rows, so that a few of the fresh rows may fall to the other side.
    #expect(zip(found[0], found[1]).count { ($0 - $1).magnitude < 1e-3 } > 300)
  }

  @Test func whatTheLibraryCannotReadIsAnError() {
    let error = #expect(throws: BoostedTreesError.self) {
      try BoostedTrees(throughXGBoost: Array("binf and nothing".utf8), name: "old.bin")
    }
    #expect(error?.code == "boosted-trees.library")
  }
}
