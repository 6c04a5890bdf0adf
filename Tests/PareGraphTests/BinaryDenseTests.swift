import PareGraph
import PareTensor
import Testing

@Suite struct BinaryDenseTests {
  /// features → layers of signs → y, with scales of both signs and 0, and a bias that makes ties.
  static func graph(_ extents: [Int], seed: UInt64 = 1) throws -> Graph {
    var generator = SeededGenerator(seed: seed)
    var builder = GraphBuilder(name: "binary")
    var value = try builder.input("features", ValueType(.float32, ["batch", .fixed(extents[0])]))
    for layer in 0..<extents.count - 1 {
      let shape: Shape = [extents[layer + 1], extents[layer]]
      let signs = Tensor((0..<shape.elementCount).map { _ in Float(generator.below(2) * 2 - 1) }, shape: shape)
      let storage = try #require(ParameterStorage(signsOf: signs))
      let weight = try builder.parameter("w\(layer)", Parameter(storage, isTrainable: false))
      let scales = (0..<shape[0]).map { _ in Float([0, 0.25, -0.25, 0.3, -0.7][generator.below(5)]) }
      let bias = scales.map { $0 * Float(generator.below(5) - 2) + (generator.below(4) == 0 ? 0.1 : 0) }
      value = try builder.apply(
        BinaryDense.name, [value, weight, builder.constant(Tensor(scales)), builder.constant(Tensor(bias))], name: "layer\(layer)")
    }
    try builder.output(value)
    return builder.graph
  }

  static let extents: [[Int]] = [[1, 1], [7, 5, 3], [32, 33, 31, 4], [64, 32, 16, 1], [130, 70, 40]]

  private func rows(_ count: Int, _ width: Int, seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    let special: [Float] = [0, -0.0, .nan, .infinity, -.infinity]
    let values = (0..<count * width).map { _ in
      generator.below(8) == 0 ? special[generator.below(5)] : Float(generator.normal())
    }
    return Tensor(values, shape: [count, width])
  }

  private func evaluate(_ graph: Graph, _ x: Tensor) throws -> [String: Tensor] {
    try ReferenceEvaluator(graph, binding: ["batch": x.shape[0]]).run(["features": x])
  }

  @Test(arguments: extents) func packedSignsGiveTheSameBits(_ extents: [Int]) throws {
    let graph = try Self.graph(extents)
    let lowered = try BinaryLowering.lower(graph)
    #expect(lowered.nodes.map(\.operatorName) == [PackSigns.name] + graph.nodes.map(\.operatorName))
    #expect(lowered.nodes.dropFirst().dropLast().allSatisfy { $0.attributes["packs"] == .int(1) })
    let x = rows(9, extents[0], seed: 2)
    #expect(try evaluate(graph, x) == evaluate(lowered, x))
  }

  @Test(arguments: extents) func standardOperatorsGiveTheSameBits(_ extents: [Int]) throws {
    let graph = try Self.graph(extents)
    let x = rows(9, extents[0], seed: 3)
    for form in [graph, try BinaryLowering.lower(graph)] {
      let standard = try BinaryDecomposition.decompose(form)
      #expect(standard.nodes.allSatisfy { $0.operatorName.domain.isEmpty })
      #expect(standard.outputs == graph.outputs)
      #expect(try evaluate(standard, x) == evaluate(graph, x))
    }
  }

  @Test func aValueThatIsReadAsNumbersKeepsThem() throws {
    var builder = try GraphBuilder(Self.graph([8, 8]))
    let y = builder.graph.outputs[0].name
    let w = try builder.constant(Tensor([Float](repeating: 1, count: 16), shape: [2, 8]))
    let ones = try builder.constant(Tensor([Float(1), 1]))
    let next = try builder.apply(BinaryDense.name, [y, w, ones, ones], name: "next")
    try builder.output(next)
    let lowered = try BinaryLowering.lower(builder.graph)
    #expect(lowered.nodes.count { $0.operatorName == PackSigns.name } == 2)
    #expect(lowered.nodes.allSatisfy { $0.attributes["packs"] == nil })
    let x = rows(5, 8, seed: 4)
    #expect(try evaluate(builder.graph, x) == evaluate(lowered, x))
  }

  @Test func theLimitSaysWhenAValueIsNotNegative() throws {
    let graph = try Self.graph([17, 40], seed: 7)
    let node = graph.nodes[0]
    let layer = try BinaryDense.Layer(node) { graph.parameters[node.inputs[$0]]?.storage.decoded() }
    for output in 0..<40 {
      let (limit, negates) = layer.limit(of: output)
      for differing in 0...17 {
        let sum = 17 - 2 * differing
        #expect((layer.value(of: output, sum: negates ? -sum : sum) >= 0) == (differing <= limit))
      }
    }
  }

  @Test func weightsThatAreNoSignsAreRefused() throws {
    var graph = try Self.graph([4, 2])
    graph.parameters["w0"] = Parameter(ParameterStorage(Tensor([1, -1, 1, 0, 1, 1, 1, 1] as [Float], shape: [2, 4])), isTrainable: false)
    let error = #expect(throws: GraphError.self) { try ReferenceEvaluator(graph, binding: ["batch": 1]) }
    #expect(error?.code == "graph.binary-weights")
  }

  @Test func packedSignsThatLeaveTheGraphHaveNoStandardForm() throws {
    var builder = GraphBuilder(name: "signs")
    let x = try builder.input("x", ValueType(.float32, [1, 3]))
    try builder.output(builder.apply(PackSigns.name, [x], output: "bits"))
    let error = #expect(throws: GraphError.self) { try BinaryDecomposition.decompose(builder.graph) }
    #expect(error?.code == "graph.packed-signs")
    let bits = try ReferenceEvaluator(builder.graph).run(["x": Tensor([-1, -0.0, 2] as [Float], shape: [1, 3])])
    #expect(bits["bits"]?.values(as: UInt8.self) == [0b110, 0, 0, 0])
  }
}
