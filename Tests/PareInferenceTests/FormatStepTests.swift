import PareGraph
import PareInference
import PareTensor
import Testing

/// Steps whose weights have other forms, against the reference.
@Suite struct FormatStepTests {
  private func outputs(
    of graph: Graph, _ name: String, _ rows: [[Float]], kernels: KernelSelection = .best
  ) throws -> (plan: [[Float]], reference: [[Float]], steps: [ExecutionPlan.Step]) {
    let plan = try ExecutionPlan(graph, kernels: kernels)
    let context = plan.makeContext()
    let evaluator = try ReferenceEvaluator(graph, binding: ["batch": 1])
    var found: [[Float]] = [], expected: [[Float]] = []
    for row in rows {
      _ = try context.run(features: row)
      found.append(Array(try #require(context.output(name, as: Float.self))))
      let values = try evaluator.run(["features": Tensor(row, shape: [1, row.count])])
      expected.append(try #require(values[name]).values(as: Float.self))
    }
    return (found, expected, plan.steps)
  }

  private func bits(_ rows: [[Float]]) -> [[UInt32]] { rows.map { $0.map(\.bitPattern) } }

  private static let sets = InstructionSet.allCases.filter(\.isAvailable)

  // MARK: integers

  @Test(arguments: [32, 64, 128], sets)
  func groupsOfFourBitWeightsGiveTheBitsOfTheirDefinition(_ blockSize: Int, _ set: InstructionSet) throws {
    for extents in [[20, 128, 64, 32, 3], [33, 17, 2], [129, 31, 130, 1]] {
      let graph = try FormatSamples.groups(extents, blockSize: blockSize, seed: 5)
      let lowered = try IntegerLowering.lower(graph)
      #expect(lowered.nodes.count { $0.operatorName == QuantizedGroupDense.name } == extents.count - 1)
      let rows = FormatSamples.rows(30, extents[0], seed: 6)
      let (plan, _, steps) = try outputs(of: graph, "logits", rows, kernels: KernelSelection(set))
      #expect(steps.allSatisfy { $0.isFast })
      let definition = try ReferenceEvaluator(lowered, binding: ["batch": 1])
      let expected = try rows.map { row in
        try #require(definition.run(["features": Tensor(row, shape: [1, row.count])])["logits"]).values(as: Float.self)
      }
      #expect(bits(plan) == bits(expected))
      #expect(Set(bits(plan)).count > 1)
    }
  }

  // MARK: signs

  @Test(arguments: sets) func layersOfSignsGiveTheBitsOfTheirDefinition(_ set: InstructionSet) throws {
    for extents in [[20, 128, 64, 32, 3], [7, 33, 31, 17, 2], [3, 130, 250, 1]] {
      let graph = try FormatSamples.signs(extents, seed: 7)
      let (plan, reference, steps) = try outputs(
        of: graph, "logits", FormatSamples.rows(30, extents[0], seed: 8).map { $0.map { $0.isFinite ? $0 : 1 } },
        kernels: KernelSelection(set))
      #expect(steps.allSatisfy { $0.isFast })
      // The first and last layers are sums of floats: a sign near 0 may differ from the reference's there, and then all
      // after it does. Most rows have none.
      let equal = zip(plan, reference).count { plan, reference in
        zip(plan, reference).allSatisfy { abs($0 - $1) <= 1e-3 * max(1, abs($1)) }
      }
      #expect(equal >= 27)
    }
  }

  @Test(arguments: sets) func layersOfSignsAloneEqualTheReferenceBitForBit(_ set: InstructionSet) throws {
    var generator = SeededGenerator(seed: 9)
    for extents in [[20, 128, 64, 3], [33, 31, 17, 250], [1, 1]] {
      var builder = GraphBuilder(name: "signs")
      var value = try builder.input("features", ValueType(.float32, ["batch", .fixed(extents[0])]))
      for layer in 0..<extents.count - 1 {
        let shape: Shape = [extents[layer + 1], extents[layer]]
        let signs = Tensor((0..<shape.elementCount).map { _ in Float(generator.below(2) * 2 - 1) }, shape: shape)
        let scales = (0..<shape[0]).map { _ in Float(generator.below(5) - 2) / 4 }
        let bias = scales.map { $0 * Float(generator.below(5) - 2) }
        value = try builder.apply(
          BinaryDense.name,
          [value, builder.constant(signs), builder.constant(Tensor(scales)), builder.constant(Tensor(bias))],
          output: layer == extents.count - 2 ? "y" : nil)
      }
      try builder.output("y")
      let (plan, reference, steps) = try outputs(
        of: builder.graph, "y", FormatSamples.rows(50, extents[0], seed: 10, hasNaN: true), kernels: KernelSelection(set))
      #expect(steps.allSatisfy { $0.isFast })
      #expect(bits(plan) == bits(reference))
    }
  }

  // MARK: forms of a dense layer

  /// Both are within γ_{n+1} of the true sum, as in `KernelCases.dense`.
  private func expectWithinBound(
    _ storage: ParameterStorage, _ kernel: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let graph = try FormatSamples.dense(storage)
    let rows = FormatSamples.rows(5, storage.shape[1], seed: 11).map { $0.map { $0.isFinite ? $0 : 2 } }
    let (plan, reference, steps) = try outputs(of: graph, "y", rows)
    #expect(steps.contains { $0.kernel.hasPrefix(kernel) }, "\(steps.map(\.kernel))", sourceLocation: sourceLocation)
    #expect(steps.allSatisfy { $0.isFast }, sourceLocation: sourceLocation)
    let weights = storage.decoded().doubles
    let columns = storage.shape[1]
    let gamma = Double(columns + 1) * 0x1p-24 / (1 - Double(columns + 1) * 0x1p-24)
    for (row, x) in rows.enumerated() {
      for output in 0..<storage.shape[0] {
        let magnitude = (0..<columns).reduce(4.0) { $0 + abs(weights[output * columns + $1] * Double(x[$1])) }
        let difference = abs(Double(plan[row][output]) - Double(reference[row][output]))
        #expect(difference <= 2 * gamma * magnitude, sourceLocation: sourceLocation)
      }
    }
  }

  private var hasVectors: Bool { Self.sets.count > 1 }

  @Test func weightsOfSixteenBitsStaySoWhereTheyAreMany() throws {
    var generator = SeededGenerator(seed: 12)
    for type in [ElementType.float16, .bfloat16] {
      let shape: Shape = [256, 131]
      // Those of bfloat16 beyond the range of float16, in which they would be exact as well.
      let numbers = FormatSamples.numbers(shape.elementCount, &generator, spread: type == .float16 ? 1 : 0x1p20)
      let halves = numbers.map { type.bits(of: $0) }
      let tensor = halves.withUnsafeBytes { Tensor(elementType: type, shape: shape, bytes: $0) }
      try expectWithinBound(ParameterStorage(tensor), !hasVectors ? "dense_f32" : type == .float16 ? "dense_f16" : "dense_bf16")
    }
    let few = Tensor([Float](repeating: 0.5, count: 64), shape: [8, 8])
    try expectWithinBound(ParameterStorage(few), "dense_f32")
  }

  @Test func indicesIntoATableStaySoWhereTheyAreMany() throws {
    var generator = SeededGenerator(seed: 13)
    let table = FormatSamples.numbers(11, &generator)
    let shape: Shape = [500, 1023]
    // AVX2 has no kernel for them that pays.
    let hasKernel = InstructionSet.avx512.isAvailable
    let indices = (0..<shape.elementCount).map { _ in generator.below(11) }
    let storage = ParameterStorage(indices: indices, table: table, shape: shape)
    try expectWithinBound(storage, hasKernel ? "dense_lut4" : "dense_f32")
    #expect(try ExecutionPlan(FormatSamples.dense(storage)).decodedParameters == (hasKernel ? [] : ["weight"]))
    let small = ParameterStorage(indices: [0, 1, 1, 2], table: [0.1, 0.2, 0.3], shape: [2, 2])
    try expectWithinBound(small, "dense_f32")
    #expect(try ExecutionPlan(FormatSamples.dense(small)).decodedParameters == ["weight"])
  }

  @Test func zerosAreLeftOutWhereThatIsFaster() throws {
    var generator = SeededGenerator(seed: 14)
    func weights(_ shape: Shape, _ isKept: (Int, Int) -> Bool) -> ParameterStorage {
      let values = (0..<shape.elementCount).map { index in
        isKept(index / shape[1], index % shape[1]) ? Float(generator.normal()) : 0
      }
      return ParameterStorage(Tensor(values, shape: shape), layout: .bitmask)
    }
    let shape: Shape = [65, 130]
    var draws = SeededGenerator(seed: 15)
    let anywhere = weights(shape) { _, _ in draws.below(10) == 0 }
    let twoOfFour = weights(shape) { row, column in column % 4 == row % 2 || column % 4 == 2 + row / 2 % 2 }
    let columns = weights(shape) { row, column in (row / 16 * 7 + column) % 3 == 0 }
    let most = weights(shape) { _, _ in draws.below(10) > 0 }
    try expectWithinBound(anywhere, hasVectors ? "dense_slots_f32" : "dense_f32")
    try expectWithinBound(twoOfFour, hasVectors ? "dense_slots_f32" : "dense_f32")
    try expectWithinBound(columns, hasVectors ? "dense_block_f32" : "dense_f32")
    try expectWithinBound(most, "dense_f32")
    #expect(try ExecutionPlan(FormatSamples.dense(anywhere)).decodedParameters == (hasVectors ? [] : ["weight"]))
    #expect(try ExecutionPlan(FormatSamples.dense(most)).decodedParameters == ["weight"])
    try expectWithinBound(weights(shape) { _, _ in false }, hasVectors ? "dense_block_f32" : "dense_f32")
  }
}
