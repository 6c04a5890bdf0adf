import PareGraph
import PareTensor
import Testing

@Suite struct IntegerLoweringTests {
  /// On identical integers: the bias is rounded to half an accumulator unit, M / 2 output steps with M = sx · sw / sy; the
  /// multiplier is within 2^−31; the Float32 reading is within γ_{n+3} of the real value. Two reals less than a step
  /// apart round to integers at most one apart.
  @Test(arguments: awkwardExtents) func aLayerDiffersFromTheQDQReadingByAtMostOneStep(extents: [Int]) throws {
    let network = RandomNetwork(extents, seed: 21)
    var generator = SeededGenerator(seed: 9)
    let rows = 200
    for layer in 0..<network.layerCount {
      for relu in [false, true] {
        let range: (Double, Double) = relu ? (0, 6) : (-6, 6)
        let graph = try network.integerLayer(layer, relu: relu, outputRange: range)
        let lowered = try IntegerLowering.lower(graph)
        #expect(lowered.nodes.map(\.operatorName) == [QuantizedDense.name])
        let integers = (0..<rows * extents[layer]).map { _ in UInt8(generator.below(256)) }
        let input = ["integers": Tensor(integers, shape: [rows, extents[layer]])]
        let reading = try #require(evaluate(graph, input, rows: rows)["quantized"]).values(as: UInt8.self)
        let definition = try #require(evaluate(lowered, input, rows: rows)["quantized"]).values(as: UInt8.self)
        #expect(differenceBound(network, layer, outputRange: range) < 1)
        #expect(zip(reading, definition).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
      }
    }
  }

  private func differenceBound(_ network: RandomNetwork, _ layer: Int, outputRange: (Double, Double)) -> Double {
    let columns = network.extents[layer]
    let input = Double(RandomNetwork.scale(low: layer == 0 ? -4 : 0, high: layer == 0 ? 4 : 6))
    let output = Double(RandomNetwork.scale(low: outputRange.0, high: outputRange.1))
    let gamma = Double(columns + 3) * 0x1p-24 / (1 - Double(columns + 3) * 0x1p-24)
    let reach = layer == 0 ? 4.0 : 6.0
    return network.weightScales(layer).enumerated().map { row, scale in
      let magnitude = network.weights[layer][row * columns..<(row + 1) * columns].reduce(0.0) {
        $0 + (Double($1.magnitude) + Double(scale)) * reach
      } + Double(network.biases[layer][row].magnitude)
      return gamma * magnitude / output + input * Double(scale) / output / 2 + 256 * 0x1p-31
    }.max() ?? 0
  }

  @Test func theLoweredNetworkHasNoQDQLeftAndTheSameInterface() throws {
    let graph = try RandomNetwork([20, 16, 8, 3], seed: 1).graph(quantized: true)
    let lowered = try IntegerLowering.lower(graph)
    #expect(
      lowered.nodes.map(\.operatorName.description) == [
        "Sub", "Mul", "Clip", "pare.QuantizeByReciprocal", "pare.QuantizedDense", "pare.QuantizedDense",
        "pare.QuantizedDense", "Softmax", "pare.Decide",
      ])
    #expect(lowered.inputs == graph.inputs && lowered.outputs == graph.outputs)
    #expect(lowered.parameters["dense_0.bias"] == nil)
  }

  @Test func fixedPointFactorsAreWithinTwoToTheMinus31() throws {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<10_000 {
      let factor = (1 + generator.uniform()) * Double(sign: .plus, exponent: generator.below(60) - 31, significand: 1)
      let fixed = try #require(QuantizedDense.Requantization.fixedPoint(factor))
      let value = Double(fixed.multiplier) * Double(sign: .plus, exponent: -Int(fixed.shift), significand: 1)
      #expect((value / factor - 1).magnitude <= 0x1p-31)
      #expect(fixed.multiplier >= 1 << 30 && (1...63).contains(fixed.shift))
    }
    #expect(try #require(QuantizedDense.Requantization.fixedPoint(2 - 0x1p-52)) == (1 << 30, 29))
    #expect(try #require(QuantizedDense.Requantization.fixedPoint(0x1p-60)).shift == 63)
    for refused in [0, -1, .nan, .infinity, 0x1p30] {
      #expect(QuantizedDense.Requantization.fixedPoint(refused) == nil)
    }
  }

  @Test func ofTwoHalvesTheHigherIsTaken() throws {
    // The factor 1/2: multiplier 2^30, shift 31.
    let values = try requantize([-3, -1, 1, 3, 5], multiplier: 1 << 30, shift: 31, zeroPoint: 10)
    #expect(values == [9, 10, 11, 12, 13])
  }

  @Test func requantizationSaturatesAtBothEnds() throws {
    let extremes: [Int32] = [.min, -1000, 1000, .max]
    #expect(try requantize(extremes, multiplier: .max, shift: 1, zeroPoint: 7) == [0, 0, 255, 255])
    #expect(try requantize(extremes, multiplier: .max, shift: 63, zeroPoint: 7) == [7, 7, 7, 7])
  }

  /// A layer whose weights are 0, so that the accumulator is the bias.
  private func requantize(_ accumulators: [Int32], multiplier: Int32, shift: Int32, zeroPoint: UInt8) throws -> [UInt8] {
    let count = accumulators.count
    var builder = GraphBuilder(name: "requantization")
    let x = try builder.input("x", ValueType(.uint8, [1, 1]))
    let inputs = [x] + (try [
      Tensor(scalar: UInt8(0)), Tensor([Int8](repeating: 0, count: count), shape: [count, 1]), Tensor(accumulators),
      Tensor([Int32](repeating: multiplier, count: count)), Tensor([Int32](repeating: shift, count: count)),
      Tensor(scalar: zeroPoint),
    ].map { try builder.constant($0) })
    try builder.output(builder.apply(QuantizedDense.name, inputs, output: "y"))
    return try #require(evaluate(builder.graph, ["x": Tensor([UInt8(1)], shape: [1, 1])], rows: 1)["y"]).values()
  }

  @Test func inputsAreQuantizedHalfToEvenAndSaturate() throws {
    var builder = GraphBuilder(name: "quantization")
    let x = try builder.input("x", ValueType(.float32, [9]))
    let y = try builder.apply(
      "QuantizeLinear",
      [x, builder.constant(Tensor(scalar: Float(0.5))), builder.constant(Tensor(scalar: UInt8(100)))], output: "y")
    try builder.output(y)
    let values: [Float] = [0.25, 0.75, -0.25, -0.75, .nan, .infinity, -.infinity, 1e30, -0.0]
    let result = try evaluate(IntegerLowering.lower(builder.graph), ["x": Tensor(values)], rows: 1)
    #expect(result["y"]?.values(as: UInt8.self) == [100, 102, 100, 98, 100, 255, 0, 255, 100])
  }

  @Test func aBiasThatIsQuantizedAlreadyIsTakenAsItIs() throws {
    let scale = Float(0.01) * Float(0.03)
    let lowered = try IntegerLowering.lower(
      oneLayer(inputScale: 0.01, weightScale: 0.03) { builder in
        try builder.apply(
          "DequantizeLinear", [builder.constant(Tensor([Int32(1_234_567)])), builder.constant(Tensor([scale]))],
          attributes: ["axis": .int(0)])
      })
    #expect(lowered.parameters["dense.quantized_bias"]?.storage.decoded() == Tensor([Int32(1_234_567)]))
  }

  @Test(arguments: [Float(0), .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity])
  func aScaleWithoutAUsableReciprocalIsRefused(scale: Float) {
    #expect(throws: GraphError.self) {
      var builder = GraphBuilder(name: "quantization")
      let x = try builder.input("x", ValueType(.float32, [3]))
      try builder.output(builder.apply("QuantizeLinear", [x, builder.constant(Tensor(scalar: scale))]))
      _ = try IntegerLowering.lower(builder.graph)
    }
  }

  @Test func aBiasBeyondInt32IsRefusedAndTheSmallestScaleMendsIt() throws {
    let bias = Float(0.1)
    #expect(throws: GraphError.self) {
      _ = try IntegerLowering.lower(
        oneLayer(inputScale: 0.01, weightScale: 1e-14) { try $0.constant(Tensor([bias])) })
    }
    let mended = QuantizedDense.smallestWeightScale(bias: bias, inputScale: 0.01)
    let lowered = try IntegerLowering.lower(
      oneLayer(inputScale: 0.01, weightScale: mended) { try $0.constant(Tensor([bias])) })
    let stored = try #require(lowered.parameters["dense.quantized_bias"]).storage.decoded().values(as: Int32.self)
    #expect(stored[0] <= 1 << 30 && stored[0] > (1 << 30) - 100)
  }

  @Test func anAccumulatorThatCouldOverflowIsRefused() throws {
    func prepare(bias: Int32) throws {
      var builder = GraphBuilder(name: "overflow")
      let x = try builder.input("x", ValueType(.uint8, [1, 1]))
      let inputs = [x] + (try [
        Tensor(scalar: UInt8(0)), Tensor([Int8(100)], shape: [1, 1]), Tensor([bias]), Tensor([Float(1)]),
      ].map { try builder.constant($0) })
      try builder.output(builder.apply(QuantizedDense.name, inputs))
      _ = try ReferenceEvaluator(builder.graph)
    }
    try prepare(bias: Int32.max - 25_500)
    #expect(throws: GraphError.self) { try prepare(bias: Int32.max - 25_499) }
  }

  private func oneLayer(
    inputScale: Float, weightScale: Float, bias: (inout GraphBuilder) throws -> String
  ) throws -> Graph {
    var builder = GraphBuilder(name: "layer")
    let x = try builder.input("x", ValueType(.uint8, ["batch", 2]))
    let input = try builder.apply("DequantizeLinear", [x, builder.constant(Tensor(scalar: inputScale))])
    let weight = try builder.apply(
      "DequantizeLinear",
      [builder.constant(Tensor([Int8(3), -5], shape: [1, 2])), builder.constant(Tensor([weightScale]))],
      attributes: ["axis": .int(0)])
    let offset = try bias(&builder)
    try builder.output(
      builder.apply("Gemm", [input, weight, offset], attributes: ["transB": .int(1)], name: "dense"))
    return builder.graph
  }
}
