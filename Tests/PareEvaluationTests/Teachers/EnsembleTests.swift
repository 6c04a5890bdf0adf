import Foundation
import PareCompression
import PareEvaluation
import PareMarket
import PareTensor
import Testing

@Suite struct EnsembleTests {
  @Test func mixtureWeightsFindTheForecasterThatIsRight() {
    var generator = SeededGenerator(seed: 3, stream: "mixture")
    let labels = (0..<4000).map { _ in generator.uniform() < 0.5 ? 0 : 1 }
    // One says 0.7 for what happens in 7 of 10 cases, the other guesses.
    let right = labels.flatMap { label -> [Float] in
      let says = generator.uniform() < 0.7 ? label : 1 - label
      return says == 0 ? [0.7, 0.3] : [0.3, 0.7]
    }
    let guess = labels.flatMap { _ -> [Float] in
      let up = Float(generator.uniform())
      return [1 - up, up]
    }
    let weights = MixtureWeights.fitted(to: [right, guess], labels: labels, classCount: 2)
    #expect(abs(weights.reduce(0, +) - 1) < 1e-9)
    #expect(weights[0] > 0.95)
  }

  @Test func mixtureWeightsHaveTheLossThatNoOtherWeightsUndercut() {
    var generator = SeededGenerator(seed: 4, stream: "mixture")
    let labels = (0..<500).map { _ in generator.below(2) }
    let members = (0..<2).map { _ in
      labels.flatMap { label -> [Float] in
        let own = Float(min(max(0.5 + 0.2 * generator.normal() + 0.1, 0.02), 0.98))
        return label == 0 ? [own, 1 - own] : [1 - own, own]
      }
    }
    func loss(_ weight: Double) -> Double {
      labels.indices.reduce(0) { sum, row in
        let place = 2 * row + labels[row]
        return sum - log(weight * Double(members[0][place]) + (1 - weight) * Double(members[1][place]))
      }
    }
    let weights = MixtureWeights.fitted(to: members, labels: labels, classCount: 2, rounds: 2000)
    let best = stride(from: 0.0, through: 1, by: 0.001).map(loss).min() ?? 0
    #expect(loss(weights[0]) <= best + 1e-3)
  }

  @Test func foldsLearnOnlyFromWhatIsKnownBeforeTheirBlockBegins() throws {
    let series = try Small.simulation(candles: 3000).run(seed: 5).series[0]
    let dataset = try MarketDataset(
      series: [series], schema: FeatureSchema(interval: .fiveMinutes), label: LabelDefinition(.direction, horizon: 12))
    let rows = dataset.labelled(.train).rows
    let folds = try ForwardFolds(dataset, rows: rows, count: 4).folds
    #expect(folds.count == 4)
    let reach: Int64 = 12 * 300_000
    for (fold, next) in zip(folds, folds.dropFirst()) { #expect((fold.rows.last ?? 0) < (next.rows.first ?? 0)) }
    for fold in folds {
      let begin = dataset.times[fold.rows[0]]
      #expect(fold.span.validation.upperBound + reach < begin)
      #expect(fold.span.training.upperBound + reach < fold.span.validation.lowerBound)
    }
    // Every labelled training row but those of the first block is spoken of once.
    let spoken = folds.flatMap(\.rows)
    #expect(Set(spoken).count == spoken.count && spoken.last == rows.last)
    #expect(Double(spoken.count) > 0.79 * Double(rows.count))
  }
}
