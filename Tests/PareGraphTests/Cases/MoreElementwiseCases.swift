import PareGraph
import PareTensor

extension OperatorCases {
  static let moreElementwise: [OperatorCase] = functions + slopes + variadic + mixed + gradientsOfTwo + labels

  /// Each with the roundings of its formula on numbers of the stated size, its arguments' errors carried along; libm's
  /// Float functions are within 1 ulp, which counts as two.
  private static let functions: [OperatorCase] = [
    function("Sin", rounding: .init(2, upTo: 1)), function("Cos", rounding: .init(2, upTo: 1)),
    // Up to 1, where the slope is below 4.
    function("Tan", .unitSample([3, 4]), rounding: .init(2, upTo: 2)),
    function("Asin", .unitSample([3, 4]), rounding: .init(2, upTo: 2)), function("Acos", .unitSample([3, 4]), rounding: .init(2, upTo: 3)),
    function("Atan", rounding: .init(2, upTo: 2)),
    function("Sinh", rounding: .init(2, upTo: 4)), function("Cosh", rounding: .init(2, upTo: 4)),
    function("Asinh", rounding: .init(2, upTo: 2)), function("Acosh", .sampleAboveOne([3, 4]), rounding: .init(2, upTo: 2)),
    function("Atanh", .unitSample([3, 4]), rounding: .init(2, upTo: 2)),
    function("Elu", rounding: .init(4, upTo: 2)), function("Elu", attributes: ["alpha": .float(0.5)], rounding: .init(4, upTo: 2)),
    function("Selu", rounding: .init(6, upTo: 3)), function("Celu", attributes: ["alpha": .float(2)], rounding: .init(6, upTo: 2)),
    function("Softplus", rounding: .init(5, upTo: 3)), function("Mish", rounding: .init(9, upTo: 3)),
    function("Swish", rounding: .init(6, upTo: 2)), function("Swish", attributes: ["alpha": .float(1.5)], rounding: .init(8, upTo: 4)),
    function("Abs"), function("HardSigmoid", rounding: .init(4, upTo: 2)), function("HardSwish", rounding: .init(4, upTo: 3)),
    function("ThresholdedRelu", attributes: ["alpha": .float(0.5)]), function("Softsign", rounding: .init(2, upTo: 1)),
    function("Shrink", attributes: ["lambd": .float(0.75), "bias": .float(0.25)], rounding: .init(1, upTo: 2)),
    function("Reciprocal", .positiveSample([3, 4]), rounding: .init(1, upTo: 2)), function("Erf", rounding: .init(2, upTo: 1)),
    function("Sign"), function("Floor"), function("Ceil"), function("Round"),
  ]

  private static func function(
    _ name: OperatorName, _ x: Tensor = .sample([3, 4]), attributes: [String: Attribute] = [:],
    rounding: OperatorCase.Rounding = .exact
  ) -> OperatorCase {
    OperatorCase(name, attributes.isEmpty ? "" : "\(attributes)", [.variable(x)], attributes, rounding: rounding)
  }

  /// Slopes stay below 8 on the samples; each formula rounds at most 16 times, dY times it once more.
  private static let slopes: [OperatorCase] = functions.compactMap { subject in
    let name = OperatorName(subject.operatorName.type + "Gradient", domain: "pare")
    guard OperatorCatalogue.all.contains(where: { $0.name == name }) else { return nil }
    return OperatorCase(
      name, subject.variant, [.variable(.sample([3, 4], seed: 9))] + subject.operands, subject.attributes,
      rounding: .init(18, upTo: 32))
  }

  private static let variadic: [OperatorCase] = (["Max", "Min", "Sum", "Mean"] as [OperatorName]).flatMap { name in
    [
      OperatorCase(
        name, "of three that broadcast", [.variable(.sample([2, 3])), .variable(.sample([3], seed: 2)), .variable(.sample([2, 1], seed: 3))],
        rounding: .init(3, upTo: 6)),
      OperatorCase(name, "of one", [.variable(.sample([2, 3]))], rounding: .init(1, upTo: 2)),
    ]
  }

  private static let mixed: [OperatorCase] = [
    // Rounded once from Float64 at each precision.
    OperatorCase("Pow", "", [.variable(.positiveSample([2, 3])), .variable(.sample([2, 3], seed: 2))], rounding: .init(2, upTo: 4)),
    OperatorCase("Pow", "by a constant integer", [.variable(.sample([2, 3])), .constant(Tensor(scalar: Int64(3)))], rounding: .init(2, upTo: 8)),
    OperatorCase("Pow", "squares of numbers below 0", [.variable(.sample([2, 3])), .constant(Tensor(scalar: 2 as Float))], rounding: .init(2, upTo: 4)),
    // The slope by an exponent of a number below 0 is none.
    OperatorCase("Pow", "by exponents below 0", [.variable(.sample([2, 3])), .constant(Tensor([-2, 3, 0] as [Float]))], rounding: .init(2, upTo: 400)),
    OperatorCase("Mod", "floored", [.variable(.sample([2, 3])), .variable(.sample([3], seed: 2))], rounding: .init(1, upTo: 2)),
    OperatorCase("PRelu", "", [.variable(.sample([2, 3, 2])), .variable(.sample([3, 1], seed: 2))], rounding: .init(1, upTo: 4)),
    OperatorCase("PRelu", "of a scalar", [.variable(.sample([2, 3])), .variable(.sample([], seed: 2))], rounding: .init(1, upTo: 4)),
    OperatorCase("Mod", "of integers", [.variable(Tensor([-4, 7, 5, 4, -7, 8] as [Int32])), .variable(Tensor([2, -3, 8, -2, 3, 5] as [Int32]))]),
    OperatorCase(
      "Mod", "by fmod", [.variable(.sample([6])), .variable(.positiveSample([6], seed: 2))], ["fmod": .int(1)]),
  ]

  // dC, A and B of samples: products of three roundings, and a power's two.
  private static let gradientsOfTwo: [OperatorCase] = {
    let dc = OperatorCase.Operand.variable(.sample([2, 3], seed: 9))
    let (a, b) = (OperatorCase.Operand.variable(.positiveSample([2, 3])), OperatorCase.Operand.variable(.sample([3], seed: 2)))
    let (x, y) = (Tensor.sample([2, 3]), Tensor.sample([2, 3], seed: 2))
    let greater = Tensor(zip(x.values(as: Float.self), y.values(as: Float.self)).map { max($0, $1) }, shape: [2, 3])
    return [
      OperatorCase("pare.PowGradient", "", [dc, a, b], rounding: .init(5, upTo: 32)),
      // The logarithm of numbers of 0.5 and more is at most 0.7 in magnitude.
      OperatorCase("pare.PowExponentGradient", "", [dc, a, b], rounding: .init(6, upTo: 8)),
      OperatorCase("pare.ModDivisorGradient", "", [dc, a, b], rounding: .init(1, upTo: 128)),
      OperatorCase("pare.PReluGradient", "", [dc, a, b], rounding: .init(1, upTo: 4)),
      OperatorCase("pare.PReluSlopeGradient", "", [dc, .variable(x)], rounding: .init(1, upTo: 4)),
      OperatorCase(
        "pare.ExtremumGradient", "",
        [dc, .variable(greater), .variable(y), .variable(x), .variable(y)], rounding: .init(1, upTo: 2)),
    ]
  }()

  // A product and a sum of at most four terms of at most 2 · 2, and a quotient.
  private static let labels: [OperatorCase] = {
    let (x, weights) = (OperatorCase.Operand.variable(.sample([4, 3])), OperatorCase.Operand.constant(.positiveSample([3], seed: 2)))
    let labels = OperatorCase.Operand.variable(Tensor([0, 2, 1, 2] as [Int64]))
    return [
      OperatorCase("NegativeLogLikelihoodLoss", "mean", [x, labels], rounding: .init(5, upTo: 8)),
      OperatorCase(
        "NegativeLogLikelihoodLoss", "sum, weighted", [x, labels, weights], ["reduction": .string("sum")],
        rounding: .init(5, upTo: 16)),
      OperatorCase(
        "NegativeLogLikelihoodLoss", "mean, weighted, one ignored", [x, labels, weights], ["ignore_index": .int(1)],
        rounding: .init(8, upTo: 16)),
      OperatorCase(
        "NegativeLogLikelihoodLoss", "none, more axes, one ignored",
        [.variable(.sample([2, 3, 2])), .variable(Tensor([0, -1, 1, 2] as [Int32], shape: [2, 2]))],
        ["reduction": .string("none"), "ignore_index": .int(-1)], rounding: .init(1, upTo: 2)),
      OperatorCase(
        "pare.NegativeLogLikelihoodLossGradient", "", [.variable(.sample([], seed: 2)), x, labels, weights],
        rounding: .init(6, upTo: 8)),
      OperatorCase("Hardmax", "", [.variable(.sample([2, 3]))]),
      OperatorCase("Hardmax", "along the first axis", [.variable(.sample([2, 3]))], ["axis": .int(0)]),
    ]
  }()
}

extension Tensor {
  /// Samples within −0.95 … 0.95.
  static func unitSample(_ shape: Shape) -> Tensor {
    Tensor(sample(shape).values(as: Float.self).map { $0 * 0.475 }, shape: shape)
  }

  /// Samples within 1.5 … 3.
  static func sampleAboveOne(_ shape: Shape) -> Tensor {
    Tensor(positiveSample(shape).values(as: Float.self).map { $0 + 1 }, shape: shape)
  }
}
