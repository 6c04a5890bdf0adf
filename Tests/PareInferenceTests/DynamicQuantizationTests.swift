import CRuntimeCounters
import PareGraph
import PareInference
import PareTensor
import Testing

private let availableSets = InstructionSet.allCases.filter(\.isAvailable)

/// What `docs/integer-arithmetic.md`, §16, says of layers whose input is quantized by its own range.
@Suite struct DynamicQuantizationTests {
  /// Rows, inputs and outputs.
  static let extents = [(1, 1, 1), (1, 20, 128), (1, 33, 17), (1, 512, 48), (3, 20, 33), (8, 64, 3), (13, 5, 16)]

  @Test(arguments: extents, availableSets)
  func aPlanGivesTheReferencesBits(_ extents: (Int, Int, Int), _ set: InstructionSet) throws {
    for form in DynamicLayer.Form.allCases {
      let layer = DynamicLayer(rows: extents.0, inputs: extents.1, outputs: extents.2, form: form)
      let graph = try layer.graph()
      let lowered = try IntegerLowering.lower(graph)
      #expect(lowered.nodes.contains { $0.operatorName == DynamicQuantizedDense.name }, "\(form)")
      let plan = try ExecutionPlan(graph, kernels: KernelSelection(set))
      let product = extents.0 == 1 ? "dense_u8s8_f32/" : "product_u8s8_f32/"
      #expect(plan.steps.allSatisfy(\.isFast) && plan.steps.contains { $0.kernel.hasPrefix(product) }, "\(plan)")
      let context = plan.makeContext()
      for seed in 1...3 as ClosedRange<UInt64> {
        let features = ["x": random([extents.0, extents.1], seed: seed)]
        let found = try context.run(features)["y"]
        let expected = try evaluate(lowered, features, rows: 1)["y"]
        #expect(found == expected, "\(form)")
        // MatMulInteger, Cast, Mul and Add are the same function, operator by operator.
        let chain = form.isIntegerProduct ? try evaluate(graph, features, rows: 1)["y"] : expected
        #expect(found == chain, "\(form)")
      }
    }
  }

  /// Fed the same integers, the sum of the QDQ reading has inputs + 3 roundings, and the integer definition four: of the
  /// sum as Float32, of both scales, of their product and of the bias.
  @Test(arguments: extents)
  func bothReadingsAreWithinTheirRoundings(_ extents: (Int, Int, Int)) throws {
    let layer = DynamicLayer(rows: extents.0, inputs: extents.1, outputs: extents.2, form: .gemm, relu: false)
    let graph = try layer.graph()
    let features = random([extents.0, extents.1], seed: 7)
    let reading = try #require(evaluate(graph, ["x": features], rows: 1)["y"]).doubles
    let integers = try #require(evaluate(IntegerLowering.lower(graph), ["x": features], rows: 1)["y"]).doubles
    let x = features.doubles
    let step = (max(x.max() ?? 0, 0) - min(x.min() ?? 0, 0)) / 255
    func gamma(_ roundings: Int) -> Double { Double(roundings) * 0x1p-24 / (1 - Double(roundings) * 0x1p-24) }
    for row in 0..<extents.0 {
      for output in 0..<extents.2 {
        let magnitude = (0..<extents.1).reduce(Double(abs(layer.bias[output]))) { sum, input in
          sum + (abs(x[row * extents.1 + input]) + step) * abs(layer.weight(output, input))
        }
        let index = row * extents.2 + output
        #expect(abs(reading[index] - integers[index]) <= (gamma(extents.1 + 3) + gamma(4)) * magnitude)
      }
    }
  }

  @Test(arguments: availableSets)
  func awkwardRangesAreQuantizedAsByTheReference(_ set: InstructionSet) throws {
    let tiny = Float.leastNonzeroMagnitude
    let rows: [[Float]] = [
      [0, 0, 0], [-0.0, -0.0, 0], [1, 2, 3], [-1, -2, -3], [.nan, .nan, .nan], [.nan, -1, 4], [.infinity, 1, -1],
      [-.infinity, 0, .infinity], [3e38, -3e38, 1], [tiny, -tiny, 0], [-tiny, -tiny, -tiny], [300 * tiny, -200 * tiny, 7 * tiny],
      [1e-30, 1e30, 0], [0.5, 1.5, 255], [-127.5, 127.5, 0.5],
    ]
    for row in rows {
      // Beside a whole register of zeros, and within one.
      for count in [3, 21, 40] {
        let x = (0..<count).map { $0 < 3 ? row[$0] : 0 } + row.reversed()
        let graph = try oneInput([1, x.count]) { builder, features in
          try builder.append(Node("DynamicQuantizeLinear", name: "range", inputs: [features], outputs: ["q", "s", "z"]))
          for value in ["q", "s", "z"] { try builder.output(value) }
          return features
        }
        let expected = try evaluate(graph, ["x": Tensor(x, shape: [1, x.count])], rows: 1)
        let plan = try ExecutionPlan(graph, outputs: ["q", "s", "z"], kernels: KernelSelection(set))
        #expect(plan.steps.allSatisfy { $0.isFast })
        let found = try plan.makeContext().run(["x": Tensor(x, shape: [1, x.count])])
        #expect(found["q"] == expected["q"] && found["z"] == expected["z"], "\(row): \(found) for \(expected)")
        #expect(found["s"]?.values(as: Float.self)[0].bitPattern == expected["s"]?.values(as: Float.self)[0].bitPattern, "\(row)")
      }
    }
  }

  /// A range is of all rows that are evaluated together, so a block of rows would give a decision the others' range.
  @Test func everyDecisionOfABatchHasItsOwnRange() throws {
    let layer = DynamicLayer(rows: nil, inputs: 20, outputs: 5, form: .gemm)
    let plan = try BatchPlan(layer.graph(), scored: "y")
    #expect(plan.block == nil)
    let features = (0..<11).flatMap { row in random([1, 20], seed: UInt64(row)).values(as: Float.self).map { $0 * Float(row + 1) } }
    var (decisions, scores) = ([Int8](repeating: 0, count: 11), [Float](repeating: 0, count: 55))
    try plan.makeContext().run(features: features, count: 11, decisions: &decisions, scores: &scores)
    let single = plan.single.makeContext()
    for row in 0..<11 {
      let x = Tensor(Array(features[row * 20..<(row + 1) * 20]), shape: [1, 20])
      #expect(try single.run(["x": x])["y"]?.values(as: Float.self) == Array(scores[row * 5..<(row + 1) * 5]))
    }
  }

  /// Weights of uint8 are taken where less their zero point they are signed bytes; else the chain stays as it is.
  @Test func unsignedWeightsAreTakenWhereTheyAreSignedBytes() throws {
    for (zeroPoint, isTaken) in [(UInt8(128), true), (100, false)] {
      let graph = try DynamicLayer(rows: 1, inputs: 16, outputs: 4, form: .matMulInteger).graph(unsignedBy: zeroPoint)
      let lowered = try IntegerLowering.lower(graph)
      #expect(lowered.nodes.contains { $0.operatorName == DynamicQuantizedDense.name } == isTaken)
      let features = ["x": random([1, 16], seed: 2)]
      let expected = try evaluate(graph, features, rows: 1)["y"]
      #expect(try ExecutionPlan(graph).makeContext().run(features)["y"] == expected)
    }
  }

  /// 2^31 / 255 / 128 is 65,793 inputs.
  @Test func anAccumulatorThatCouldLeaveInt32StaysInFloatingPoint() throws {
    for (inputs, isTaken) in [(65_793, true), (65_794, false)] {
      let layer = DynamicLayer(rows: 1, inputs: inputs, outputs: 1, form: .gemm, extreme: true)
      let lowered = try IntegerLowering.lower(layer.graph())
      #expect(lowered.nodes.contains { $0.operatorName == DynamicQuantizedDense.name } == isTaken)
    }
  }

  @Test(.enabled(if: pare_runtime_counters_available() != 0, "needs glibc's allocator"))
  func aDecisionNeitherAllocatesNorCountsReferences() throws {
    let context = try ExecutionPlan(DynamicLayer(rows: 1, inputs: 64, outputs: 64, form: .gemm).graph()).makeContext()
    let features = random([1, 64], seed: 1).values(as: Float.self)
    let counts = try features.withUnsafeBufferPointer { features in
      let base = try #require(features.baseAddress)
      _ = try context.run(features: base)
      pare_runtime_counters_reset()
      for _ in 0..<100 { _ = try context.run(features: base) }
      return pare_runtime_counters_read()
    }
    #expect(counts.allocations == 0)
    #expect(counts.retains < 10 && counts.releases < 10)
  }
}

/// One layer in the forms in which quantizers write it, with a bias and a Relu.
struct DynamicLayer {
  enum Form: CaseIterable {
    /// DynamicQuantizeLinear, DequantizeLinear and a product with DequantizeLinear of the weights.
    case gemm, matMul, fourBits
    /// DynamicQuantizeLinear, MatMulInteger, Cast, Mul, Add, with a scale an output or one for all.
    case matMulInteger, matMulIntegerOneScale

    var isIntegerProduct: Bool { self == .matMulInteger || self == .matMulIntegerOneScale }
  }

  /// nil for an open batch.
  let rows: Int?
  let inputs: Int
  let outputs: Int
  let form: Form
  let relu: Bool
  /// By output.
  private(set) var weights: [Int8]
  private(set) var scales: [Float]
  let bias: [Float]

  init(rows: Int?, inputs: Int, outputs: Int, form: Form, relu: Bool = true, extreme: Bool = false) {
    (self.rows, self.inputs, self.outputs, self.form, self.relu) = (rows, inputs, outputs, form, relu)
    var generator = SeededGenerator(seed: 11)
    let levels = form == .fourBits ? 15 : 255
    weights = (0..<inputs * outputs).map { _ in extreme ? -128 : Int8(generator.below(levels) - levels / 2) }
    scales = (0..<outputs).map { _ in Float((0.5 + generator.uniform()) / (127 * Double(inputs).squareRoot())) }
    if form == .matMulIntegerOneScale { scales = [Float](repeating: scales[0], count: outputs) }
    bias = (0..<outputs).map { _ in Float(generator.normal()) }
  }

  func weight(_ output: Int, _ input: Int) -> Double { Double(weights[output * inputs + input]) * Double(scales[output]) }

  /// - Parameter zeroPoint: of the weights, stored as uint8 from 1 to 255; nil for Int8.
  func graph(unsignedBy zeroPoint: UInt8? = nil) throws -> Graph {
    var builder = GraphBuilder(name: "dynamic")
    let x = try builder.input("x", ValueType(.float32, [rows.map { .fixed($0) } ?? "batch", .fixed(inputs)]))
    try builder.append(Node("DynamicQuantizeLinear", name: "range", inputs: [x], outputs: ["q", "scale", "zero"]))
    var value = try form.isIntegerProduct ? integerProduct(&builder, zeroPoint) : dequantizedProduct(&builder)
    if relu { value = try builder.apply("Relu", [value]) }
    try builder.output(builder.apply("Identity", [value], output: "y"))
    return builder.graph
  }

  private func turned<Element>(_ values: [Element]) -> [Element] {
    (0..<inputs * outputs).map { values[$0 % outputs * inputs + $0 / outputs] }
  }

  private func dequantizedProduct(_ builder: inout GraphBuilder) throws -> String {
    let real = try builder.apply("DequantizeLinear", ["q", "scale", "zero"])
    let isByOutput = form != .matMul
    let stored = isByOutput ? Tensor(weights, shape: [outputs, inputs]) : Tensor(turned(weights), shape: [inputs, outputs])
    let integers = form == .fourBits ? stored.asFourBits(.int4) ?? stored : stored
    let weight = try builder.apply(
      "DequantizeLinear",
      [builder.parameter("weights", integers, isTrainable: false), builder.constant(Tensor(scales))],
      attributes: ["axis": .int(isByOutput ? 0 : 1)])
    let row = try builder.constant(Tensor(bias))
    if isByOutput { return try builder.apply("Gemm", [real, weight, row], attributes: ["transB": .int(1)], name: "dense") }
    return try builder.apply("Add", [row, builder.apply("MatMul", [real, weight])])
  }

  private func integerProduct(_ builder: inout GraphBuilder, _ zeroPoint: UInt8?) throws -> String {
    let signed = turned(weights)
    let stored = zeroPoint.map { _ in Tensor(signed.map { UInt8(Int($0) + 128) }, shape: [inputs, outputs]) }
    var operands = ["q", try builder.constant(stored ?? Tensor(signed, shape: [inputs, outputs])), "zero"]
    if let zeroPoint { operands.append(try builder.constant(Tensor(scalar: zeroPoint))) }
    let scale = form == .matMulIntegerOneScale ? Tensor(scalar: scales[0]) : Tensor(scales)
    let factor = try builder.apply("Mul", ["scale", builder.constant(scale)])
    let sums = try builder.apply(
      "Cast", [builder.apply("MatMulInteger", operands, name: "dense")],
      attributes: ["to": .int(ElementType.float32.onnxDataType)])
    return try builder.apply("Add", [builder.apply("Mul", [sums, factor]), builder.constant(Tensor(bias))])
  }
}
