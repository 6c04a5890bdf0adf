import PareCompression
import PareGraph
import PareInference
import PareTensor
import PareTraining
import Testing

/// Networks of which a quarter of all channels is dead: nothing changes where they are taken out.
@Suite struct StructuredPruningTests {
  /// A network with rows for it, and what its arrays measure once the dead channels are gone.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let model: @Sendable () throws -> Model
    let inputs: [String: Shape]
    let shapes: [String: Shape]

    var testDescription: String { name }

    func rows(_ count: Int) throws -> TrainingData {
      var generator = SeededGenerator(seed: 9)
      return try TrainingData(
        Dictionary(uniqueKeysWithValues: inputs.sorted { $0.key < $1.key }.map { name, shape in
          (name, NetworkFixture.tensor(Shape([count] + shape.dimensions), scale: 1, &generator))
        }))
    }
  }

  /// Builds graphs with parameters of which the last quarter along some axes is zero.
  struct Builder {
    var builder: GraphBuilder
    var generator = SeededGenerator(seed: 4)

    init(_ name: String) { builder = GraphBuilder(name: name) }

    mutating func weight(_ name: String, _ shape: Shape, dead axis: Int? = nil, blocks: Int = 1, scale: Double = 0.4) throws -> String {
      var values = NetworkFixture.tensor(shape, scale: scale, &generator).values(as: Float.self)
      if let axis {
        let (inner, extent) = (shape.dimensions[(axis + 1)...].reduce(1, *), shape[axis] / blocks)
        for index in values.indices where index / inner % extent >= extent * 3 / 4 { values[index] = 0 }
      }
      return try builder.parameter(name, Tensor(values, shape: shape), isTrainable: true)
    }

    mutating func dense(_ x: String, _ inputs: Int, _ outputs: Int, _ name: String, dead: Bool = true, output: String? = nil) throws -> String {
      let w = try weight("\(name).w", [outputs, inputs], dead: dead ? 0 : nil)
      let b = try weight("\(name).b", [outputs], dead: dead ? 0 : nil)
      return try builder.apply("Gemm", [x, w, b], attributes: ["transB": .int(1)], name: name, output: output)
    }
  }

  static let cases: [Case] = [
    Case(
      name: "dense",
      model: {
        var b = Builder("dense")
        let x = try b.builder.input("x", ValueType(.float32, ["batch", 6]))
        let one = try b.builder.apply("Relu", [b.dense(x, 6, 16, "one")], name: "relu")
        let two = try b.builder.apply("Tanh", [b.dense(one, 16, 8, "two")], name: "tanh")
        try b.builder.output(b.dense(two, 8, 3, "last", dead: false, output: "y"))
        return Model(graph: b.builder.graph)
      }, inputs: ["x": [6]],
      shapes: ["one.w": [12, 6], "one.b": [12], "two.w": [6, 12], "two.b": [6], "last.w": [3, 6], "last.b": [3]]),
    Case(
      name: "convolutions with normalization, a sum, a concatenation and filters by channel",
      model: {
        var b = Builder("convolutions")
        let x = try b.builder.input("x", ValueType(.float32, ["batch", 3, 10]))
        func convolution(_ x: String, _ inputs: Int, _ outputs: Int, _ name: String, group: Int = 1) throws -> String {
          let w = try b.weight("\(name).w", [outputs, inputs / group, 3], dead: 0)
          let bias = try b.weight("\(name).b", [outputs], dead: 0)
          return try b.builder.apply(
            "Conv", [x, w, bias], attributes: ["pads": .ints([1, 1]), "group": .int(group)], name: name)
        }
        var a = try convolution(x, 3, 8, "first")
        // A dead channel stays dead where neither mean nor shift is there for it.
        let scale = try b.builder.parameter("gamma", Tensor((0..<8).map { 0.5 + Float($0) / 8 }), isTrainable: true)
        let (beta, mean) = (try b.weight("beta", [8], dead: 0), try b.weight("mean", [8], dead: 0))
        let variance = try b.builder.parameter("variance", Tensor([Float](repeating: 1.5, count: 8)), isTrainable: false)
        a = try b.builder.apply("BatchNormalization", [a, scale, beta, mean, variance], name: "normalization")
        a = try b.builder.apply("Relu", [a], name: "relu")
        let c = try b.builder.apply("Add", [a, convolution(a, 8, 8, "second")], name: "sum")
        let d = try convolution(c, 8, 8, "by-channel", group: 8)
        let e = try b.builder.apply("Concat", [d, convolution(c, 8, 4, "third")], attributes: ["axis": .int(1)], name: "beside")
        let f = try b.builder.apply("AveragePool", [e], attributes: ["kernel_shape": .ints([2]), "strides": .ints([2])], name: "pool")
        let g = try b.builder.apply("Flatten", [f], name: "flat")
        try b.builder.output(b.dense(g, 60, 2, "last", dead: false, output: "y"))
        return Model(graph: b.builder.graph)
      }, inputs: ["x": [3, 10]],
      shapes: [
        "first.w": [6, 3, 3], "gamma": [6], "second.w": [6, 6, 3], "by-channel.w": [6, 1, 3], "third.w": [3, 6, 3], "last.w": [2, 45],
      ]),
    Case(
      name: "two layers of LSTM in both directions and one",
      model: {
        var b = Builder("recurrent")
        let x = try b.builder.input("x", ValueType(.float32, ["batch", 5, 4]))
        let turned = try b.builder.apply("Transpose", [x], attributes: ["perm": .ints([1, 0, 2])], name: "turned")
        // A first state of zeros for as many rows as there are, as exporters write it.
        let rows = try b.builder.apply(
          "Gather", [b.builder.apply("Shape", [x], name: "extents"), b.builder.constant(Tensor([Int64(0)]))], name: "rows")
        let extents = try b.builder.apply(
          "Concat", [b.builder.constant(Tensor([Int64(1)])), rows, b.builder.constant(Tensor([Int64(4)]))],
          attributes: ["axis": .int(0)], name: "state extents")
        let zeros = try b.builder.apply(
          "Expand", [b.builder.constant(Tensor([Float](repeating: 0, count: 4), shape: [1, 1, 4])), extents], name: "zeros")
        func lstm(_ x: String, _ inputs: Int, _ units: Int, _ name: String, directions: Int, state: String? = nil) throws -> String {
          let w = try b.weight("\(name).w", [directions, 4 * units, inputs], dead: 1, blocks: 4)
          let r = try b.weight("\(name).r", [directions, 4 * units, units], dead: 1, blocks: 4)
          let bias = try b.weight("\(name).b", [directions, 8 * units], dead: 1, blocks: 8)
          var attributes: [String: Attribute] = ["hidden_size": .int(units)]
          if directions == 2 { attributes["direction"] = .string("bidirectional") }
          try b.builder.append(Node("LSTM", name: name, inputs: [x, w, r, bias] + (state.map { ["", $0] } ?? []), outputs: ["\(name).all", "\(name).state"], attributes: attributes))
          return "\(name).all"
        }
        let one = try lstm(turned, 4, 8, "one", directions: 2)
        let beside = try b.builder.apply("Transpose", [one], attributes: ["perm": .ints([0, 2, 1, 3])], name: "beside")
        let shape = try b.builder.constant(Tensor([Int64(5), -1, 16]))
        let both = try b.builder.apply("Reshape", [beside, shape], name: "both")
        _ = try lstm(both, 16, 4, "two", directions: 1, state: zeros)
        let last = try b.builder.apply("Squeeze", ["two.state", b.builder.constant(Tensor([Int64(0)]))], name: "last")
        try b.builder.output(b.dense(last, 4, 3, "dense", dead: false, output: "y"))
        return Model(graph: b.builder.graph)
      }, inputs: ["x": [5, 4]],
      shapes: [
        "one.w": [2, 24, 4], "one.r": [2, 24, 6], "one.b": [2, 48], "two.w": [1, 12, 12], "two.r": [1, 12, 3], "two.b": [1, 24],
        "dense.w": [3, 3],
      ]),
    Case(
      name: "heads of attention",
      model: {
        var b = Builder("heads")
        let x = try b.builder.input("x", ValueType(.float32, ["batch", 6, 8]))
        func projection(_ name: String) throws -> String {
          // Four heads of three: the last one is dead.
          let p = try b.builder.apply("MatMul", [x, b.weight("\(name).w", [8, 12], dead: 1)], name: name)
          let shape = try b.builder.constant(Tensor([Int64(0), 6, 4, 3]))
          let heads = try b.builder.apply("Reshape", [p, shape], name: "\(name).heads")
          return try b.builder.apply(
            "Transpose", [heads], attributes: ["perm": .ints(name == "key" ? [0, 2, 3, 1] : [0, 2, 1, 3])], name: "\(name).turned")
        }
        let scores = try b.builder.apply("MatMul", [projection("query"), projection("key")], name: "scores")
        let shares = try b.builder.apply("Softmax", [scores], attributes: ["axis": .int(-1)], name: "shares")
        let mixed = try b.builder.apply("MatMul", [shares, projection("value")], name: "mixed")
        let back = try b.builder.apply("Transpose", [mixed], attributes: ["perm": .ints([0, 2, 1, 3])], name: "back")
        let shape = try b.builder.constant(Tensor([Int64(-1), 6, 12]))
        let joined = try b.builder.apply("Reshape", [back, shape], name: "joined")
        let out = try b.builder.apply("MatMul", [joined, b.weight("out.w", [12, 8])], name: "out")
        let sum = try b.builder.apply("Add", [x, out], name: "sum")
        let flat = try b.builder.apply("Flatten", [sum], name: "flat")
        try b.builder.output(b.dense(flat, 48, 2, "last", dead: false, output: "y"))
        return Model(graph: b.builder.graph)
      }, inputs: ["x": [6, 8]], shapes: ["query.w": [8, 9], "key.w": [8, 9], "value.w": [8, 9], "out.w": [9, 8]]),
  ]

  @Test(arguments: cases + StructuredOperatorCases.all) func takingDeadChannelsOutChangesNothing(_ example: Case) throws {
    let model = try example.model()
    let rows = try example.rows(8)
    let pruned = try StructuredPruning(.ratio(0.25), criterion: .l2, scope: .perLayer)
      .apply(to: model, in: CompressionContext(training: rows))
    for (name, shape) in example.shapes { #expect(pruned.graph.parameters[name]?.storage.shape == shape, "\(name)") }
    let (before, after) = (try NetworkFixture.output(model.graph, rows), try NetworkFixture.output(pruned.graph, rows))
    #expect(before.count == after.count)
    for (a, b) in zip(before, after) { #expect((a - b).magnitude < 1e-5) }
    // The deployed plan takes the smaller arrays as well.
    #expect(try ExecutionPlan(pruned).residentByteCount < ExecutionPlan(model).residentByteCount)
  }

  @Test(arguments: cases + StructuredOperatorCases.all) func multiplyAddsFallAsAskedFor(_ example: Case) throws {
    let model = try example.model()
    let result = try StructuredPruning(.multiplyAdds(0.5)).compress(model, in: CompressionContext(training: example.rows(4)))
    func count(_ graph: Graph) throws -> Int {
      let types = try graph.inferredTypes().mapValues { TensorType($0.elementType, Shape($0.dimensions.map { $0.fixedValue ?? 1 })) }
      return graph.nodes.reduce(0) { $0 + ($1.multiplyAdds(types) ?? 0) }
    }
    #expect(try 2 * count(result.model.graph) <= count(model.graph))
    #expect(result.model.graph.outputs == model.graph.outputs)
  }

  @Test(arguments: [ChannelCriterion.l1, .l2, .activationMean, .activationVariance, .nonZero, .taylor])
  func everyCriterionFindsDeadChannelsFirst(_ criterion: ChannelCriterion) throws {
    let example = Self.cases[0]
    let model = try example.model()
    var rows = try example.rows(64)
    let outputs = try NetworkFixture.output(model.graph, rows)
    // The model's own classes, but for every fifth row, so that there is something to learn.
    let labels = (0..<64).map { row -> Int64 in
      let scores = Array(outputs[3 * row..<3 * row + 3])
      let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
      return Int64(row % 5 == 0 ? (best + 1) % 3 : best)
    }
    rows = try rows.with("labels", Tensor(labels))
    let pruned = try StructuredPruning(.ratio(0.25), criterion: criterion, scope: .perLayer).apply(to: model, in: CompressionContext(training: rows))
    for (a, b) in zip(outputs, try NetworkFixture.output(pruned.graph, rows)) { #expect((a - b).magnitude < 1e-5) }
  }

  @Test func theScaleOfANormalizationCanDecide() throws {
    let example = Self.cases[1]
    let pruned = try StructuredPruning(.ratio(0.25), criterion: .normalizationScale, layers: .named(["first", "second", "by-channel"]))
      .apply(to: example.model(), in: CompressionContext(training: example.rows(4)))
    // γ grows with the channel, so the first two go.
    #expect(pruned.graph.parameters["gamma"]?.storage.decoded().doubles == (2..<8).map { 0.5 + Double($0) / 8 })
  }

  @Test func biasesTakeInTheMeanOfWhatIsTakenOut() throws {
    // Four of eight neurons hold constants: biases alone make them.
    var b = Builder("constants")
    let x = try b.builder.input("x", ValueType(.float32, ["batch", 6]))
    let w = try b.weight("w", [8, 6])
    let values = try #require(b.builder.graph.parameters["w"]).storage.decoded().values(as: Float.self)
    let constant = try b.builder.parameter("constant.w", Tensor(values.enumerated().map { $0 / 6 < 4 ? 0 : $1 }, shape: [8, 6]), isTrainable: true)
    _ = w
    let bias = try b.builder.parameter("b", Tensor((0..<8).map { 1 + Float($0) / 4 }), isTrainable: true)
    let one = try b.builder.apply("Gemm", [x, constant, bias], attributes: ["transB": .int(1)], name: "one")
    let relu = try b.builder.apply("Relu", [one], name: "relu")
    try b.builder.output(b.dense(relu, 8, 3, "last", dead: false, output: "y"))
    let model = Model(graph: b.builder.graph.pruned())
    let rows = try Self.cases[0].rows(32)
    let pruned = try StructuredPruning(.ratio(0.5), criterion: .activationVariance, compensates: true)
      .apply(to: model, in: CompressionContext(training: rows))
    #expect(pruned.graph.parameters["b"]?.storage.shape == [4])
    for (a, b) in zip(try NetworkFixture.output(model.graph, rows), try NetworkFixture.output(pruned.graph, rows)) {
      #expect((a - b).magnitude < 1e-5)
    }
  }

  @Test func aMultipleIsKept() throws {
    let example = Self.cases[0]
    let pruned = try StructuredPruning(.ratio(0.4), scope: .perLayer, multiple: 4)
      .apply(to: example.model(), in: CompressionContext(training: example.rows(4)))
    #expect(pruned.graph.parameters["one.b"]?.storage.shape == [12])
    #expect(pruned.graph.parameters["two.b"]?.storage.shape == [8])
  }

  @Test func roundsEndAtTheSameSizeAsOne() throws {
    var context = try Fixture.context()
    context.teacher = try Fixture.model()
    let tuning = FineTuning(TrainingSchedule(epochs: 1, batchSize: 64), hardWeight: 0.3, temperature: 2)
    let once = try StructuredPruning(.ratio(0.5), fineTuning: tuning).apply(to: Fixture.model(), in: context)
    let thrice = try StructuredPruning(.ratio(0.5), rounds: 3, fineTuning: tuning).apply(to: Fixture.model(), in: context)
    func channels(_ model: Model) -> Int {
      ["dense_0.bias", "dense_1.bias"].reduce(0) { $0 + (model.graph.parameters[$1]?.storage.shape[0] ?? 0) }
    }
    #expect(channels(once) == 11)
    #expect(channels(thrice) == 11)
  }

  @Test func bytesAndLatencyAreKept() throws {
    let model = try Fixture.model(hidden: [96, 80])
    let context = try Fixture.context()
    let half = model.graph.storedByteCount / 2
    #expect(try StructuredPruning(.bytes(half)).apply(to: model, in: context).graph.storedByteCount <= half)
    guard let estimate = try ExecutionPlan(model).estimate else { return }
    let faster = try StructuredPruning(.latency(nanoseconds: 0.6 * estimate)).apply(to: model, in: context)
    #expect(try #require(ExecutionPlan(faster).estimate) <= 0.6 * estimate)
  }

  @Test func eachPartOfASplitKeepsAChannel() throws {
    var b = Builder("parts")
    let x = try b.builder.input("x", ValueType(.float32, ["batch", 6]))
    let sizes = try b.builder.constant(Tensor([Int64(2), 6]))
    try b.builder.append(
      Node("Split", name: "split", inputs: [b.dense(x, 6, 8, "one"), sizes], outputs: ["few", "many"], attributes: ["axis": .int(1)]))
    let sum = try b.builder.apply("Add", [b.dense("few", 2, 3, "two", dead: false), b.dense("many", 6, 3, "three", dead: false)], name: "sum", output: "y")
    try b.builder.output(sum)
    let pruned = try StructuredPruning(.ratio(0.99)).apply(to: Model(graph: b.builder.graph), in: CompressionContext())
    for (name, shape) in [("one.w", [2, 6] as Shape), ("two.w", [3, 1]), ("three.w", [3, 1])] {
      #expect(pruned.graph.parameters[name]?.storage.shape == shape, "\(name)")
    }
  }

  // MARK: what cannot be done

  @Test func oneChannelStaysWhateverIsAskedFor() throws {
    let result = try StructuredPruning(.ratio(0.999)).compress(Fixture.model(), in: Fixture.context())
    #expect(result.model.graph.parameters["dense_0.weight"]?.storage.shape == [1, 6])
    #expect(result.model.graph.parameters["dense_1.weight"]?.storage.shape == [1, 1])
  }

  @Test func equalWeightsGoInTheOrderOfTheirPlaces() throws {
    var model = try Fixture.model()
    model.graph.parameters["dense_0.weight"]?.storage = ParameterStorage(Tensor([Float](repeating: 0.5, count: 72), shape: [12, 6]))
    let bias = Tensor((0..<12).map { Float($0) })
    model.graph.parameters["dense_0.bias"]?.storage = ParameterStorage(bias)
    let pruned = try StructuredPruning(.ratio(0.5), scope: .perLayer, layers: .named(["dense_0"])).apply(to: model, in: Fixture.context())
    #expect(pruned.graph.parameters["dense_0.bias"]?.storage.decoded().doubles == [6, 7, 8, 9, 10, 11])
  }

  @Test func whatCannotBeMetSaysByHowMuch() throws {
    let error = #expect(throws: CompressionError.self) {
      try StructuredPruning(.bytes(10)).apply(to: Fixture.model(), in: Fixture.context())
    }
    #expect(error?.code == "compression.budget")
    #expect(error?.expected == "at most 10 bytes of parameters")
  }

  @Test func aLayerThatCannotLoseChannelsSaysWhy() throws {
    let error = #expect(throws: CompressionError.self) {
      try StructuredPruning(.ratio(0.5), layers: .named(["dense_2"])).apply(to: Fixture.model(), in: Fixture.context())
    }
    #expect(error?.found?.contains("dense_2: ") == true)
    let result = try StructuredPruning(.ratio(0.5)).compress(Fixture.model(), in: Fixture.context())
    #expect(result.layers.map(\.layer) == ["dense_0", "dense_1", "dense_2"])
    #expect(result.layers[2].outcome.hasPrefix("all channels stay: "))
  }

  @Test func weightsThatAreNoNumbersAndRowsWithoutLabelsAreErrors() throws {
    var model = try Fixture.model()
    model.graph.parameters["dense_1.weight"]?.storage = ParameterStorage(Tensor([Float](repeating: .nan, count: 120), shape: [10, 12]))
    #expect(throws: CompressionError.self) { try StructuredPruning(.ratio(0.5)).apply(to: model, in: Fixture.context()) }
    let rows = try TrainingData(["features": Fixture.rows()["features"] ?? Tensor([Float(0)])])
    let error = #expect(throws: CompressionError.self) {
      try StructuredPruning(.ratio(0.5), criterion: .taylor).apply(to: Fixture.model(), in: CompressionContext(training: rows))
    }
    #expect(error?.code == "compression.missing-data")
  }
}
