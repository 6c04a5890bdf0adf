import PareGraph
import PareTensor

/// Cases for the laws that hold for every operator. Each operator of the catalogue has at least one
/// (`OperatorLawTests`). Inputs are `Tensor.sample`s: at most 2 in magnitude.
enum OperatorCases {
  static let all: [OperatorCase] = [
    products, arithmetic, elementwise, alongAnAxis, shapes, reductions, gradients, convolution, pooling, normalization, recurrent, stateSpace, attention, logic, indexing, trees, moreElementwise, moreShapes, moreQuantization, quantizedRecurrent,
  ].flatMap { $0 }

  // A product of depth K: K roundings on a sum of at most 4·K, one each for alpha, beta and the sum with C.
  private static let products: [OperatorCase] = [
    OperatorCase(
      "Gemm", "with a bias", [.variable(.sample([3, 5])), .variable(.sample([5, 2], seed: 2)), .variable(.sample([2], seed: 3))],
      rounding: .init(8, upTo: 22)),
    OperatorCase(
      "Gemm", "A transposed, C a column",
      [.variable(.sample([5, 3])), .variable(.sample([5, 2], seed: 2)), .variable(.sample([3, 1], seed: 3))],
      ["transA": .int(1), "alpha": .float(0.5), "beta": .float(-1.5)], rounding: .init(8, upTo: 13)),
    OperatorCase(
      "Gemm", "B transposed, C a scalar",
      [.variable(.sample([3, 5])), .variable(.sample([2, 5], seed: 2)), .variable(.sample([], seed: 3))],
      ["transB": .int(1)], rounding: .init(8, upTo: 22)),
    OperatorCase(
      "Gemm", "both transposed, no C", [.variable(.sample([5, 3])), .variable(.sample([2, 5], seed: 2))],
      ["transA": .int(1), "transB": .int(1), "alpha": .float(2)], rounding: .init(6, upTo: 40)),
    OperatorCase(
      "Gemm", "C not given by an empty name", [.variable(.sample([3, 5])), .variable(.sample([5, 2], seed: 2)), .absent],
      rounding: .init(5, upTo: 20)),
    OperatorCase("MatMul", "of matrices", [.variable(.sample([3, 5])), .variable(.sample([5, 2], seed: 2))], rounding: .init(5, upTo: 20)),
    OperatorCase(
      "MatMul", "with batches that broadcast", [.variable(.sample([2, 1, 3, 4])), .variable(.sample([3, 4, 2], seed: 2))],
      rounding: .init(4, upTo: 16)),
    OperatorCase("MatMul", "vector by batch", [.variable(.sample([4])), .variable(.sample([3, 4, 2], seed: 2))], rounding: .init(4, upTo: 16)),
    OperatorCase("MatMul", "batch by vector", [.variable(.sample([3, 2, 4])), .variable(.sample([4], seed: 2))], rounding: .init(4, upTo: 16)),
    OperatorCase("MatMul", "of vectors", [.variable(.sample([4])), .variable(.sample([4], seed: 2))], rounding: .init(4, upTo: 16)),
  ]

  // One rounding each.
  private static let arithmetic: [OperatorCase] =
    (["Add", "Sub", "Mul"] as [OperatorName]).flatMap { name in
      [
        OperatorCase(name, "of equal shapes", [.variable(.sample([2, 3])), .variable(.sample([2, 3], seed: 2))], rounding: .init(1, upTo: 4)),
        OperatorCase(name, "row and column", [.variable(.sample([1, 3])), .variable(.sample([2, 1], seed: 2))], rounding: .init(1, upTo: 4)),
        OperatorCase(name, "with a scalar", [.variable(.sample([])), .variable(.sample([2, 2, 3], seed: 2))], rounding: .init(1, upTo: 4)),
        OperatorCase(name, "with a row repeated", [.variable(.sample([2, 4, 3])), .variable(.sample([1, 3], seed: 2))], rounding: .init(1, upTo: 4)),
      ]
    } + [
      OperatorCase("Div", "of equal shapes", [.variable(.sample([2, 3])), .variable(.positiveSample([2, 3], seed: 2))], rounding: .init(1, upTo: 4)),
      OperatorCase("Div", "with broadcasting", [.variable(.sample([2, 3])), .variable(.positiveSample([2, 1, 1], seed: 2))], rounding: .init(1, upTo: 4)),
    ]

  // libm's Float functions are within 1 ulp, which counts as two roundings; the rest as it stands in the code.
  private static let elementwise: [OperatorCase] = [
    OperatorCase("Relu", "", [.variable(.sample([3, 4]))]),
    // alpha is rounded too.
    OperatorCase("LeakyRelu", "", [.variable(.sample([3, 4]))], ["alpha": .float(0.2)], rounding: .init(2, upTo: 1)),
    OperatorCase("LeakyRelu", "with a negative slope", [.variable(.sample([3, 4]))], ["alpha": .float(-0.5)], rounding: .init(2, upTo: 1)),
    OperatorCase("Sigmoid", "", [.variable(.sample([3, 4]))], rounding: .init(4, upTo: 1)),
    OperatorCase("Tanh", "", [.variable(.sample([3, 4]))], rounding: .init(2, upTo: 1)),
    // The argument's error of 2 roundings moves Φ by at most |x·φ(x)| < 1 times as much.
    OperatorCase("Gelu", "", [.variable(.sample([3, 4]))], rounding: .init(6, upTo: 2)),
    // The argument, at most 1.9, carries 7 roundings; tanh does not enlarge its error.
    OperatorCase("Gelu", "by tanh", [.variable(.sample([3, 4]))], ["approximate": .string("tanh")], rounding: .init(12, upTo: 4)),
    OperatorCase(
      "Clip", "", [.variable(.sample([3, 4])), .constant(Tensor(scalar: -1 as Float)), .constant(Tensor(scalar: 0.75 as Float))]),
    OperatorCase("Clip", "from below", [.variable(.sample([3, 4])), .constant(Tensor(scalar: -1 as Float))]),
    OperatorCase("Clip", "from above", [.variable(.sample([3, 4])), .absent, .constant(Tensor([0.75] as [Float]))]),
    OperatorCase("Neg", "", [.variable(.sample([3, 4]))]),
    OperatorCase("Exp", "", [.variable(.sample([3, 4]))], rounding: .init(2, upTo: 8)),
    OperatorCase("Log", "", [.variable(.positiveSample([3, 4]))], rounding: .init(2, upTo: 1)),
    OperatorCase("Sqrt", "", [.variable(.positiveSample([3, 4]))], rounding: .init(1, upTo: 2)),
    OperatorCase("Cast", "", [.variable(.sample([3, 4]))], ["to": .int(ElementType.float64.onnxDataType)]),
    OperatorCase("pare.ZerosLike", "", [.variable(.sample([3, 4]))]),
    // The factor 1 / (1 − ratio) is rounded too.
    OperatorCase(
      "Dropout", "while training",
      [.variable(.sample([3, 4])), .constant(Tensor(scalar: 0.4 as Float)), .constant(Tensor(scalar: true))],
      ["seed": .int(9)], outputs: 2, rounding: .init(2, upTo: 4)),
    OperatorCase("Dropout", "seeded by its name", [.variable(.sample([3, 4])), .absent, .constant(Tensor(scalar: true))], rounding: .init(2, upTo: 4)),
    OperatorCase("Dropout", "while not training", [.variable(.sample([3, 4])), .constant(Tensor(scalar: 0.4 as Float))]),
  ]

  // For lines of E ≤ 4 elements at most 4 apart: the difference, which exp turns into a relative error of 4u, and exp
  // itself make 6; their sum E − 1 more.
  private static let alongAnAxis: [OperatorCase] = [
    OperatorCase("Softmax", "", [.variable(.sample([3, 4]))], rounding: .init(16, upTo: 1)),
    OperatorCase("Softmax", "along the middle", [.variable(.sample([2, 3, 2]))], ["axis": .int(1)], rounding: .init(16, upTo: 1)),
    // The relative error of the sum, 9, and the logarithm, difference and result, at most 6 in magnitude.
    OperatorCase("LogSoftmax", "", [.variable(.sample([3, 4]))], rounding: .init(8, upTo: 6)),
    OperatorCase("LogSoftmax", "along the first axis", [.variable(.sample([3, 4]))], ["axis": .int(0)], rounding: .init(8, upTo: 6)),
    OperatorCase(
      "SoftmaxCrossEntropyLoss", "mean", [.variable(.sample([4, 3])), .variable(Tensor([0, 2, 1, 2] as [Int64]))],
      outputs: 2, rounding: .init(14, upTo: 6)),
    OperatorCase(
      "SoftmaxCrossEntropyLoss", "sum, weighted, int32",
      [
        .variable(.sample([4, 3])), .variable(Tensor([0, 2, 1, 2] as [Int32])), .constant(.positiveSample([3], seed: 2)),
      ], ["reduction": .string("sum")], rounding: .init(14, upTo: 48)),
    OperatorCase(
      "SoftmaxCrossEntropyLoss", "none, more axes, one ignored",
      [.variable(.sample([2, 3, 2])), .variable(Tensor([0, -1, 1, 2] as [Int64], shape: [2, 2]))],
      ["reduction": .string("none"), "ignore_index": .int(-1)], rounding: .init(10, upTo: 6)),
    OperatorCase(
      "SoftmaxCrossEntropyLoss", "mean, weighted, one ignored",
      [
        .variable(.sample([4, 3])), .variable(Tensor([0, 2, 1, 2] as [Int64])), .constant(.positiveSample([3], seed: 2)),
      ], ["ignore_index": .int(1)], rounding: .init(18, upTo: 12)),
  ]

  // Nothing is rounded.
  private static let shapes: [OperatorCase] = [
    OperatorCase("Identity", "", [.variable(.sample([2, 3]))]),
    OperatorCase("Reshape", "", [.variable(.sample([2, 6])), .constant(.axes(0, -1, 3))]),
    OperatorCase("Flatten", "", [.variable(.sample([2, 3, 2]))], ["axis": .int(-1)]),
    OperatorCase("Squeeze", "of all", [.variable(.sample([1, 3, 1]))]),
    OperatorCase("Squeeze", "of one", [.variable(.sample([1, 3, 1])), .constant(.axes(-1))]),
    OperatorCase("Unsqueeze", "", [.variable(.sample([2, 3])), .constant(.axes(0, -1))]),
    OperatorCase("pare.ReshapeLike", "", [.variable(.sample([2, 6])), .constant(.sample([3, 4]))]),
    OperatorCase("Transpose", "", [.variable(.sample([2, 3, 4]))], ["perm": .ints([1, 2, 0])]),
    OperatorCase("Transpose", "of a matrix", [.variable(.sample([2, 3]))]),
    OperatorCase(
      "Concat", "", [.variable(.sample([2, 1, 3])), .variable(.sample([2, 2, 3], seed: 2)), .variable(.sample([2, 3, 3], seed: 3))],
      ["axis": .int(1)]),
    OperatorCase("Concat", "of one", [.variable(.sample([2, 3]))], ["axis": .int(-1)]),
    OperatorCase("Split", "", [.variable(.sample([2, 6])), .constant(.axes(1, 3, 2))], ["axis": .int(1)], outputs: 3),
    OperatorCase("Split", "in equal parts", [.variable(.sample([5, 2]))], ["num_outputs": .int(3)], outputs: 3),
  ]

  private static let reductionRoundings: [(OperatorName, Tensor, OperatorCase.Rounding)] = {
    // Up to 12 elements: 11 additions, and what is done to each and to the result.
    let signed = Tensor.sample([2, 3, 2])
    return [
      ("ReduceSum", signed, .init(11, upTo: 24)), ("ReduceMean", signed, .init(12, upTo: 2)),
      ("ReduceMax", signed, .exact), ("ReduceMin", signed, .exact),
      ("ReduceProd", signed, .init(12, upTo: 4096)), ("ReduceL1", signed, .init(11, upTo: 24)),
      ("ReduceL2", signed, .init(13, upTo: 7)), ("ReduceSumSquare", signed, .init(12, upTo: 48)),
      // The sum's relative error becomes the logarithm's absolute one; the logarithm is at most 3.2.
      ("ReduceLogSum", .positiveSample([2, 3, 2]), .init(17, upTo: 3.2)),
      ("ReduceLogSumExp", signed, .init(21, upTo: 4.5)),
    ]
  }()

  private static let reductions: [OperatorCase] = reductionRoundings.flatMap { name, x, rounding in
    [
      OperatorCase(name, "over all", [.variable(x)], rounding: rounding),
      OperatorCase(name, "over two, dropped", [.variable(x), .constant(.axes(-1, 0))], ["keepdims": .int(0)], rounding: rounding),
      OperatorCase(name, "over one, kept", [.variable(x), .constant(.axes(1))], rounding: rounding),
      OperatorCase(
        name, "over none", [.variable(x), .constant(Tensor([Int64]()))], ["noop_with_empty_axes": .int(1)],
        rounding: rounding),
    ]
  } + [
    OperatorCase("ReduceProd", "with a zero", [.variable(Tensor([2, 0, -3, 1, 4, 5] as [Float], shape: [2, 3])), .constant(.axes(1))], rounding: .init(3, upTo: 20)),
    OperatorCase("ReduceProd", "with two zeros", [.variable(Tensor([2, 0, 0] as [Float]))], rounding: .init(3, upTo: 1)),
  ]

  // The operators that gradients are made of, on values as the forward ones yield them.
  private static let gradients: [OperatorCase] = {
    let dy = OperatorCase.Operand.variable(.sample([3, 4], seed: 2))
    let x = OperatorCase.Operand.variable(.sample([3, 4]))
    let unit = OperatorCase.Operand.variable(Tensor((0..<12).map { Float($0) / 12 }, shape: [3, 4]))
    let probabilities = OperatorCase.Operand.variable(Tensor((0..<12).map { Float($0 + 1) / 40 }, shape: [3, 4]))
    let bounds = [Float(-1), 0.75].map { OperatorCase.Operand.constant(Tensor(scalar: $0)) }
    let elementwise = [
      OperatorCase("pare.ReluGradient", "", [dy, x]),
      OperatorCase("pare.LeakyReluGradient", "", [dy, x], ["alpha": .float(0.2)], rounding: .init(2, upTo: 1)),
      OperatorCase("pare.SigmoidGradient", "", [dy, unit], rounding: .init(3, upTo: 2)),
      OperatorCase("pare.TanhGradient", "", [dy, unit], rounding: .init(4, upTo: 2)),
      // Φ ≤ 1 as above; x·φ(x) ≤ 0.25, the exponent of at most 2 carrying 2 roundings.
      OperatorCase("pare.GeluGradient", "", [dy, x], rounding: .init(12, upTo: 3)),
      // 1 − tanh² multiplies an argument whose slope is at most 2, times x.
      OperatorCase("pare.GeluGradient", "by tanh", [dy, x], ["approximate": .string("tanh")], rounding: .init(24, upTo: 8)),
      OperatorCase("pare.ClipGradient", "", [dy, x] + bounds),
      OperatorCase("pare.SoftmaxGradient", "", [dy, probabilities], rounding: .init(6, upTo: 4)),
      OperatorCase("pare.LogSoftmaxGradient", "", [dy, x], rounding: .init(7, upTo: 64)),
      OperatorCase(
        "pare.SoftmaxCrossEntropyLossGradient", "",
        [.variable(.sample([], seed: 2)), .variable(.sample([4, 3])), .variable(Tensor([0, 2, 1, 2] as [Int64]))],
        rounding: .init(16, upTo: 2)),
      OperatorCase(
        "pare.QuantizeLinearGradient", "",
        [dy, x, .constant(Tensor(scalar: 0.005 as Float)), .constant(Tensor(scalar: 100 as UInt8))]),
    ]
    let data = Tensor.sample([2, 3, 2])
    let reductions = reductionRoundings.map { name, x, _ in
      // The result is given, so slopes carry few roundings of their own: those of a sum, an exponential or a quotient,
      // on quotients of at most 2 / 0.05.
      OperatorCase(
        OperatorName(name.type + "Gradient", domain: "pare"), "",
        [
          .variable(.sample([2, 2], seed: 2)), .variable(x),
          .variable(name == "ReduceMax" || name == "ReduceMin" ? extremes(data, name) : .positiveSample([2, 2], seed: 3)),
          .constant(.axes(1)),
        ], ["keepdims": .int(0)], rounding: .init(10, upTo: 80))
    }
    return elementwise + reductions
  }()

  private static func extremes(_ data: Tensor, _ name: OperatorName) -> Tensor {
    let values = data.values(as: Float.self)
    return Tensor(
      [0, 1, 6, 7].map { start in
        let group = [0, 2, 4].map { values[start + $0] }
        return (name == "ReduceMax" ? group.max() : group.min()) ?? 0
      }, shape: [2, 2])
  }
}
