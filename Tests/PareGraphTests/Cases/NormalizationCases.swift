import PareGraph
import PareTensor

extension OperatorCases {
  private static let x = OperatorCase.Operand.variable(.sample([3, 2, 4]))
  private static let dy = OperatorCase.Operand.variable(.sample([3, 2, 4], seed: 2))
  private static let scale = OperatorCase.Operand.variable(.sample([2], seed: 3))
  private static let shift = OperatorCase.Operand.variable(.sample([2], seed: 4))
  private static let mean = OperatorCase.Operand.variable(.sample([2], seed: 5))
  private static let variance = OperatorCase.Operand.variable(.positiveSample([2], seed: 6))
  private static let training: [String: Attribute] = ["training_mode": .int(1), "epsilon": .float(0.001), "momentum": .float(0.75)]

  // The distance from the mean is at most 4 and the variance at least 0.5, so that Y is at most 4 · 2.9 + 2 = 14. Where
  // mean and variance come from n ≤ 12 elements, the distance is off by up to 30u and the variance, relatively, by 160u:
  // together 80 roundings on Y. The sums of a gradient are at most 12 · 2 · 5.7, times scale · r² / 2 at most 272.
  static let normalization: [OperatorCase] = [
    OperatorCase("BatchNormalization", "by given statistics", [x, scale, shift, mean, variance], rounding: .init(7, upTo: 14)),
    OperatorCase(
      "BatchNormalization", "of rows", [.variable(.sample([5, 2])), scale, shift, mean, variance], ["epsilon": .float(0.1)],
      rounding: .init(7, upTo: 14)),
    OperatorCase("BatchNormalization", "while training", [x, scale, shift, mean, variance], training, rounding: .init(80, upTo: 14)),
    OperatorCase(
      "BatchNormalization", "while training, with running averages", [x, scale, shift, mean, variance], training, outputs: 3,
      rounding: .init(80, upTo: 14)),
    OperatorCase(
      "pare.BatchNormalizationGradient", "by given statistics", [dy, x, scale, mean, variance], outputs: 5,
      rounding: .init(30, upTo: 300)),
    OperatorCase(
      "pare.BatchNormalizationGradient", "while training", [dy, x, scale, mean, variance, shift, mean], training, outputs: 5,
      rounding: .init(100, upTo: 300)),

    OperatorCase("InstanceNormalization", "", [.variable(.sample([2, 2, 6])), scale, shift], rounding: .init(80, upTo: 14)),
    OperatorCase(
      "InstanceNormalization", "of two axes", [.variable(.sample([2, 2, 3, 3])), scale, shift], ["epsilon": .float(0.1)],
      rounding: .init(80, upTo: 14)),
    OperatorCase(
      "pare.InstanceNormalizationGradient", "",
      [.variable(.sample([2, 2, 6], seed: 2)), .variable(.sample([2, 2, 6])), scale], outputs: 3, rounding: .init(100, upTo: 300)),
    OperatorCase(
      "GroupNormalization", "",
      [.variable(.sample([2, 4, 4])), .variable(.sample([4], seed: 3)), .variable(.sample([4], seed: 4))],
      ["num_groups": .int(2)], rounding: .init(80, upTo: 14)),
    OperatorCase(
      "pare.GroupNormalizationGradient", "",
      [.variable(.sample([2, 4, 4], seed: 2)), .variable(.sample([2, 4, 4])), .variable(.sample([4], seed: 3))],
      ["num_groups": .int(2)], outputs: 3, rounding: .init(100, upTo: 300)),

    // A norm of 3 or 4 elements: relatively within 5 roundings; the quotient is at most 1.
    OperatorCase("LpNormalization", "", [.variable(.sample([3, 4]))], rounding: .init(6, upTo: 1)),
    OperatorCase(
      "LpNormalization", "of magnitudes along the first axis", [.variable(.sample([3, 4]))], ["axis": .int(0), "p": .int(1)],
      rounding: .init(6, upTo: 1)),
    // Norms of at least 0.5 divide a difference of at most 2 + 8.
    OperatorCase("pare.LpNormalizationGradient", "", [.variable(.sample([3, 4], seed: 2)), .variable(.sample([3, 4]))], rounding: .init(16, upTo: 20)),
    OperatorCase(
      "pare.LpNormalizationGradient", "of magnitudes", [.variable(.sample([3, 4], seed: 2)), .variable(.sample([3, 4]))],
      ["p": .int(1)], rounding: .init(16, upTo: 20)),

    OperatorCase("MeanVarianceNormalization", "", [.variable(.sample([2, 2, 3, 2]))], rounding: .init(80, upTo: 6)),
    OperatorCase("MeanVarianceNormalization", "over rows", [.variable(.sample([3, 6]))], ["axes": .ints([-1])], rounding: .init(80, upTo: 6)),
    OperatorCase(
      "pare.MeanVarianceNormalizationGradient", "",
      [.variable(.sample([2, 2, 3, 2], seed: 2)), .variable(.sample([2, 2, 3, 2]))], rounding: .init(100, upTo: 50)),

    // The base is at least 1 and carries at most 8 roundings, which the power takes times 1.75.
    OperatorCase("LRN", "", [.variable(.sample([2, 5, 3]))], ["size": .int(3), "alpha": .float(0.5)], rounding: .init(20, upTo: 2)),
    OperatorCase(
      "LRN", "of an even size", [.variable(.sample([1, 5, 2, 2]))],
      ["size": .int(4), "alpha": .float(0.5), "beta": .float(0.5), "bias": .float(2)], rounding: .init(20, upTo: 2)),
    OperatorCase(
      "pare.LRNGradient", "", [.variable(.sample([2, 5, 3], seed: 2)), .variable(.sample([2, 5, 3]))],
      ["size": .int(4), "alpha": .float(0.5)], rounding: .init(30, upTo: 14)),
  ]
}
