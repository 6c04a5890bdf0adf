import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Scores of a panel against what came of them: by hand, against differences, and where there is nothing to learn from.
struct CrossSectionRegressionTests {
  private static let scores = ["scores": ValueType(.float32, ["batch", 2, 4])]

  private func value(_ loss: CrossSectionRegression, _ scores: [Float], _ labels: [Float]) throws -> Double {
    try LossProbe(loss, on: ["scores": ValueType(.float32, ["batch", 1, 4])], rows: 1)
      .value(["scores": Tensor(scores, shape: [1, 1, 4]), "labels": Tensor(labels, shape: [1, 1, 4])])
  }

  @Test func theTermsAreThoseOfTheFormula() throws {
    let squared = CrossSectionRegression(squaredError: 1, correlation: 0)
    // Errors 1, 0 and 2; the last symbol has no label; all four are counted.
    #expect(abs(try value(squared, [1, 2, 3, 9], [0, 2, 5, .nan]) - 5.0 / 4) < 1e-12)
    let correlation = CrossSectionRegression(squaredError: 0, correlation: 1)
    #expect(abs(try value(correlation, [1, 2, 3, -7], [10, 20, 30, .nan])) < 1e-9)
    #expect(abs(try value(correlation, [3, 2, 1, 0], [10, 20, 30, .nan]) - 2) < 1e-9)
    // r of (1, 2, 3) and (1, 3, 2) is 1/2.
    #expect(abs(try value(correlation, [1, 2, 3, 5], [1, 3, 2, .nan]) - 0.5) < 1e-9)
    let listwise = CrossSectionRegression(squaredError: 0, correlation: 0, ranking: 1)
    let (z, y) = (exp(1.0) + 1, 2.0)
    let expected = -(1 / y * log(exp(1) / z) + 1 / y * log(1 / z))
    #expect(abs(try value(listwise, [1, 0, 7, 7], [0, 0, .nan, .nan]) - expected) < 1e-6)
    let pairwise = CrossSectionRegression(squaredError: 0, correlation: 0, ranking: 1, form: .pairwise)
    // Of six ordered pairs (0, 1) is in the wrong order, by 1 · 2, both ways.
    #expect(abs(try value(pairwise, [1, 0, 5, 5], [0, 2, 9, .nan]) - 4.0 / 6) < 1e-6)
  }

  @Test func aDayWithoutLabelsCountsForNothingAndItsScoresMayBeAnything() throws {
    let loss = CrossSectionRegression(squaredError: 1, correlation: 1, ranking: 1)
    let probe = try LossProbe(loss, on: Self.scores, rows: 1)
    func run(_ second: [Float]) throws -> Double {
      try probe.value([
        "scores": Tensor([1, 2, 3, 4] + second, shape: [1, 2, 4]),
        "labels": Tensor([2, 1, 3, .nan] + [Float](repeating: .nan, count: 4), shape: [1, 2, 4]),
      ])
    }
    #expect(try run([0, 0, 0, 0]) == run([5, -9, 1e3, 2]))
    #expect(try run([0, 0, 0, 0]).isFinite)
  }

  @Test func scoresThatDoNotVaryHaveAFiniteLossAndGradient() throws {
    for form in CrossSectionRegression.Ranking.allCases {
      let probe = try LossProbe(CrossSectionRegression(squaredError: 1, correlation: 1, ranking: 1, form: form), on: Self.scores, rows: 1)
      let (value, gradient) = try probe.executed(
        by: "scores",
        ["scores": Tensor([Float](repeating: 0, count: 8), shape: [1, 2, 4]), "labels": Tensor([1, 2, .nan, 0, 3, 3, 3, 3] as [Float], shape: [1, 2, 4])])
      #expect(value.isFinite && gradient.allSatisfy(\.isFinite))
    }
  }

  @Test(arguments: CrossSectionRegression.Ranking.allCases)
  func gradientsMatchFiniteDifferences(form: CrossSectionRegression.Ranking) throws {
    var labels = Tensor.normal([3, 2, 4], seed: 2).values(as: Float.self)
    (labels[1], labels[6]) = (.nan, .nan)
    let loss = CrossSectionRegression(squaredError: 0.5, correlation: 1, ranking: 0.3, form: form)
    try LossProbe(loss, on: Self.scores, rows: 3).checkGradient(
      by: "scores", ["scores": .normal([3, 2, 4], seed: 1), "labels": Tensor(labels, shape: [3, 2, 4])])
  }

  @Test func weightsOutOfRangeAreRefused() throws {
    for loss in [
      CrossSectionRegression(squaredError: 0, correlation: 0), CrossSectionRegression(squaredError: -1), CrossSectionRegression(correlation: .nan),
    ] {
      #expect { _ = try LossProbe(loss, on: Self.scores, rows: 1) } throws: { "\($0)".contains("weights of at least 0, one above") }
    }
  }
}
