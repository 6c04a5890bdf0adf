import PareGraph
import PareInference
import PareTensor
import Testing

private let availableSets = InstructionSet.allCases.filter(\.isAvailable)

/// u = 2⁻²⁴, and γₖ = k u / (1 − k u) (Higham 2002, §3.1).
private func gamma(_ k: Int) -> Double { Double(k) * 0x1p-24 / (1 - Double(k) * 0x1p-24) }

/// Single nodes against Float64, within bounds derived for what the node computes.
@Suite struct StepBoundTests {
  /// |ŷ − y| ≤ γ_{K+1} (Σ |w| |x| + |b|) over the K terms of a sum, whose right side is the same node on magnitudes.
  @Test(arguments: Window.all, availableSets)
  func convolutions(window: Window, set: InstructionSet) throws {
    let terms = window.weights.dimensions[1...].reduce(1, *)
    for relu in [false, true] {
      let (graph, magnitudes) = (try window.graph(relu: relu), try window.graph(relu: false, magnitudes: true))
      let input = random(window.input, seed: 3)
      try expectWithin(graph, set, input, isFast: true) { exact in
        try float64(magnitudes, magnitude(input)).map { gamma(terms + 1) * $0 }
      }
    }
  }

  @Test(arguments: [(1, 1), (1, 7), (2, 16), (5, 17), (8, 31), (13, 48), (50, 64), (9, 3), (9, 1)], availableSets)
  func productsOfRows(shape: (rows: Int, outputs: Int), set: InstructionSet) throws {
    for inputs in [1, 3, 8, 16, 33] {
      func graph(magnitudes: Bool) throws -> Graph {
        try oneInput([1, shape.rows, inputs]) { builder, x in
          let (weight, bias) = (random([inputs, shape.outputs], seed: 1), random([shape.outputs], seed: 2))
          let product = try builder.apply("MatMul", [x, builder.constant(magnitudes ? magnitude(weight) : weight)])
          return try builder.apply("Add", [product, builder.constant(magnitudes ? magnitude(bias) : bias)])
        }
      }
      let input = random([1, shape.rows, inputs], seed: 3)
      try expectWithin(graph(magnitudes: false), set, input, isFast: true) { _ in
        try float64(graph(magnitudes: true), magnitude(input)).map { gamma(inputs + 1) * $0 }
      }
    }
  }

  /// Two halves of one input multiplied with each other, head by head.
  @Test(arguments: [(1, 1, 1), (4, 50, 16), (2, 17, 33), (3, 16, 5)], availableSets)
  func productsOfValues(shape: (heads: Int, rows: Int, depth: Int), set: InstructionSet) throws {
    let graph = try oneInput([1, shape.heads, shape.rows, shape.depth]) { builder, x in
      try builder.apply("MatMul", [x, builder.apply("Transpose", [x], attributes: ["perm": .ints([0, 1, 3, 2])])])
    }
    let input = random([1, shape.heads, shape.rows, shape.depth], seed: 3)
    try expectWithin(graph, set, input, isFast: true) { _ in
      try float64(graph, magnitude(input)).map { gamma(shape.depth) * $0 }
    }
  }

  /// An exponent is rounded once on either side of the quotient (u R each for numbers R apart), exponentials are within 2
  /// units in the last place (4u), the sum adds n u, its reciprocal and the product u each: (2 R + n + 10) u of y, to first order.
  @Test(arguments: [1, 3, 15, 16, 17, 50, 64, 100], availableSets)
  func softmaxOfRows(columns: Int, set: InstructionSet) throws {
    let graph = try oneInput([1, 7, columns]) { builder, x in try builder.apply("Softmax", [x]) }
    let input = random([1, 7, columns], seed: 4)
    let values = input.doubles
    let range = (values.max() ?? 0) - (values.min() ?? 0)
    try expectWithin(graph, set, input, isFast: true) { exact in
      exact.map { 1.01 * (2 * range + Double(columns) + 10) * 0x1p-24 * $0 }
    }
  }

  /// NaN and infinities come out of softmax as out of the reference: a row with NaN or +∞, or of −∞ alone, is NaN; a −∞
  /// among numbers is 0.
  @Test(arguments: [3, 16, 17, 33], availableSets)
  func softmaxOfSpecialNumbers(columns: Int, set: InstructionSet) throws {
    let graph = try oneInput([1, 5, columns]) { builder, x in try builder.apply("Softmax", [x]) }
    var values = random([1, 5, columns], seed: 4).values(as: Float.self)
    values[columns - 1] = .nan
    values[columns] = .infinity
    values[2 * columns + 1] = -.infinity
    for index in 3 * columns..<4 * columns { values[index] = -.infinity }
    let input = Tensor(values, shape: [1, 5, columns])
    let expected = try #require(evaluate(graph, ["x": input], rows: 1)["y"]).values(as: Float.self)
    let found = try #require(ExecutionPlan(graph, kernels: KernelSelection(set)).makeContext().run(["x": input])["y"]).values(as: Float.self)
    #expect(found.map(\.isNaN) == expected.map(\.isNaN))
    #expect(found.map { $0 == 0 } == expected.map { $0 == 0 })
  }

  /// The exponent's and the sum's errors as in softmax, absolute in the logarithm, and two roundings of the result.
  @Test(arguments: [1, 3, 16, 17, 64], availableSets)
  func logarithmicSoftmax(columns: Int, set: InstructionSet) throws {
    let graph = try oneInput([1, 7, columns]) { builder, x in try builder.apply("LogSoftmax", [x]) }
    let input = random([1, 7, columns], seed: 4)
    let values = input.doubles
    let range = (values.max() ?? 0) - (values.min() ?? 0)
    try expectWithin(graph, set, input, isFast: true) { exact in
      exact.map { 1.01 * (2 * range + Double(columns) + 9) * 0x1p-24 + gamma(4) * $0.magnitude }
    }
  }

  /// The factor is rounded once, the centred number, the product and the sum once each.
  @Test(arguments: availableSets)
  func batchNormalizationByItself(set: InstructionSet) throws {
    let (scale, shift, mean) = (random([5], seed: 1), random([5], seed: 2), random([5], seed: 3))
    let variance = magnitude(random([5], seed: 4))
    let graph = try oneInput([1, 5, 33]) { builder, x in
      try builder.apply("BatchNormalization", [x] + [scale, shift, mean, variance].map { try builder.constant($0) })
    }
    let input = random([1, 5, 33], seed: 5)
    let (x, s, b, m, v) = (input.doubles, scale.doubles, shift.doubles, mean.doubles, variance.doubles)
    try expectWithin(graph, set, input, isFast: true) { _ in
      x.indices.map { index in
        let channel = index / 33
        let product = ((x[index] - m[channel]) * s[channel] / (v[channel] + 1e-5).squareRoot()).magnitude
        return gamma(4) * (product + b[channel].magnitude)
      }
    }
  }

  /// A folded layer and its two nodes: u (Σ |f w x| + |shift|) for what folding rounds, γ_{K+1} as every layer.
  @Test(arguments: ["Conv", "Gemm", "MatMul"], availableSets)
  func foldedBatchNormalization(layer: String, set: InstructionSet) throws {
    let channels = 6
    func graph(magnitudes: Bool) throws -> Graph {
      try oneInput(layer == "Conv" ? [1, 4, 20] : [1, 20]) { builder, x in
        func constant(_ tensor: Tensor) throws -> String { try builder.constant(magnitudes ? magnitude(tensor) : tensor) }
        let bias = random([channels], seed: 2)
        let y = switch layer {
        case "Conv": try builder.apply("Conv", [x, constant(random([channels, 4, 3], seed: 1)), constant(bias)])
        case "Gemm":
          try builder.apply(
            "Gemm", [x, constant(random([channels, 20], seed: 1)), constant(bias)], attributes: ["transB": .int(1)])
        default: try builder.apply("MatMul", [x, constant(random([20, channels], seed: 1))])
        }
        // Magnitudes add up where minus the mean is one.
        let mean = magnitudes ? Tensor(random([channels], seed: 5).values(as: Float.self).map { -$0.magnitude }) : random([channels], seed: 5)
        return try builder.apply(
          "BatchNormalization",
          [
            y, constant(random([channels], seed: 3)), constant(random([channels], seed: 4)), builder.constant(mean),
            builder.constant(magnitude(random([channels], seed: 6))),
          ])
      }
    }
    let plan = try ExecutionPlan(graph(magnitudes: false), kernels: KernelSelection(set))
    #expect(plan.steps.filter { $0.kernel != "view" && !$0.nodes.isEmpty }.count == 1, "\(plan)")
    let input = random(layer == "Conv" ? [1, 4, 20] : [1, 20], seed: 7)
    let terms = layer == "Conv" ? 12 : 20
    try expectWithin(graph(magnitudes: false), set, input, isFast: true) { _ in
      try float64(graph(magnitudes: true), magnitude(input)).map { (0x1p-24 + gamma(terms + 1)) * 1.001 * $0 }
    }
  }

  /// γ_{n+4} of (|x| + mean |x|) r for the centred number times r, γ_{n+4} |u| from r, then two roundings.
  @Test(arguments: [1, 5, 16, 17, 64, 100], availableSets)
  func layerNormalization(columns: Int, set: InstructionSet) throws {
    let (scale, bias) = (random([columns], seed: 1), random([columns], seed: 2))
    let graph = try oneInput([1, 6, columns]) { builder, x in
      try builder.apply("LayerNormalization", [x, builder.constant(scale), builder.constant(bias)])
    }
    let input = random([1, 6, columns], seed: 5)
    try expectWithin(graph, set, input, isFast: true) { exact in
      let (x, s, b) = (input.doubles, scale.doubles, bias.doubles)
      return (0..<6 * columns).map { index in
        let row = x[index / columns * columns..<(index / columns + 1) * columns]
        let mean = row.reduce(0, +) / Double(columns)
        let spread = row.reduce(0) { $0 + $1.magnitude } / Double(columns)
        let r = 1 / (row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns) + 1e-5).squareRoot()
        let unit = ((x[index] - mean) * r).magnitude
        let own = gamma(columns + 4) * (x[index].magnitude + spread) * r + gamma(columns + 4) * unit
        return 2 * own * s[index % columns].magnitude + gamma(3) * (unit * s[index % columns].magnitude + b[index % columns].magnitude)
      }
    }
  }

  /// Within 8 units in the last place: the activations' own bounds (`ElementwiseForms` of PareTraining).
  @Test(arguments: ["Relu", "LeakyRelu", "Sigmoid", "Tanh", "Elu", "Softplus", "HardSigmoid", "HardSwish", "Exp", "Abs", "Neg", "Erf", "Gelu", "Mish", "Swish"] as [OperatorName], availableSets)
  func activations(name: OperatorName, set: InstructionSet) throws {
    for count in [1, 15, 16, 17, 100] {
      let graph = try oneInput([1, 3, count]) { builder, x in try builder.apply(name, [x]) }
      try expectWithin(graph, set, random([1, 3, count], seed: 6), isFast: true) { exact in
        exact.map { 16 * 0x1p-24 * $0.magnitude + 8 * Double(Float.leastNonzeroMagnitude) + (name == "HardSigmoid" ? 0x1p-23 : 0) }
      }
    }
  }

  /// |ŷ − y| ≤ γ_{n+1} Σ |x| / n.
  @Test(arguments: [[1], [2], [1, 2], [3]], availableSets)
  func means(axes: [Int], set: InstructionSet) throws {
    let shape: Shape = [1, 5, 17, 33]
    let graph = try oneInput(shape) { builder, x in
      try builder.apply("ReduceMean", [x, builder.constant(Tensor(axes.map { Int64($0) }))])
    }
    let input = random(shape, seed: 7)
    let count = axes.reduce(1) { $0 * shape[$1] }
    try expectWithin(graph, set, input, isFast: true) { _ in
      try float64(graph, magnitude(input)).map { gamma(count + 1) * $0 }
    }
  }

  /// K terms, a rounded share and a product: γ_{K+2} of the mean of magnitudes.
  @Test(arguments: availableSets)
  func averagePools(set: InstructionSet) throws {
    for countsPadding in [0, 1] {
      let graph = try oneInput([1, 3, 9, 20]) { builder, x in
        try builder.apply(
          "AveragePool", [x],
          attributes: [
            "kernel_shape": .ints([3, 2]), "strides": .ints([2, 1]), "pads": .ints([1, 0, 1, 1]),
            "count_include_pad": .int(countsPadding),
          ])
      }
      let input = random([1, 3, 9, 20], seed: 8)
      try expectWithin(graph, set, input, isFast: true) { _ in
        try float64(graph, magnitude(input)).map { gamma(8) * $0 }
      }
    }
  }

  /// Attention's bound over T keys of scores of depth D (`AttentionForms` of PareTraining), each weight's relative error
  /// ε ≤ 2 ((D + 3) u s + u R) + (T + 10) u with s = scale Σ |q k| at most; Y then |Σ w v| by ε + γ_{T+1} on Σ w |v|.
  @Test(arguments: [false, true], availableSets)
  func attention(isCausal: Bool, set: InstructionSet) throws {
    let (heads, rows, size) = (3, 21, 18)
    func graph() throws -> Graph {
      try oneInput([1, heads, rows, size]) { builder, x in
        let keys = try builder.apply("Neg", [x])
        let values = try builder.apply("Abs", [x])
        return try builder.apply("Attention", [x, keys, values], attributes: ["is_causal": .int(isCausal ? 1 : 0)])
      }
    }
    let input = random([1, heads, rows, size], seed: 9)
    let largest = input.doubles.map(\.magnitude).max() ?? 0
    let scores = Double(size).squareRoot() * largest * largest
    let weight = 2 * (Double(size + 3) * scores + 2 * scores) * 0x1p-24 + Double(rows + 10) * 0x1p-24
    // Values are not negative, so Σ w |v| is Y itself.
    try expectWithin(graph(), set, input, isFast: true) { exact in
      exact.map { (2 * weight + gamma(rows + 1)) * $0.magnitude }
    }
  }

  /// Nothing is computed, or each element by one exact or once rounded operation: the same bits as the reference.
  @Test(arguments: availableSets)
  func whatMovesOrComparesElementsEqualsTheReference(set: InstructionSet) throws {
    let shape: Shape = [1, 6, 5, 20]
    typealias Make = (inout GraphBuilder, String) throws -> String
    func integers(_ values: [Int64]) -> Tensor { Tensor(values) }
    let makes: [(String, Make)] = [
      ("transpose", { try $0.apply("Transpose", [$1], attributes: ["perm": .ints([0, 3, 1, 2])]) }),
      ("turned", { try $0.apply("Transpose", [$1], attributes: ["perm": .ints([0, 1, 3, 2])]) }),
      ("slice", { b, x in
        try b.apply("Slice", [x, b.constant(integers([1, 17])), b.constant(integers([5, -21])), b.constant(integers([1, 3])), b.constant(integers([2, -3]))])
      }),
      ("gather", { b, x in try b.apply("Gather", [x, b.constant(integers([4, 0, 2]))], attributes: ["axis": .int(1)]) }),
      ("pad", { b, x in
        try b.apply("Pad", [x, b.constant(integers([0, 1, 0, 2, 0, 0, 1, 3])), b.constant(Tensor(scalar: Float(7)))])
      }),
      ("concat", { b, x in try b.apply("Concat", [x, b.apply("Neg", [x]), b.constant(random([1, 2, 5, 20], seed: 1))], attributes: ["axis": .int(1)]) }),
      ("expand", { b, x in try b.apply("Expand", [b.apply("Unsqueeze", [x, b.constant(integers([2]))]), b.constant(integers([1, 6, 3, 5, 20]))]) }),
      ("maximum", { try $0.apply("MaxPool", [$1], attributes: ["kernel_shape": .ints([2, 3]), "strides": .ints([1, 2]), "pads": .ints([1, 1, 0, 1])]) }),
      ("greatest", { try $0.apply("GlobalMaxPool", [$1]) }),
      ("rows", { b, x in try b.apply("Mul", [x, b.constant(random([5, 1], seed: 2))]) }),
      ("channels", { b, x in try b.apply("Div", [b.constant(random([6, 1, 20], seed: 3)), x]) }),
      ("number", { b, x in try b.apply("Sub", [b.constant(Tensor(scalar: Float(1.5))), x]) }),
      ("choice", { b, x in
        try b.apply("Where", [b.constant(Tensor((0..<100).map { $0 % 3 == 0 }, shape: [5, 20])), x, b.constant(Tensor(scalar: Float(-1)))])
      }),
    ]
    let input = random(shape, seed: 10)
    for (name, make) in makes {
      let graph = try oneInput(shape, make)
      let plan = try ExecutionPlan(graph, kernels: KernelSelection(set))
      #expect(plan.steps.allSatisfy { $0.isFast }, "\(name)")
      let found = try plan.makeContext().run(["x": input])["y"]
      let expected = try evaluate(graph, ["x": input], rows: 1)["y"]
      let areEqual = found == expected
      #expect(areEqual, "\(name) \(set)")
    }
  }

  // MARK: helpers

  private func expectWithin(
    _ graph: Graph, _ set: InstructionSet, _ input: Tensor, isFast: Bool, _ bounds: ([Double]) throws -> [Double]
  ) throws {
    let plan = try ExecutionPlan(graph, kernels: KernelSelection(set))
    #expect(plan.steps.allSatisfy { $0.isFast } == isFast, "\(plan)")
    let exact = try float64(graph, input)
    let context = plan.makeContext()
    _ = try input.values(as: Float.self).withUnsafeBufferPointer { try context.run(features: $0.baseAddress!) }
    let found = try #require(context.output("y", as: Float.self)).map(Double.init)
    let allowed = try bounds(exact)
    let wrong = zip(zip(found, exact), allowed).enumerated().first { ($1.0.0 - $1.0.1).magnitude > $1.1 || $1.0.0.isNaN }
    #expect(wrong == nil, "\(set)")
  }
}

/// A sliding window and what it slides over.
struct Window: Sendable, CustomTestStringConvertible {
  var input: Shape
  var weights: Shape
  var attributes: [String: Attribute] = [:]
  var testDescription: String { "\(input) by \(weights) \(attributes)" }

  static let all: [Window] = [
    Window(input: [1, 1, 1], weights: [1, 1, 1]),
    Window(input: [1, 3, 15], weights: [5, 3, 1]),
    Window(input: [1, 4, 16], weights: [4, 4, 1]),
    Window(input: [1, 4, 64], weights: [8, 4, 3], attributes: ["pads": .ints([2, 0])]),
    Window(input: [1, 5, 17], weights: [3, 5, 3], attributes: ["pads": .ints([1, 1])]),
    Window(input: [1, 20, 33], weights: [33, 20, 5], attributes: ["strides": .ints([2]), "pads": .ints([2, 2])]),
    Window(input: [1, 6, 40], weights: [6, 1, 3], attributes: ["group": .int(6), "dilations": .ints([4])]),
    Window(input: [1, 8, 31], weights: [16, 2, 4], attributes: ["group": .int(4), "strides": .ints([3])]),
    Window(input: [1, 2, 9], weights: [7, 2, 9]),
    Window(input: [1, 1, 12, 40], weights: [8, 1, 1, 2], attributes: ["strides": .ints([1, 2])]),
    Window(input: [1, 8, 10, 9], weights: [9, 8, 4, 3], attributes: ["auto_pad": .string("SAME_UPPER")]),
    Window(input: [1, 3, 7, 11], weights: [4, 3, 3, 2], attributes: ["strides": .ints([2, 3]), "dilations": .ints([1, 2]), "pads": .ints([1, 0, 2, 1])]),
    Window(input: [1, 2, 3, 4, 5], weights: [3, 2, 2, 2, 2], attributes: ["pads": .ints([1, 0, 1, 0, 1, 0])]),
  ]

  func graph(relu: Bool, magnitudes: Bool = false) throws -> Graph {
    try oneInput(input) { builder, x in
      let (weight, bias) = (random(weights, seed: 1), random([weights[0]], seed: 2))
      let y = try builder.apply(
        "Conv", [x, builder.constant(magnitudes ? magnitude(weight) : weight), builder.constant(magnitudes ? magnitude(bias) : bias)],
        attributes: attributes)
      return relu ? try builder.apply("Relu", [y]) : y
    }
  }
}

func random(_ shape: Shape, seed: UInt64) -> Tensor {
  var generator = SeededGenerator(seed: seed)
  return Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) }, shape: shape)
}

func magnitude(_ tensor: Tensor) -> Tensor { Tensor(tensor.values(as: Float.self).map(\.magnitude), shape: tensor.shape) }

/// x → y.
func oneInput(_ shape: Shape, _ make: (inout GraphBuilder, String) throws -> String) throws -> Graph {
  var builder = GraphBuilder(name: "node")
  let x = try builder.input("x", ValueType(.float32, shape.dimensions.map { .fixed($0) }))
  let value = try make(&builder, x)
  try builder.output(builder.apply("Identity", [value], output: "y"))
  return builder.graph
}

func float64(_ graph: Graph, _ input: Tensor) throws -> [Double] {
  try evaluate(graph, ["x": input], rows: 1, precision: .float64)["y"]?.doubles ?? []
}
