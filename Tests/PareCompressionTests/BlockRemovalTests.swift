import PareCompression
import PareGraph
import PareInference
import PareTensor
import PareTraining
import Testing

@Suite struct BlockRemovalTests {
  /// A network with rows for it, the blocks that it falls into, and one of them that does nothing.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let model: @Sendable () throws -> Model
    let input: Shape
    let blocks: [String]
    /// Layers of a block whose output is its input, and what is left of the multiply-adds without it.
    let idle: [String]
    let multiplyAdds: (before: Int, after: Int)

    var testDescription: String { name }

    func context(_ count: Int = 32) throws -> CompressionContext {
      var generator = SeededGenerator(seed: 31)
      let x = NetworkFixture.tensor(Shape([count] + input.dimensions), scale: 1, &generator)
      return CompressionContext(training: try TrainingData(["x": x, "labels": Tensor((0..<count).map { Int64($0 % 3) })]), seed: 1)
    }
  }

  typealias Builder = StructuredPruningTests.Builder

  /// 8 → 8 → 8 → 8 → 3, the third layer an identity on what a Relu leaves.
  static let dense = Case(
    name: "dense layers of one width",
    model: {
      var b = Builder("dense")
      var h = try b.builder.input("x", ValueType(.float32, ["batch", 6]))
      h = try b.builder.apply("Relu", [b.dense(h, 6, 8, "first", dead: false)], name: "relu_0")
      h = try b.builder.apply("Relu", [b.dense(h, 8, 8, "second", dead: false)], name: "relu_1")
      let w = try b.builder.parameter("third.w", Tensor((0..<64).map { Float($0 % 9 == 0 ? 1 : 0) }, shape: [8, 8]), isTrainable: true)
      h = try b.builder.apply("Gemm", [h, w], attributes: ["transB": .int(1)], name: "third")
      h = try b.builder.apply("Relu", [h], name: "relu_2")
      try b.builder.output(b.dense(h, 8, 3, "last", dead: false, output: "y"))
      return Model(graph: b.builder.graph)
    }, input: [6], blocks: ["second", "third"], idle: ["third"],
    multiplyAdds: (before: 48 + 64 + 64 + 24, after: 48 + 64 + 24))

  /// Convolutions of 4 channels over 8 steps: a residual pair and a pair whose last filters are zeros, each with a Relu behind the sum.
  static let convolutional = Case(
    name: "residual convolutions",
    model: {
      var b = Builder("convolutional")
      var h = try b.builder.input("x", ValueType(.float32, ["batch", 2, 8]))
      func convolution(_ x: String, _ inputs: Int, _ name: String, scale: Double = 0.4) throws -> String {
        try b.builder.apply(
          "Conv", [x, b.weight("\(name).w", [4, inputs, 3], scale: scale), b.weight("\(name).b", [4], scale: scale)],
          attributes: ["pads": .ints([1, 1])], name: name)
      }
      h = try b.builder.apply("Relu", [convolution(h, 2, "stem")], name: "relu")
      for (index, scale) in [0.4, 0].enumerated() {
        let inner = try b.builder.apply("Relu", [convolution(h, 4, "one_\(index)")], name: "inner_\(index)")
        let branch = try convolution(inner, 4, "two_\(index)", scale: scale)
        h = try b.builder.apply("Relu", [b.builder.apply("Add", [h, branch], name: "sum_\(index)")], name: "outer_\(index)")
      }
      try b.builder.output(b.dense(b.builder.apply("Flatten", [h], name: "flat"), 32, 3, "last", dead: false, output: "y"))
      return Model(graph: b.builder.graph)
    }, input: [2, 8], blocks: ["one_0, two_0", "one_1, two_1"], idle: ["one_1", "two_1"],
    multiplyAdds: (before: 8 * (24 + 4 * 48) + 96, after: 8 * (24 + 2 * 48) + 96))

  /// Two blocks of a Transformer over 5 steps of 8 channels, two heads, normalized before each half, under a mask that is made
  /// of the input. The second attention's projection is zero.
  static let attentive = Case(
    name: "halves of Transformer blocks",
    model: {
      var b = Builder("attentive")
      var h = try b.builder.input("x", ValueType(.float32, ["batch", 5, 8]))
      func norm(_ x: String, _ name: String) throws -> String {
        try b.builder.apply("LayerNormalization", [x, b.weight("\(name).scale", [8]), b.weight("\(name).shift", [8])], name: name)
      }
      func product(_ x: String, _ inputs: Int, _ outputs: Int, _ name: String, scale: Double = 0.4) throws -> String {
        try b.builder.apply("MatMul", [x, b.weight("\(name).w", [inputs, outputs], scale: scale)], name: name)
      }
      let most = try b.builder.apply(
        "ReduceMax", [h, b.builder.constant(Tensor([Int64(2)]))], attributes: ["keepdims": .int(0)], name: "most")
      let seen = try b.builder.apply("Greater", [most, b.builder.constant(Tensor(scalar: Float(0.5)))], name: "seen")
      let mask = try b.builder.apply("Unsqueeze", [seen, b.builder.constant(Tensor([Int64(1), 2]))], name: "mask")
      for (index, scale) in [0.4, 0].enumerated() {
        let n = try norm(h, "norm_\(index)")
        let parts = try ["q", "k", "v"].map { try product(n, 8, 8, "\($0)_\(index)") }
        let mixed = try b.builder.apply(
          "Attention", parts + [mask], attributes: ["q_num_heads": .int(2), "kv_num_heads": .int(2)], name: "attention_\(index)")
        h = try b.builder.apply("Add", [h, product(mixed, 8, 8, "o_\(index)", scale: scale)], name: "attended_\(index)")
        let wide = try product(norm(h, "inner norm_\(index)"), 8, 16, "up_\(index)")
        let narrow = try product(b.builder.apply("Gelu", [wide], name: "gelu_\(index)"), 16, 8, "down_\(index)")
        h = try b.builder.apply("Add", [h, narrow], name: "fed_\(index)")
      }
      let flat = try b.builder.apply("Flatten", [norm(h, "last norm")], name: "flat")
      try b.builder.output(b.dense(flat, 40, 3, "last", dead: false, output: "y"))
      return Model(graph: b.builder.graph)
    }, input: [5, 8], blocks: ["q_0 … o_0", "up_0, down_0", "q_1 … o_1", "up_1, down_1"], idle: ["q_1", "k_1", "v_1", "o_1"],
    multiplyAdds: (before: 2 * (5 * (4 * 64 + 2 * 128) + 2 * 5 * 8 * 5) + 120, after: 5 * (4 * 64 + 4 * 128) + 2 * 5 * 8 * 5 + 120))

  /// LSTMs over as many numbers as they have units, with sums around them, the second of zeros.
  static let recurrent = Case(
    name: "recurrent layers",
    model: {
      var b = Builder("recurrent")
      let x = try b.builder.input("x", ValueType(.float32, ["batch", 4, 3]))
      var h = try b.builder.apply("Transpose", [x], attributes: ["perm": .ints([1, 0, 2])], name: "turned")
      let axis = try b.builder.constant(Tensor([Int64(1)]))
      func lstm(_ x: String, _ inputs: Int, _ name: String, scale: Double = 0.4) throws -> String {
        let (w, r) = (try b.weight("\(name).w", [1, 24, inputs], scale: scale), try b.weight("\(name).r", [1, 24, 6], scale: scale))
        try b.builder.append(Node("LSTM", name: name, inputs: [x, w, r], outputs: ["\(name).all"], attributes: ["hidden_size": .int(6)]))
        return try b.builder.apply("Squeeze", ["\(name).all", axis], name: "\(name).steps")
      }
      h = try lstm(h, 3, "first")
      h = try lstm(h, 6, "second")
      h = try b.builder.apply("Add", [h, lstm(h, 6, "third", scale: 0)], name: "sum")
      let mean = try b.builder.apply(
        "ReduceMean", [h, b.builder.constant(Tensor([Int64(0)]))], attributes: ["keepdims": .int(0)], name: "mean")
      try b.builder.output(b.dense(mean, 6, 3, "last", dead: false, output: "y"))
      return Model(graph: b.builder.graph)
    }, input: [4, 3], blocks: ["second", "third"], idle: ["third"],
    multiplyAdds: (before: 4 * (24 * 9 + 2 * 24 * 12) + 18, after: 4 * (24 * 9 + 24 * 12) + 18))

  static let cases = [dense, convolutional, attentive, recurrent]

  @Test(arguments: cases) func blocksAreFoundOnTheGraph(_ example: Case) throws {
    let result = try BlockRemoval(.blocks(0)).compress(example.model(), in: example.context())
    #expect(result.layers.map(\.layer) == example.blocks)
    #expect(result.layers.allSatisfy { $0.outcome == "stays" })
  }

  @Test(arguments: cases) func takingOutABlockThatDoesNothingChangesNothing(_ example: Case) throws {
    let (model, context) = (try example.model(), try example.context())
    let rows = try #require(context.training)
    let pruned = try BlockRemoval(.blocks(1), layers: .named(example.idle)).apply(to: model, in: context)
    // What depth the others have stays, bit for bit.
    let names = Set(pruned.graph.nodes.map(\.name))
    #expect(example.idle.allSatisfy { !names.contains($0) })
    for (name, parameter) in pruned.graph.parameters { #expect(model.graph.parameters[name] == parameter) }
    #expect(try model.graph.multiplyAdds() == example.multiplyAdds.before)
    #expect(try pruned.graph.multiplyAdds() == example.multiplyAdds.after)
    #expect(pruned.graph.outputs == model.graph.outputs)
    let (before, after) = (try NetworkFixture.output(model.graph, rows), try NetworkFixture.output(pruned.graph, rows))
    for (a, b) in zip(before, after) { #expect((a - b).magnitude <= 1e-6) }
    #expect(try ExecutionPlan(pruned).residentByteCount < ExecutionPlan(model).residentByteCount)
  }

  @Test(arguments: cases, [BlockCriterion.similarity, .distance])
  func theBlockThatDoesNothingGoesFirst(_ example: Case, _ criterion: BlockCriterion) throws {
    let result = try BlockRemoval(.blocks(1), criterion: criterion).compress(example.model(), in: example.context())
    let names = Set(result.model.graph.nodes.map(\.name))
    #expect(example.idle.allSatisfy { !names.contains($0) })
    let gone = result.layers.filter { $0.outcome == "goes in round 1" }
    #expect(gone.contains { (0..<1e-6).contains($0.figures["importance"] ?? 1) })
  }

  @Test func importancesAreThoseOfAPlainCount() throws {
    let (model, context) = (try Self.dense.model(), try Self.dense.context(100))
    let rows = try #require(context.training)
    let x = try NetworkFixture.output(model.graph, rows, of: "relu_0")
    let y = try NetworkFixture.output(model.graph, rows, of: "relu_1")
    var turn = 0.0
    for row in 0..<100 {
      let (a, b) = (x[8 * row..<8 * row + 8], y[8 * row..<8 * row + 8])
      let norms = a.reduce(0) { $0 + $1 * $1 }.squareRoot() * b.reduce(0) { $0 + $1 * $1 }.squareRoot()
      turn += (1 - zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } / norms) / 100
    }
    let distance = zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / (x + y).reduce(0) { $0 + $1 * $1 }
    for (criterion, expected) in [(BlockCriterion.similarity, turn), (.distance, distance)] {
      let result = try BlockRemoval(.blocks(1), criterion: criterion).compress(model, in: context)
      let found = try #require(result.layers.first { $0.layer == "second" }?.figures["importance"])
      #expect((found - expected).magnitude < 1e-9)
    }
  }

  @Test(arguments: [dense, attentive]) func byLossTheBlockGoesWithoutWhichItIsLeast(_ example: Case) throws {
    let (model, context) = (try example.model(), try example.context(60))
    let rows = try #require(context.training)
    func loss(_ graph: Graph) throws -> Double { try Trainer().loss(of: graph, by: CrossEntropy(logits: "y"), on: rows) }
    let chosen = try BlockRemoval(.blocks(1), criterion: .loss).compress(model, in: context)
    var losses: [Double] = []
    let layers = Set(model.graph.weightTensors.map(\.name))
    for block in example.blocks {
      // The layers of one block, by their names.
      let ends = block.components(separatedBy: " … ")
      let first = try #require(model.graph.nodes.firstIndex { $0.name == ends[0].components(separatedBy: ", ")[0] })
      let last = try #require(model.graph.nodes.firstIndex { $0.name == ends.last?.components(separatedBy: ", ").last })
      let names = model.graph.nodes[first...last].map(\.name).filter(layers.contains)
      losses.append(try loss(BlockRemoval(.blocks(1), layers: .named(names)).apply(to: model, in: context).graph))
    }
    let figures = chosen.layers.map { $0.figures["importance"] ?? .nan }
    for (a, b) in zip(figures, losses) { #expect((a - b).magnitude < 1e-9) }
    #expect(try loss(chosen.model.graph) == losses.min())
  }

  @Test func importancesAreTakenAnewOnceABlockIsGone() throws {
    // Relu(x), then Relu(−x), which is 0 behind it and half of x without, then Relu(x) of zeros, which does nothing.
    var b = Builder("halves")
    var h = try b.builder.input("x", ValueType(.float32, ["batch", 4]))
    for (name, factor) in [("a", Float(1)), ("b", -1), ("c", 1)] {
      let w = try b.builder.parameter("\(name).w", Tensor((0..<16).map { $0 % 5 == 0 ? factor : 0 }, shape: [4, 4]), isTrainable: true)
      h = try b.builder.apply("Relu", [b.builder.apply("MatMul", [h, w], name: name)], name: "\(name) above 0")
    }
    try b.builder.output(b.dense(h, 4, 3, "last", dead: false, output: "y"))
    var generator = SeededGenerator(seed: 2)
    let rows = try TrainingData(["x": NetworkFixture.tensor([400, 4], scale: 1, &generator)])
    func result(_ target: BlockTarget) throws -> CompressionResult {
      try BlockRemoval(target, criterion: .distance).compress(Model(graph: b.builder.graph), in: CompressionContext(training: rows))
    }
    let one = try result(.blocks(1)).layers
    #expect(one.map(\.outcome) == ["stays", "stays", "goes in round 1"])
    #expect(one.map { $0.figures["importance"] ?? .nan }[1...] == [1, 0])
    let all = try result(.ratio(1))
    #expect(all.layers.map { $0.figures["importance"] ?? .nan }[0] == one[0].figures["importance"])
    // Of a half of x: (x − 0)² / x² where x is above 0, (2x)² / 2x² where it is below.
    #expect((1.5..<1.8).contains(all.layers[1].figures["importance"] ?? .nan))
    #expect(all.model.graph.nodes.map(\.name) == ["last"])
    #expect(all.model.graph.nodes[0].inputs[0] == "x")
  }

  @Test func roundsAndCostsEndWithinTheTarget() throws {
    let model = try Fixture.model(hidden: [12, 12, 12, 12, 12])
    let context = try Fixture.context()
    let tuning = FineTuning(TrainingSchedule(epochs: 1, batchSize: 64), hardWeight: 0.3, temperature: 2)
    let half = try BlockRemoval(.ratio(0.5), rounds: 2, fineTuning: tuning).compress(model, in: context)
    #expect(half.layers.count { $0.outcome.hasPrefix("goes in round") } == 2)
    #expect(Set(half.layers.compactMap { $0.figures["round"] }) == [1, 2])
    #expect(half.model.graph.weightTensors.count == 4)
    let adds = try model.graph.multiplyAdds()
    for rounds in [1, 3] {
      let fewer = try BlockRemoval(.multiplyAdds(0.6), rounds: rounds).apply(to: model, in: context).graph
      // 72 + 4 · 144 + 36 of 684: two blocks go for 0.6.
      #expect(try fewer.multiplyAdds() == adds - 2 * 144)
    }
    let bytes = try BlockRemoval(.bytes(model.graph.storedByteCount - 1), criterion: .loss).apply(to: model, in: context).graph
    #expect(bytes.storedByteCount == model.graph.storedByteCount - 4 * (144 + 12))
    guard let estimate = try ExecutionPlan(model).estimate else { return }
    let faster = try BlockRemoval(.latency(nanoseconds: 0.99 * estimate)).apply(to: model, in: context)
    #expect(try #require(ExecutionPlan(faster).estimate) <= 0.99 * estimate)
  }

  @Test func anOutputOfTheModelKeepsItsName() throws {
    // The block makes an output, and the hidden layer behind it the scores.
    var b = Builder("outputs")
    let x = try b.builder.input("x", ValueType(.float32, ["batch", 6]))
    let h = try b.dense(x, 6, 4, "one", dead: false)
    let hidden = try b.dense(h, 4, 4, "two", dead: false, output: "hidden")
    try b.builder.output(hidden)
    try b.builder.output(b.dense(hidden, 4, 3, "last", dead: false, output: "logits"))
    let model = Model(graph: b.builder.graph)
    var generator = SeededGenerator(seed: 2)
    let rows = try TrainingData(["x": NetworkFixture.tensor([10, 6], scale: 1, &generator)])
    let pruned = try BlockRemoval(.blocks(1)).apply(to: model, in: CompressionContext(training: rows))
    #expect(pruned.graph.outputs == model.graph.outputs)
    #expect(try NetworkFixture.output(pruned.graph, rows, of: "hidden") == NetworkFixture.output(model.graph, rows, of: "one"))
  }

  // MARK: what cannot be done

  private func error(_ technique: BlockRemoval, _ model: Model? = nil, _ context: CompressionContext? = nil) throws -> CompressionError {
    try #require(throws: CompressionError.self) {
      try technique.apply(to: model ?? Fixture.model(hidden: [12, 12]), in: context ?? Fixture.context())
    }
  }

  @Test func whatCannotGoIsSaid() throws {
    #expect(
      try error(BlockRemoval(.blocks(1)), Fixture.model()).description
        == "model 'mlp': expected at least one block of selected layers whose output has the type of its input, found none")
    #expect(
      try error(BlockRemoval(.blocks(1), layers: .named(["dense_0"]))).description
        == "model 'mlp': expected at least one block of selected layers whose output has the type of its input, found none among dense_1")
    #expect(
      try error(BlockRemoval(.blocks(2))).description == "block-removal: expected at most the 1 blocks that there are to go, found 2")
    #expect(
      try error(BlockRemoval(.multiplyAdds(0.1))).description
        == "block-removal: expected at most 25 multiply-adds, found 108 multiply-adds with the fewest blocks")
    #expect(try error(BlockRemoval(.ratio(1.1))).description == "target.ratio: expected a fraction in 0 ... 1, found 1.1")
    #expect(try error(BlockRemoval(.blocks(-1))).description == "target.blocks: expected a number of at least 0, found -1")
    #expect(try error(BlockRemoval(.blocks(1)), nil, CompressionContext()).code == "compression.missing-data")
    let rows = try TrainingData(["features": #require(Fixture.rows()["features"])])
    #expect(
      try error(BlockRemoval(.blocks(1), criterion: .loss), nil, CompressionContext(training: rows)).description
        == "block-removal: expected rows with labels, for the loss, found rows without")
    let wrong = Tensor([Float](repeating: .nan, count: 12), shape: [2, 6])
    #expect(
      try error(BlockRemoval(.blocks(1)), nil, CompressionContext(training: TrainingData(["features": wrong]))).code
        == "compression.non-finite-value")
  }
}
