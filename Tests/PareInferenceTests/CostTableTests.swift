import PareArtifact
import PareGraph
import PareInference
import PareTensor
import Testing

@Suite struct CostTableTests {
  private static let text = """
    {"schema":1,"processor":"a \\"name\\"","kernels":"scalar","entry_ns":5,"operations":{
    "dense_f32":{"inputs":[16,32],"outputs":[16,64],"ns":[10,40,20,80]},
    "dense_u8s8_f32":{"inputs":[16],"outputs":[16],"ns":[15]},
    "relu":{"inputs":[1],"outputs":[10,20],"ns":[1,2.5]}}}
    """

  @Test func whatIsWrittenIsReadBack() throws {
    let table = try CostTable(decoding: Self.text, subject: "t")
    #expect(try CostTable(decoding: table.encoded(), subject: "t") == table)
    #expect(table.processor == "a \"name\"" && table.kernels == .scalar && table.operations.count == 3)
    #expect(try CostTable(decoding: table.encoded(), subject: "t").digest == table.digest)
    #expect(table.digest.hasPrefix("fnv1a64:"))
  }

  @Test(arguments: [
    ("\"schema\":1", "\"schema\":2", "schema"), ("\"scalar\"", "\"sse9\"", "instruction set"),
    ("[16,32]", "[32,16]", "ascending"), ("[16,32]", "[0,16]", "extent"), ("[10,40,20,80]", "[10,40,20]", "4 times"),
    ("[10,40,20,80]", "[10,40,20,0]", "above 0"), ("[10,40,20,80]", "[10,40,20,1e99]", "above 0"),
    ("\"entry_ns\":5,", "", "entry_ns"), ("\"ns\":[15]", "\"ns\":[15],\"more\":1", "more"), ("}}}", "}}", "JSON"),
  ])
  func aTableThatIsNoneIsRefusedWhereItIsWrong(change: (from: String, to: String, says: String)) throws {
    var text = Self.text
    let range = try #require(text.range(of: change.from))
    text.replaceSubrange(range, with: change.to)
    #expect { try CostTable(decoding: text, subject: "costs.json") } throws: { error in
      "\(error)".contains("costs.json") && "\(error)".contains(change.says)
    }
  }

  /// By hand: halfway between 16 and 32 inputs, a third between 16 and 64 outputs; proportional beyond; constant below.
  @Test func betweenExtentsTimesAreInterpolated() throws {
    let kernels = try KernelSelection(.scalar).with(CostTable(decoding: Self.text, subject: "t"))
    func estimate(_ inputs: Int, _ outputs: Int) throws -> Double? {
      let storage = ParameterStorage(Tensor([Float](repeating: 1, count: inputs * outputs), shape: [outputs, inputs]))
      return try ExecutionPlan(FormatSamples.dense(storage), kernels: kernels).steps.last?.estimate
    }
    #expect(try estimate(16, 16) == 10)
    #expect(try estimate(24, 32) == 30)
    #expect(try estimate(64, 64) == 160)
    #expect(try estimate(3, 5) == 10)
  }

  @Test func aTableOfOtherKernelsIsRefused() throws {
    guard InstructionSet.avx2.isAvailable else { return }
    #expect { try KernelSelection(.avx2).with(CostTable(decoding: Self.text, subject: "t")) } throws: { error in
      "\(error)".contains("'avx2'") && "\(error)".contains("'scalar'")
    }
  }

  @Test func everyInstructionSetHasATable() {
    for set in InstructionSet.allCases {
      let table = CostTable.shipped(for: set)
      #expect(table.kernels == set)
      for operation in ["dense_f32", "dense_u8s8_u8", "dense_u8s8_f32", "dense_u8s4_f32", "product_f32", "recurrent_f32", "relu"] {
        #expect(table.operations.contains(operation), "\(set) has no \(operation)")
      }
    }
  }

  /// A form is taken where the table says that it is faster, and not where it says otherwise.
  @Test func theTableDecidesWhichFormIsTaken() throws {
    guard InstructionSet.avx2.isAvailable else { return }
    let halves = Tensor((0..<128 * 128).map { Float($0 % 64) }, shape: [128, 128])
    func kernel(halvesCost: Int) throws -> String? {
      let text = """
        {"schema":1,"processor":"p","kernels":"avx2","entry_ns":5,"operations":{
        "dense_f32":{"inputs":[1],"outputs":[1],"ns":[100]},"dense_f16":{"inputs":[1],"outputs":[1],"ns":[\(halvesCost)]}}}
        """
      let kernels = try KernelSelection(.avx2).with(CostTable(decoding: text, subject: "t"))
      return try ExecutionPlan(FormatSamples.dense(ParameterStorage(halves)), kernels: kernels).steps.last?.kernel
    }
    #expect(try kernel(halvesCost: 94) == "dense_f16/avx2")
    #expect(try kernel(halvesCost: 96) == "dense_f32/avx2")
  }

  /// Integers are what the model is, so the planner cannot choose; but it says what they cost.
  @Test func integersThatAreSlowerThanFloat32AreSaidToBe() throws {
    let graph = try RandomNetwork([16, 16, 3], seed: 1).graph(quantized: true)
    for (cost, isSlower) in [(9, false), (11, true)] {
      let text = """
        {"schema":1,"processor":"p","kernels":"scalar","entry_ns":5,"operations":{
        "dense_f32":{"inputs":[1],"outputs":[1],"ns":[10]},"dense_u8s8_u8":{"inputs":[1],"outputs":[1],"ns":[\(cost)]}}}
        """
      let plan = try ExecutionPlan(graph, kernels: KernelSelection(.scalar).with(CostTable(decoding: text, subject: "t")))
      #expect(plan.steps.contains { $0.remark != nil } == isSlower)
      #expect(plan.description.contains("slower than Float32") == isSlower)
    }
  }

  @Test func aPlanWithAStepThatTheTableDoesNotKnowHasNoEstimate() throws {
    let kernels = try KernelSelection(.scalar).with(CostTable(decoding: Self.text, subject: "t"))
    let known = try ExecutionPlan(RandomNetwork([16, 16, 3], seed: 1).graph(quantized: false), kernels: kernels)
    #expect(try #require(known.estimate) > 5)
    #expect(known.estimate == known.steps.reduce(5) { $0 + ($1.estimate ?? .nan) })
    let unknown = try ExecutionPlan(RandomNetwork([16, 16, 3], seed: 1).graph(quantized: true), kernels: kernels)
    #expect(unknown.estimate == nil)
  }

  /// Small extents, one round: that it measures everything that plans ask for, not what it measures.
  @Test func aCalibrationKnowsEveryStepOfCommonNetworks() throws {
    let kernels = try KernelSelection.fromEnvironment()
    var calibration = CostCalibration(kernels, extents: [16, 48], rounds: 1)
    var fractions: [Double] = []
    let table = try calibration.run(processor: "test") { fractions.append($0) }
    #expect(fractions == fractions.sorted() && fractions.last == 1)
    #expect(try CostTable(decoding: table.encoded(), subject: "t") == table)
    let measured = try kernels.with(table)
    for quantized in [false, true] {
      let dense = try ExecutionPlan(RandomNetwork([20, 33, 3], seed: 1).graph(quantized: quantized), kernels: measured)
      #expect(dense.estimate != nil, "\(dense)")
      let lstm = RecurrentNetwork(isLSTM: true, features: 5, hidden: [8], steps: 4)
      let recurrent = try ExecutionPlan(lstm.graph(quantized: quantized), kernels: measured)
      #expect(recurrent.estimate != nil, "\(recurrent)")
    }
  }

  @Test func instructionsAreCountedOrThereIsNoCounter() {
    guard let counter = InstructionCounter() else { return }
    var sum = 0
    #expect(counter.count { for index in 0..<1000 { sum &+= index } } > 0)
  }
}
