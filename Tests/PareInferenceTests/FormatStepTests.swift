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
    for extents in [[20, 128, 64, 3], [33, 31, 17, 250], [1, 1]] {
      let (plan, reference, steps) = try outputs(
        of: FormatSamples.signsAlone(extents, seed: 9), "y", FormatSamples.rows(50, extents[0], seed: 10, hasNaN: true),
        kernels: KernelSelection(set))
      #expect(steps.allSatisfy { $0.isFast })
      #expect(bits(plan) == bits(reference))
    }
  }

  // MARK: several rows

  @Test(arguments: sets) func severalRowsGiveTheBitsOfEachByItself(_ set: InstructionSet) throws {
    let samples: [(Graph, String, Int)] = [
      (try FormatSamples.groups([20, 48, 33, 3], blockSize: 32, seed: 5), "logits", 20),
      (try FormatSamples.groups([65, 16], blockSize: 64, seed: 6), "logits", 65),
      (try FormatSamples.signsAlone([33, 31, 64, 5], seed: 7), "y", 33),
      (try FormatSamples.Trees(count: 9, depth: 4, features: 12, targets: 3, seed: 8).graph(base: true), "y", 12),
      (try FormatSamples.Trees(count: 9, depth: 4, features: 12, targets: 1, seed: 9).graph(base: false), "y", 12),
    ]
    for (graph, name, width) in samples {
      let rows = FormatSamples.rows(5, width, seed: 12, hasNaN: name == "y")
      let (expected, _, _) = try outputs(of: graph, name, rows, kernels: KernelSelection(set))
      var many = graph
      many.inputs[0].type = ValueType(.float32, [5, .fixed(width)])
      let plan = try ExecutionPlan(many, kernels: KernelSelection(set))
      #expect(plan.steps.allSatisfy { $0.isFast })
      let found = try plan.makeContext().run(["features": Tensor(rows.flatMap { $0 }, shape: [5, width])])
      let values = try #require(found[name]).values(as: Float.self)
      #expect(values.map(\.bitPattern) == bits(expected).flatMap { $0 })
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
