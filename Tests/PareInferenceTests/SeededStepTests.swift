import PareGraph
import PareInference
import PareTensor
import Testing

private let availableSets = InstructionSet.allCases.filter(\.isAvailable)

/// The steps that windows in pieces are made of, by themselves.
@Suite struct SeededStepTests {
  @Test(arguments: [(1, 1), (5, 16), (20, 17), (33, 48), (64, 100)], availableSets)
  func aDenseLayerThatGoesOnFromAValueIsWithinItsBoundOfFloat64(shape: (inputs: Int, outputs: Int), set: InstructionSet) throws {
    for relu in [false, true] {
      let graph = try oneInput([1, shape.inputs + shape.outputs]) { builder, x in
        let parts = try [(0, shape.inputs), (shape.inputs, shape.inputs + shape.outputs)].map { from, to in
          try builder.apply("Slice", [x] + [from, to, 1].map { try builder.constant(Tensor([Int64($0)])) })
        }
        // The bias is computed.
        let bias = try builder.apply("Neg", [parts[1]])
        let weights = try builder.constant(random([shape.outputs, shape.inputs], seed: 4))
        let sum = try builder.apply("Gemm", [parts[0], weights, bias], attributes: ["transB": .int(1)])
        return relu ? try builder.apply("Relu", [sum]) : sum
      }
      let plan = try ExecutionPlan(graph, kernels: KernelSelection(set))
      #expect(plan.steps.contains { $0.kernel.hasPrefix("seed + dense_f32") && $0.nodes.count == (relu ? 2 : 1) }, "\(plan)")
      let x = random([1, shape.inputs + shape.outputs], seed: 9)
      let found = try #require(plan.makeContext().run(["x": x])["y"]).doubles
      let exact = try float64(graph, x)
      // Numbers and weights are below 6 in magnitude; inputs + 1 terms, each added with one rounding.
      let bound = Double(shape.inputs + 1) * 0x1p-24 * 36 * Double(shape.inputs + 1)
      #expect(zip(found, exact).allSatisfy { abs($0 - $1) <= bound }, "\(set)")
    }
  }

  @Test(arguments: Window.all.filter { $0.input.rank == 3 })
  func integerSumsEqualTheReferenceToTheBit(window: Window) throws {
    var generator = SeededGenerator(seed: 2)
    let weights = Tensor((0..<window.weights.elementCount).map { _ in Int8(generator.below(256) - 128) }, shape: window.weights)
    let filters = window.weights[0]
    try expectSums(window.input) { builder, bytes, zero in
      let sum = try builder.apply("ConvInteger", [bytes, builder.constant(weights), zero], attributes: window.attributes)
      let bias = Tensor((0..<filters).map { Int32($0 * 1000 - 500) }, shape: [filters, 1])
      return try builder.apply("Add", [sum, builder.constant(bias)])
    }
  }

  @Test(arguments: [(1, 1), (7, 5), (40, 33)])
  func integerProductsOfARowEqualTheReferenceToTheBit(shape: (inputs: Int, outputs: Int)) throws {
    var generator = SeededGenerator(seed: 3)
    let weights = Tensor(
      (0..<shape.inputs * shape.outputs).map { _ in Int8(generator.below(256) - 128) }, shape: [shape.inputs, shape.outputs])
    try expectSums([1, shape.inputs]) { builder, bytes, zero in
      let sum = try builder.apply("MatMulInteger", [bytes, builder.constant(weights), zero])
      return try builder.apply("Add", [sum, builder.constant(Tensor((0..<shape.outputs).map { Int32(7 - $0) }))])
    }
  }

  private func expectSums(
    _ shape: Shape, _ make: (inout GraphBuilder, _ bytes: String, _ zero: String) throws -> String
  ) throws {
    var builder = GraphBuilder(name: "sums")
    let bytes = try builder.input("x", ValueType(.uint8, shape.dimensions.map { .fixed($0) }))
    let zero = try builder.constant(Tensor(scalar: UInt8(131)))
    try builder.output(make(&builder, bytes, zero))
    let output = builder.graph.outputs[0].name
    let plan = try ExecutionPlan(builder.graph)
    #expect(plan.steps.contains { $0.kernel == "integer_sums" && $0.nodes.count == 2 }, "\(plan)")
    var generator = SeededGenerator(seed: 8)
    let x = Tensor((0..<shape.elementCount).map { _ in UInt8(generator.below(256)) }, shape: shape)
    let expected = try ReferenceEvaluator(builder.graph).run(["x": x])
    #expect(try plan.makeContext().run(["x": x])[output] == expected[output])
  }

  /// Transposed, cut, put together: what moves elements moves bytes and Int32 too.
  @Test(arguments: [ElementType.uint8, .int32])
  func bytesAndIntegersAreMovedAsTheReferenceMovesThem(type: ElementType) throws {
    var builder = GraphBuilder(name: "moves")
    let x = try builder.input("x", ValueType(type, [1, 5, 9]))
    let turned = try builder.apply("Transpose", [x], attributes: ["perm": .ints([0, 2, 1])])
    let cut = try builder.apply("Slice", [turned] + [1, 8, 1, 2].map { try builder.constant(Tensor([Int64($0)])) })
    let joined = try builder.apply("Concat", [cut, turned], attributes: ["axis": .int(1)])
    try builder.output(builder.apply("Concat", [joined, joined], attributes: ["axis": .int(2)], output: "y"))
    let plan = try ExecutionPlan(builder.graph)
    #expect(plan.steps.allSatisfy { $0.isFast }, "\(plan)")
    let x0 = type == .uint8
      ? Tensor((0..<45).map { UInt8($0 * 5) }, shape: [1, 5, 9]) : Tensor((0..<45).map { Int32($0 * -70_001) }, shape: [1, 5, 9])
    let expected = try ReferenceEvaluator(builder.graph).run(["x": x0])
    #expect(try plan.makeContext().run(["x": x0])["y"] == expected["y"])
  }

  /// The element before the first is not what a pad is filled with.
  @Test func oneElementAndAZeroBehindItAreNoEvenlySpacedCopy() throws {
    let graph = try oneInput([1, 1, 2]) { builder, x in
      let last = try builder.apply("Slice", [x] + [1, 2, 2].map { try builder.constant(Tensor([Int64($0)])) })
      return try builder.apply("Pad", [last, builder.constant(Tensor([Int64(0), 0, 0, 0, 0, 1]))])
    }
    #expect(try ExecutionPlan(graph).makeContext().run(["x": Tensor([Float(5), 7], shape: [1, 1, 2])])["y"]?.doubles == [7, 0])
  }
}
