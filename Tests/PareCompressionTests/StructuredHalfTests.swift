import PareArtifact
import PareCompression
import PareGraph
import PareInference
import PareTensor
import PareTraining
import Testing

/// Half of all channels out, at sizes that can be counted by hand.
@Suite struct StructuredHalfTests {
  /// A network of whose channels the second half weighs `factor` times as much as the first.
  struct Network: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let graph: @Sendable (_ factor: Float) throws -> Graph
    let input: Shape
    /// Multiply-adds of a row, before and after.
    let multiplyAdds: [Int]
    /// Weights and biases, before and after.
    let parameters: [Int]
  }

  struct Builder {
    var builder: GraphBuilder
    let factor: Float
    private var generator = SeededGenerator(seed: 6)

    init(_ name: String, _ factor: Float) {
      builder = GraphBuilder(name: name)
      self.factor = factor
    }

    /// - Parameter axis: along which the second half of each of so many blocks is small.
    mutating func weight(_ name: String, _ shape: Shape, halved axis: Int? = nil, blocks: Int = 1) throws -> String {
      var values = NetworkFixture.tensor(shape, scale: 0.5, &generator).values(as: Float.self)
      if let axis {
        let (inner, extent) = (shape.dimensions[(axis + 1)...].reduce(1, *), shape[axis] / blocks)
        for index in values.indices where index / inner % extent >= extent / 2 { values[index] *= factor }
      }
      return try builder.parameter(name, Tensor(values, shape: shape), isTrainable: true)
    }

    mutating func dense(_ x: String, _ inputs: Int, _ outputs: Int, _ name: String, isLast: Bool = false) throws -> String {
      let axis = isLast ? nil : 0
      return try builder.apply(
        "Gemm", [x, weight("\(name).w", [outputs, inputs], halved: axis), weight("\(name).b", [outputs], halved: axis)],
        attributes: ["transB": .int(1)], name: name, output: isLast ? "y" : nil)
    }
  }

  static let networks = [
    // 10 → 16 → 12 → 3 to 10 → 8 → 6 → 3.
    Network(
      testDescription: "dense",
      graph: { factor in
        var b = Builder("dense", factor)
        var h = try b.builder.input("x", ValueType(.float32, ["batch", 10]))
        h = try b.builder.apply("Relu", [b.dense(h, 10, 16, "one")], name: "relu")
        h = try b.builder.apply("Tanh", [b.dense(h, 16, 12, "two")], name: "tanh")
        try b.builder.output(b.dense(h, 12, 3, "last", isLast: true))
        return b.builder.graph
      }, input: [10], multiplyAdds: [10 * 16 + 16 * 12 + 12 * 3, 10 * 8 + 8 * 6 + 6 * 3],
      parameters: [11 * 16 + 17 * 12 + 13 * 3, 11 * 8 + 9 * 6 + 7 * 3]),
    // Windows of three over 12 steps, 2 → 8 → 6 channels, pooled to 5 steps.
    Network(
      testDescription: "convolutional",
      graph: { factor in
        var b = Builder("convolutional", factor)
        var h = try b.builder.input("x", ValueType(.float32, ["batch", 2, 12]))
        for (name, inputs, outputs) in [("one", 2, 8), ("two", 8, 6)] {
          let (w, bias) = (try b.weight("\(name).w", [outputs, inputs, 3], halved: 0), try b.weight("\(name).b", [outputs], halved: 0))
          h = try b.builder.apply("Relu", [b.builder.apply("Conv", [h, w, bias], attributes: ["pads": .ints([0, 1])], name: name)], name: "\(name).relu")
        }
        h = try b.builder.apply("MaxPool", [h], attributes: ["kernel_shape": .ints([2]), "strides": .ints([2])], name: "pool")
        try b.builder.output(b.dense(b.builder.apply("Flatten", [h], name: "flat"), 30, 3, "last", isLast: true))
        return b.builder.graph
      }, input: [2, 12], multiplyAdds: [11 * 8 * 2 * 3 + 10 * 6 * 8 * 3 + 30 * 3, 11 * 4 * 2 * 3 + 10 * 3 * 4 * 3 + 15 * 3],
      parameters: [7 * 8 + 25 * 6 + 31 * 3, 7 * 4 + 13 * 3 + 16 * 3]),
    // An LSTM of 8 units over 5 steps of 4 numbers.
    Network(
      testDescription: "recurrent",
      graph: { factor in
        var b = Builder("recurrent", factor)
        let x = try b.builder.input("x", ValueType(.float32, ["batch", 5, 4]))
        let turned = try b.builder.apply("Transpose", [x], attributes: ["perm": .ints([1, 0, 2])], name: "turned")
        let (w, r) = (try b.weight("w", [1, 32, 4], halved: 1, blocks: 4), try b.weight("r", [1, 32, 8], halved: 1, blocks: 4))
        let bias = try b.weight("b", [1, 64], halved: 1, blocks: 8)
        try b.builder.append(
          Node("LSTM", name: "lstm", inputs: [turned, w, r, bias], outputs: ["all", "state"], attributes: ["hidden_size": .int(8)]))
        let last = try b.builder.apply("Squeeze", ["state", b.builder.constant(Tensor([Int64(0)]))], name: "final")
        try b.builder.output(b.dense(last, 8, 3, "last", isLast: true))
        return b.builder.graph
      }, input: [5, 4], multiplyAdds: [5 * 4 * 8 * (4 + 8) + 8 * 3, 5 * 4 * 4 * (4 + 4) + 4 * 3],
      parameters: [4 * 8 * (4 + 8 + 2) + 9 * 3, 4 * 4 * (4 + 4 + 2) + 5 * 3]),
    // Four heads of 2 over 6 steps of 8 channels, then a feed-forward half of 16, each beside what it is added to.
    Network(
      testDescription: "attentive",
      graph: { factor in
        var b = Builder("attentive", factor)
        let x = try b.builder.input("x", ValueType(.float32, ["batch", 6, 8]))
        func product(_ x: String, _ inputs: Int, _ outputs: Int, _ name: String, halved: Bool = true) throws -> String {
          try b.builder.apply("MatMul", [x, b.weight("\(name).w", [inputs, outputs], halved: halved ? 1 : nil)], name: name)
        }
        let parts = try ["q", "k", "v"].map { try product(x, 8, 8, $0) }
        let mixed = try b.builder.apply(
          "Attention", parts, attributes: ["q_num_heads": .int(4), "kv_num_heads": .int(4)], name: "attention")
        let attended = try b.builder.apply("Add", [x, product(mixed, 8, 8, "o", halved: false)], name: "attended")
        let wide = try b.builder.apply("Gelu", [product(attended, 8, 16, "up")], name: "gelu")
        let fed = try b.builder.apply("Add", [attended, product(wide, 16, 8, "down", halved: false)], name: "fed")
        try b.builder.output(b.dense(b.builder.apply("Flatten", [fed], name: "flat"), 48, 3, "last", isLast: true))
        return b.builder.graph
      }, input: [6, 8],
      multiplyAdds: [
        6 * (4 * 64 + 2 * 8 * 16) + 2 * 6 * 6 * 8 + 48 * 3, 6 * (4 * 32 + 2 * 8 * 8) + 2 * 6 * 6 * 4 + 48 * 3,
      ],
      parameters: [4 * 64 + 2 * 8 * 16 + 49 * 3, 4 * 32 + 2 * 8 * 8 + 49 * 3]),
  ]

  static func halved(_ network: Network) throws -> (before: Graph, after: Graph) {
    let before = try network.graph(1 / 64)
    let technique = StructuredPruning(.ratio(0.5), criterion: .l2, scope: .perLayer)
    return (before, try technique.apply(to: Model(graph: before), in: CompressionContext()).graph)
  }

  @Test(arguments: networks) func sizesAndMultiplyAddsFallAsComputed(_ network: Network) throws {
    let (before, after) = try Self.halved(network)
    for (index, graph) in [before, after].enumerated() {
      #expect(try graph.multiplyAdds() == network.multiplyAdds[index])
      #expect(graph.trainableElementCount == network.parameters[index])
    }
    let trainable = after.parameters.values.filter(\.isTrainable)
    #expect(trainable.reduce(0) { $0 + $1.storage.byteCount } == 4 * network.parameters[1])
    // No mask: every array is dense, and no zeros stand in for what is gone.
    #expect(trainable.allSatisfy { $0.storage.layout == .dense && !$0.storage.decoded().doubles.contains(0) })
    #expect(after.nodes.map(\.operatorName) == before.nodes.map(\.operatorName))
    #expect(after.inputs == before.inputs && after.outputs == before.outputs)
    #expect(try Artifact.encode(Model(graph: after)).count < Artifact.encode(Model(graph: before)).count)
  }

  @Test(arguments: networks) func outputsAreThoseOfTheNetworkWithZerosInPlace(_ network: Network) throws {
    let after = try Self.halved(network).after
    let masked = try network.graph(0)
    var generator = SeededGenerator(seed: 8)
    let x = NetworkFixture.tensor(Shape([16] + network.input.dimensions), scale: 1, &generator)
    func outputs(_ graph: Graph) throws -> [Double] {
      try ReferenceEvaluator(graph, binding: ["batch": 16], precision: .float64).run(["x": x])["y"]?.doubles ?? []
    }
    let (small, zeroed) = (try outputs(after), try outputs(masked))
    #expect(small.count == 48)
    // In Float64 sums of at most 48 terms differ by less than 48 · 2⁻⁵³ of their magnitudes, layer by layer.
    for (a, b) in zip(small, zeroed) { #expect((a - b).magnitude <= 1e-12 * max(1, a.magnitude)) }
  }

  @Test(arguments: networks) func thePlanIsSmallerAndExpectedToBeFaster(_ network: Network) throws {
    let (before, after) = try Self.halved(network)
    let plans = (before: try ExecutionPlan(Model(graph: before)), after: try ExecutionPlan(Model(graph: after)))
    #expect(plans.after.residentByteCount <= plans.before.residentByteCount)
    guard let slow = plans.before.estimate, let fast = plans.after.estimate else { return }
    #expect(fast <= slow)
  }
}
