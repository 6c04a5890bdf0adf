import PareGraph
import PareInference
import PareTensor
import Testing

/// Quantized layers with zeros left out: the bits of their definition, and when they are taken.
@Suite struct SparseIntegerStepTests {
  private static let forms = ["dense_block_u8s8", "dense_slots16_u8s8", "dense_slots64_u8s8"]

  private static func sets(with form: String) -> [InstructionSet] {
    let all: [InstructionSet] = [.avx2, .avxvnni, .avx512, .avx512vnni, .avx512vbmi, .avx512vpopcntdq]
    let few: [InstructionSet] = [.avx512vbmi, .avx512vpopcntdq]
    return (form == "dense_slots64_u8s8" ? few : all).filter(\.isAvailable)
  }

  @Test(arguments: forms, [KeptWeights.twoOfFour, .oneInTen, .groups])
  func zerosLeftOutGiveTheBitsOfTheDefinition(_ form: String, _ kept: KeptWeights) throws {
    // Other zeros leave next to no block out.
    guard form != "dense_block_u8s8" || kept == .groups else { return }
    for set in Self.sets(with: form) {
      let kernels = try FormatSamples.kernels(set, forms: [form: 1])
      for extents in [[20, 128, 64, 3], [131, 33, 17, 65, 2], [64, 16]] {
        let graph = try FormatSamples.sparseIntegers(extents, kept, seed: 21)
        let plan = try ExecutionPlan(graph, kernels: kernels)
        #expect(plan.steps.count { $0.kernel.hasPrefix(form) } == extents.count - 1, "\(plan)")
        #expect(plan.decodedParameters.isEmpty)
        let context = plan.makeContext()
        let definition = try ReferenceEvaluator(IntegerLowering.lower(graph), binding: ["batch": 1])
        for row in FormatSamples.rows(10, extents[0], seed: 22) {
          _ = try context.run(features: row)
          let found = Array(try #require(context.output("logits", as: Float.self)))
          let values = try definition.run(["features": Tensor(row, shape: [1, row.count])])
          let expected = try #require(values["logits"]).values(as: Float.self)
          #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(set.rawValue) \(form) \(extents)")
        }
      }
    }
  }

  /// 2:4 fills half of the slots, so a whole product in slots may take almost twice as long as the dense one.
  @Test(arguments: [(189.0, true), (191.0, false)])
  func theTableDecidesWhetherZerosAreLeftOut(_ nanoseconds: Double, _ isTaken: Bool) throws {
    guard InstructionSet.avx2.isAvailable else { return }
    let graph = try FormatSamples.sparseIntegers([64, 32], .twoOfFour, seed: 23)
    let plan = try ExecutionPlan(
      graph, kernels: FormatSamples.kernels(.avx2, forms: ["dense_slots16_u8s8": nanoseconds, "dense_block_u8s8": 1000]))
    let step = try #require(plan.steps.last)
    #expect(step.kernel == (isTaken ? "dense_slots16_u8s8_f32/avx2" : "dense_u8s8_f32/avx2"))
    #expect(
      step.remark
        == (isTaken
          ? "zeros left out: 94.5 ns with 0.50 of the product against 100 dense, by the cost table"
          : "zeros multiplied: 100 ns dense against 95.5 in dense_slots16_u8s8_f32 with 0.50 of the product, by the cost table"))
    #expect(step.estimate == (isTaken ? 94.5 : 100) && step.float32Estimate == 100)
    #expect(plan.decodedParameters == (isTaken ? [] : ["w0"]))
    #expect(plan.description.contains(try #require(step.remark)))
  }

  /// All of a product takes at least what the dense one does, whatever a table says of half of it.
  @Test func aFormThatHoldsEverythingIsNotTaken() throws {
    guard InstructionSet.avx2.isAvailable else { return }
    let graph = try FormatSamples.sparseIntegers([64, 32], .twoOfFour, seed: 28)
    let plan = try ExecutionPlan(graph, kernels: FormatSamples.kernels(.avx2, forms: ["dense_block_u8s8": 50]))
    let step = try #require(plan.steps.last)
    #expect(step.kernel == "dense_u8s8_f32/avx2")
    #expect(
      step.remark
        == "zeros multiplied: 100 ns dense against 100 in dense_block_u8s8_f32 with 1.00 of the product, by the cost table")
  }

  @Test func aProcessorWithoutVectorsMultipliesZerosAndSaysSo() throws {
    let graph = try FormatSamples.sparseIntegers([64, 32], .oneInTen, seed: 24)
    let plan = try ExecutionPlan(graph, kernels: KernelSelection(.scalar))
    let step = try #require(plan.steps.last)
    #expect(step.kernel == "dense_u8s8_f32/scalar")
    let remark = try #require(step.remark)
    #expect(
      remark.hasPrefix("zeros multiplied: no form that leaves them out has a vector kernel here and a place in the cost table"))
  }

  @Test func aLayerWithFewZerosSaysNothingOfThem() throws {
    let graph = try FormatSamples.sparseIntegers([64, 32], .most, seed: 25)
    let step = try #require(ExecutionPlan(graph).steps.last)
    #expect(step.kernel.hasPrefix("dense_u8s8_f32") && step.remark?.contains("zeros") != true)
  }

  @Test func aPrunedConvolutionRunsDenseAndSaysSo() throws {
    var builder = GraphBuilder(name: "convolution")
    let x = try builder.input("x", ValueType(.float32, [1, 4, 20]))
    let numbers = (0..<96).map { (index: Int) -> Float in index % 10 == 0 ? Float(index + 1) : 0 }
    let weights = Tensor(numbers, shape: [8, 4, 3])
    let weight = try builder.parameter(
      "weight", Parameter(ParameterStorage(weights, layout: .bitmask), isTrainable: false))
    try builder.output(builder.apply("Conv", [x, weight], output: "y"))
    let plan = try ExecutionPlan(builder.graph)
    #expect(plan.steps.last?.remark == "zeros multiplied, although none are stored")
    #expect(plan.decodedParameters == ["weight"])
  }

  /// Several rows have no such kernel.
  @Test func rowsOfABatchGiveTheBitsOfEachByItself() throws {
    let graph = try FormatSamples.sparseIntegers([64, 48, 3], .twoOfFour, seed: 26)
    let rows = FormatSamples.rows(11, 64, seed: 27)
    let context = try ExecutionPlan(graph).makeContext()
    let expected = try rows.flatMap { row in
      _ = try context.run(features: row)
      return Array(try #require(context.output("logits", as: Float.self)))
    }
    var many = graph
    many.inputs[0].type = ValueType(.float32, [.fixed(rows.count), 64])
    let plan = try ExecutionPlan(many)
    #expect(plan.steps.contains { $0.remark?.hasPrefix("zeros multiplied, although none are stored") == true })
    let found = try plan.makeContext().run(["features": Tensor(rows.flatMap { $0 }, shape: [rows.count, 64])])
    #expect(try #require(found["logits"]).values(as: Float.self).map(\.bitPattern) == expected.map(\.bitPattern))
  }
}
