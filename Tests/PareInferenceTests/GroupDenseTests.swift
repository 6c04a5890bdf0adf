import PareGraph
import PareInference
import PareTensor
import Testing

/// What `docs/integer-arithmetic.md`, §13, says of weights of four bits in groups.
@Suite struct GroupDenseTests {
  /// As in `IntegerLoweringTests`, with a rounding more for the scale of a group, which is itself a product.
  @Test(arguments: [32, 64, 128], [(7, 3), (64, 33), (200, 17)])
  func aLayerDiffersFromTheQDQReadingByAtMostOneStep(_ blockSize: Int, _ extents: (Int, Int)) throws {
    let (inputs, outputs) = extents
    let layer = Layer(inputs: inputs, outputs: outputs, blockSize: blockSize, seed: 3)
    let graph = try layer.graph()
    let lowered = try IntegerLowering.lower(graph)
    #expect(lowered.nodes.map(\.operatorName) == [QuantizedGroupDense.name])
    // Four bits stay four bits, and the multipliers a byte a group.
    #expect(lowered.parameters["weights"]?.storage.byteCount == (inputs * outputs + 1) / 2)
    var generator = SeededGenerator(seed: 4)
    let rows = 100
    let x = Tensor((0..<rows * inputs).map { _ in UInt8(generator.below(256)) }, shape: [rows, inputs])
    let reading = try #require(evaluate(graph, ["x": x], rows: rows)["y"]).values(as: UInt8.self)
    let definition = try #require(evaluate(lowered, ["x": x], rows: rows)["y"]).values(as: UInt8.self)
    let gamma = Double(inputs + 4) * 0x1p-24 / (1 - Double(inputs + 4) * 0x1p-24)
    let bound = (0..<outputs).map { output in
      let magnitude = (0..<inputs).reduce(abs(Double(layer.bias[output]))) { sum, input in
        sum + 255 * Double(layer.inputScale) * abs(layer.weight(output, input))
      }
      let factor = Double(layer.inputScale) * Double(layer.rowScales[output]) / Double(layer.outputScale)
      return gamma * magnitude / Double(layer.outputScale) + factor / 2 + 256 * 0x1p-31
    }.max() ?? 1
    #expect(bound < 1)
    #expect(zip(reading, definition).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    #expect(Set(definition).count > 10)
  }

  /// `MatMul` with weights `[in, out]` on `[batch, steps, features]`: each row as by `Gemm`, on every instruction set.
  @Test(arguments: [32, 64], InstructionSet.allCases.filter(\.isAvailable))
  func rowsOfSeveralAxesAreLayersByThemselves(_ blockSize: Int, _ set: InstructionSet) throws {
    for (inputs, outputs) in [(7, 3), (64, 33), (100, 16)] {
      let layer = Layer(inputs: inputs, outputs: outputs, blockSize: blockSize, seed: 6)
      let byOutput = try IntegerLowering.lower(layer.graph())
      let graph = try layer.graph(steps: 5)
      let lowered = try IntegerLowering.lower(graph)
      #expect(lowered.nodes.map(\.operatorName) == [QuantizedGroupDense.name])
      var generator = SeededGenerator(seed: 7)
      let bytes = (0..<5 * inputs).map { _ in UInt8(generator.below(256)) }
      let found = try #require(evaluate(lowered, ["x": Tensor(bytes, shape: [1, 5, inputs])], rows: 1)["y"])
      let rows = try #require(evaluate(byOutput, ["x": Tensor(bytes, shape: [5, inputs])], rows: 5)["y"])
      #expect(found.values(as: UInt8.self) == rows.values(as: UInt8.self))
      let plan = try ExecutionPlan(graph, kernels: KernelSelection(set))
      #expect(plan.steps.allSatisfy { $0.kernel.hasPrefix("dense_u8s4_u8/") })
      #expect(try plan.makeContext().run(["x": Tensor(bytes, shape: [1, 5, inputs])])["y"] == found)
    }
  }

  @Test(arguments: [31, 0, 16, 256]) func otherBlocksKeepTheirFloatingPointReading(_ blockSize: Int) throws {
    let graph = try Layer(inputs: 256, outputs: 3, blockSize: blockSize == 0 ? 256 : blockSize, seed: 5).graph()
    #expect(try IntegerLowering.lower(graph).nodes.contains { $0.operatorName == "Gemm" })
  }

  /// 4,160 inputs of 255 · −8 · 255 leave Int32: summed in Int64, and left to the reference.
  @Test func whatLeavesInt32IsSummedInInt64() throws {
    for (inputs, isWide) in [(4096, false), (4160, true)] {
      var builder = GraphBuilder(name: "wide")
      let x = try builder.input("x", ValueType(.uint8, [1, .fixed(inputs)]))
      let weights = Tensor(packedFourBits: [UInt8](repeating: 0x88, count: inputs / 2), elementType: .int4, shape: [1, inputs])
      let constants = try [
        Tensor(scalar: UInt8(0)), weights, Tensor([UInt8](repeating: 255, count: inputs / 32), shape: [1, inputs / 32]),
        Tensor([Int32(7)]),
      ].map { try builder.constant($0) }
      let scale = try builder.constant(Tensor([Float(0.5)]))
      try builder.output(
        builder.apply(
          QuantizedGroupDense.name, [x] + constants + [scale], attributes: ["block_size": .int(32)], output: "real"))
      let ending = try [Tensor([Int32(1 << 30)]), Tensor([Int32(55)]), Tensor(scalar: UInt8(100))].map { try builder.constant($0) }
      try builder.output(
        builder.apply(
          QuantizedGroupDense.name, [x] + constants + ending, attributes: ["block_size": .int(32)], output: "integer"))
      let input = ["x": Tensor([UInt8](repeating: 255, count: inputs), shape: [1, inputs])]
      let sum = -8 * 255 * 255 * inputs + 7
      let plan = try ExecutionPlan(builder.graph)
      #expect(plan.steps.allSatisfy { $0.isFast == !isWide })
      for result in [try evaluate(builder.graph, input, rows: 1), try plan.makeContext().run(input)] {
        #expect(result["real"]?.values(as: Float.self) == [Float(sum) * 0.5])
        // 2^30 / 2^55 of the sum, which saturates at Int32's least.
        let clamped = max(sum, Int(Int32.min))
        #expect(result["integer"]?.values(as: UInt8.self) == [UInt8((clamped + 1 << 24) >> 25 + 100)])
      }
    }
  }

  @Test func aBlockSizeThatNoKernelHasIsRefused() throws {
    var builder = GraphBuilder(name: "block")
    let x = try builder.input("x", ValueType(.uint8, [1, 16]))
    let inputs = try [
      Tensor(scalar: UInt8(0)), Tensor(packedFourBits: [UInt8](repeating: 0, count: 8), elementType: .int4, shape: [1, 16]),
      Tensor([UInt8(1)], shape: [1, 1]), Tensor([Int32(0)]), Tensor([Float(1)]),
    ].map { try builder.constant($0) }
    let error = #expect(throws: GraphError.self) {
      try builder.apply(QuantizedGroupDense.name, [x] + inputs, attributes: ["block_size": .int(48)])
    }
    #expect(error?.code == "graph.attribute")
  }
}

/// One layer from integers to integers, in the QuantizeLinear/DequantizeLinear form.
private struct Layer {
  let inputs: Int
  let outputs: Int
  let blockSize: Int
  let inputScale: Float = 6 / 255
  let outputScale: Float = 12 / 255
  private(set) var bytes: [UInt8]
  private(set) var multipliers: [UInt8]
  private(set) var rowScales: [Float]
  private(set) var bias: [Float]

  init(inputs: Int, outputs: Int, blockSize: Int, seed: UInt64) {
    (self.inputs, self.outputs, self.blockSize) = (inputs, outputs, blockSize)
    var generator = SeededGenerator(seed: seed)
    let count = inputs * outputs
    bytes = (0..<(count + 1) / 2).map { index in
      UInt8(generator.below(16) | (index * 2 + 1 < count ? generator.below(16) << 4 : 0))
    }
    let groups = (inputs + blockSize - 1) / blockSize
    multipliers = (0..<outputs * groups).map { _ in UInt8(1 + generator.below(255)) }
    rowScales = (0..<outputs).map { _ in Float((0.5 + generator.uniform()) * 0.002 / Double(inputs).squareRoot()) }
    bias = (0..<outputs).map { _ in Float(generator.normal()) }
  }

  func weight(_ output: Int, _ input: Int) -> Double {
    let index = output * inputs + input
    let nibble = Int(bytes[index / 2] >> UInt8(index % 2 * 4) & 15)
    let groups = (inputs + blockSize - 1) / blockSize
    return Double((nibble ^ 8) - 8) * Double(multipliers[output * groups + input / blockSize]) * Double(rowScales[output])
  }

  /// - Parameter steps: of `[batch, steps, in]`, with weights `[in, out]`; nil for rows of one axis, with `[out, in]`.
  func graph(steps: Int? = nil) throws -> Graph {
    var builder = GraphBuilder(name: "layer")
    var shape: [Dimension] = ["batch", .fixed(inputs)]
    if let steps { shape.insert(.fixed(steps), at: 1) }
    let x = try builder.input("x", ValueType(.uint8, shape))
    let zero = try builder.constant(Tensor(scalar: UInt8(0)))
    let value = try builder.apply("DequantizeLinear", [x, builder.constant(Tensor(scalar: inputScale)), zero])
    let stored = Tensor(packedFourBits: bytes, elementType: .int4, shape: [outputs, inputs])
    let factors = Tensor(multipliers, shape: [outputs, (inputs + blockSize - 1) / blockSize])
    let byInput = steps != nil
    let weights = try builder.parameter(
      "weights", byInput ? Self.turned(stored.inWholeBytes(), Int8.self).asFourBits(.int4) ?? stored : stored, isTrainable: false)
    let scales = try builder.apply(
      "DequantizeLinear",
      [builder.constant(byInput ? Self.turned(factors, UInt8.self) : factors), builder.constant(Tensor(rowScales))],
      attributes: ["axis": .int(byInput ? 1 : 0)])
    let w = try builder.apply(
      "DequantizeLinear", [weights, scales], attributes: ["axis": .int(byInput ? 0 : 1), "block_size": .int(blockSize)])
    let row = try builder.constant(Tensor(bias))
    let y = try byInput
      ? builder.apply("Add", [builder.apply("MatMul", [value, w]), row])
      : builder.apply("Gemm", [value, w, row], attributes: ["transB": .int(1)])
    let middle = try builder.constant(Tensor(scalar: UInt8(128)))
    try builder.output(
      builder.apply("QuantizeLinear", [y, builder.constant(Tensor(scalar: outputScale)), middle], output: "y"))
    return builder.graph
  }

  private static func turned<Element: TensorElement>(_ tensor: Tensor, _: Element.Type) -> Tensor {
    let (rows, columns) = (tensor.shape[0], tensor.shape[1])
    let values = tensor.values(as: Element.self)
    return Tensor((0..<rows * columns).map { values[$0 % rows * columns + $0 / rows] }, shape: [columns, rows])
  }
}
