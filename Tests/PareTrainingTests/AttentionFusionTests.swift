import PareGraph
import PareTensor
import PareTraining
import Testing

/// Attention that is spelled out, found and replaced.
struct AttentionFusionTests {
  private func count(_ name: OperatorName, in graph: Graph) -> Int { graph.nodes.count { $0.operatorName == name } }

  private func outputs(_ graph: Graph, _ inputs: [String: Tensor]) throws -> [Double] {
    let results = try ReferenceEvaluator(graph, binding: ["batch": 3], precision: .float64).run(inputs)
    return graph.outputs.flatMap { results[$0.name]?.doubles ?? [] }
  }

  /// Both graphs in Float64: products of a scale are rounded to Float64 in one and taken as Float32 numbers in both.
  private func expectEqual(_ a: Graph, _ b: Graph, _ inputs: [String: Tensor]) throws {
    let (x, y) = (try outputs(a, inputs), try outputs(b, inputs))
    #expect(x.count == y.count && !x.isEmpty)
    for (x, y) in zip(x, y) { #expect(abs(x - y) <= 0x1p-40 * max(abs(x), 1)) }
  }

  @Test(arguments: [false, true])
  func anEncoderBecomesOneNodeForEachAttention(isCausal: Bool) throws {
    let encoder = SampleEncoder(features: 3, rows: 6, width: 8, heads: 2, hidden: 5, isCausal: isCausal)
    let graph = try encoder.graph()
    let fused = try graph.fusingAttention()
    #expect(count("Attention", in: fused) == 2 && count("Softmax", in: fused) == 0)
    // What was transposed for the heads is read by nobody now.
    #expect(count("Transpose", in: fused.pruned()) == 0)
    let features = try #require(encoder.data(count: 3)["features"])
    try expectEqual(graph, fused, ["features": features])
  }

  /// Q, K and V as they are, with whatever `scores` makes of a product.
  private func sketch(
    _ shape: Shape, keys: Shape, _ scores: (inout GraphBuilder, String, String) throws -> String
  ) throws -> (Graph, [String: Tensor]) {
    var builder = GraphBuilder(name: "attention")
    var inputs: [String: Tensor] = [:]
    var generator = SeededGenerator(seed: 5)
    for (name, shape) in [("q", shape), ("k", keys), ("v", shape)] {
      let tensor = Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) }, shape: shape)
      inputs[try builder.input(name, ValueType(tensor))] = tensor
    }
    let weights = try builder.apply("Softmax", [scores(&builder, "q", "k")], attributes: ["axis": .int(-1)])
    try builder.output(builder.apply("MatMul", [weights, "v"]))
    return (builder.graph, inputs)
  }

  @Test func aScaleOnQueriesAndKeysIsFound() throws {
    let (graph, inputs) = try sketch([2, 2, 5, 4], keys: [2, 2, 4, 5]) { builder, q, k in
      let half = try builder.constant(Tensor(scalar: 0.5 as Float))
      return try builder.apply("MatMul", [builder.apply("Mul", [half, q]), builder.apply("Mul", [k, half])])
    }
    let fused = try graph.fusingAttention()
    #expect(count("Attention", in: fused) == 1 && count("MatMul", in: fused) == 0 && count("Mul", in: fused) == 0)
    #expect(fused.nodes.first { $0.operatorName == "Attention" }?.attributes["scale"] == .float(0.25))
    try expectEqual(graph, fused, inputs)
  }

  @Test func headsInTheBatchAreFound() throws {
    let (graph, inputs) = try sketch([6, 5, 4], keys: [6, 5, 4]) { builder, q, k in
      let mask = try builder.constant(Tensor((0..<25).map { $0 % 5 > $0 / 5 ? -Float.infinity : 0 }, shape: [5, 5]))
      let scores = try builder.apply("MatMul", [q, builder.apply("Transpose", [k], attributes: ["perm": .ints([0, 2, 1])])])
      return try builder.apply("Add", [mask, scores])
    }
    let fused = try graph.fusingAttention()
    #expect(count("Attention", in: fused) == 1 && count("Add", in: fused) == 0)
    try expectEqual(graph, fused, inputs)
  }

  @Test func whatSomebodyElseReadsStays() throws {
    let (graph, _) = try sketch([2, 2, 5, 4], keys: [2, 2, 4, 5]) { builder, q, k in try builder.apply("MatMul", [q, k]) }
    let weights = try #require(graph.nodes.first { $0.operatorName == "Softmax" }?.outputs[0])
    #expect(try graph.fusingAttention(keeping: [weights]).nodes == graph.nodes)
    var shown = graph
    shown.outputs.append(ValueInfo(weights, ValueType(.float32, [2, 2, 5, 5])))
    #expect(try shown.fusingAttention().nodes == graph.nodes)
  }

  @Test func whatOnlyLooksLikeAttentionStays() throws {
    // A mask of one column, which Attention would read as a short one; stacks that broadcast; a scale that is trained.
    let column = try sketch([2, 2, 5, 4], keys: [2, 2, 4, 5]) { builder, q, k in
      try builder.apply("Add", [builder.apply("MatMul", [q, k]), builder.constant(Tensor(zeros: .float32, shape: [5, 1]))])
    }.0
    let broadcast = try sketch([2, 2, 5, 4], keys: [1, 2, 4, 5]) { builder, q, k in try builder.apply("MatMul", [q, k]) }.0
    let trained = try sketch([2, 2, 5, 4], keys: [2, 2, 4, 5]) { builder, q, k in
      try builder.apply("Mul", [builder.apply("MatMul", [q, k]), builder.parameter("s", Tensor(scalar: 1 as Float), isTrainable: true)])
    }.0
    for graph in [column, broadcast, trained] { #expect(try graph.fusingAttention().nodes == graph.nodes) }
  }

  @Test func anEncoderLearns() throws {
    let encoder = SampleEncoder(features: 4, rows: 8, width: 16, heads: 2, hidden: 16, layers: 1)
    let data = try encoder.data(count: 256)
    var builder = try GraphBuilder(encoder.graph())
    let loss = try CrossEntropy().append(to: &builder)
    let step = try TrainingStep(
      builder.graph, loss: loss, data: data, settings: TrainingSettings(batchSize: 64, optimizer: .adam(learningRate: 0.005)))
    var losses: [Float] = []
    let order = Array(0..<256)
    try order.withUnsafeBufferPointer { order in
      for index in 0..<120 {
        let first = index % 4 * 64
        losses.append(try step.run(rows: UnsafeBufferPointer(rebasing: order[first..<first + 64])))
      }
    }
    #expect(losses.suffix(4).reduce(0, +) < 0.7 * losses.prefix(4).reduce(0, +))
  }
}
