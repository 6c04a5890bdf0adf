import Foundation
import PareGraph
import PareTensor
import Testing

/// Recurrent layers on integers: the rules of `docs/integer-arithmetic.md`, §8 to §12, and how far they are from the
/// Float32 layers that they stand for.
@Suite struct QuantizedRecurrentTests {
  // MARK: the table

  @Test func theTableIsTanhLessATwelfthOfItsCurvatureRounded() {
    for (knot, value) in GateArithmetic.table.enumerated() {
      let t = tanh(Double(knot) / 16)
      let exact = (t + t * (1 - t * t) / 1536) * 32768
      #expect(abs(exact - Double(value)) <= 0.5)
      // Far enough from a tie that a library's last bit cannot decide.
      #expect(abs(exact - exact.rounded(.down) - 0.5) > 1e-6 || knot == 0)
    }
  }

  /// What a line between knots is off adds up to nothing over the arguments of a sixteenth, up to the rounding of the two
  /// knots and a remainder of the fourth order: h⁴ · max |tanh⁗| / 120, with |tanh⁗| < 5.
  @Test func linesBetweenKnotsAreRightOnAverage() {
    let width = 256
    let bound = 0x1p-16 + 0x1p-16 * 5 / 120 + 1e-8
    for knot in 0..<64 {
      let from = Double(GateArithmetic.table[knot]) / 32768
      let slope = (Double(GateArithmetic.table[knot + 1]) / 32768 - from) / Double(width)
      var sum = 0.0
      for step in 0..<width {
        let u = Double(step) + 0.5
        sum += from + slope * u - tanh((Double(knot * width) + u) / 4096)
      }
      #expect(abs(sum / Double(width)) <= bound, "\(knot)")
    }
  }

  /// The bounds of §8; two roundings of half a unit follow, and a third in a sigmoid.
  @Test func gatesAreWithinTheirBounds() {
    let curvature = 4 / (3 * 3.0.squareRoot())
    let chord = (curvature + 0.125) / (12 * 256)
    let (beyond, unit) = (1 - tanh(4.0), 0x1p-15)
    for v in Int32(Int16.min)...Int32(Int16.max) {
      for bits in [7, 11, 12, 14] {
        let x = Double(v) / Double(1 << bits)
        let error = abs(Double(GateArithmetic.hyperbolicTangent(v, bits: bits)) * unit - tanh(x))
        #expect(error <= (abs(x) < 4 ? chord + unit : beyond + 2 * unit) + chord * 0x1p-6, "\(v) \(bits)")
      }
      let x = Double(v) / 4096
      let error = abs(Double(GateArithmetic.sigmoid(v)) * unit - 1 / (1 + exp(-x)))
      #expect(error <= (abs(x) < 8 ? (chord + unit) / 2 + unit / 2 : beyond / 2 + 2 * unit) + chord * 0x1p-6, "\(v)")
    }
  }

  @Test func gatesAreOddAndMonotonic() {
    for v in Int32(-32767)...32767 {
      #expect(GateArithmetic.hyperbolicTangent(-v, bits: 12) == -GateArithmetic.hyperbolicTangent(v, bits: 12))
      #expect(GateArithmetic.hyperbolicTangent(v, bits: 12) >= GateArithmetic.hyperbolicTangent(v - 1, bits: 12))
      #expect((11...32757).contains(GateArithmetic.sigmoid(v)))
    }
  }

  @Test func aStateIsAByteAround128() {
    #expect(GateArithmetic.byte(0, levels: 128) == 128)
    #expect(GateArithmetic.byte(16384, levels: 128) == 192)
    #expect(GateArithmetic.byte(32767, levels: 128) == 255)
    #expect(GateArithmetic.byte(-32768, levels: 128) == 0)
    #expect(GateArithmetic.byte(-32768, levels: 512) == 0)
    #expect(GateArithmetic.byte(127, levels: 128) == 128 && GateArithmetic.byte(128, levels: 128) == 129)
  }

  @Test func argumentsAreNearTheirRealValue() throws {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<200 {
      let count = 1 + generator.below(40)
      let weights = (0..<count).map { _ in Int8(generator.below(255) - 127) }
      let bias = Int32(generator.below(1 << 18) - 1 << 17)
      let factor = (0.5 + generator.uniform()) * Double(sign: .plus, exponent: -generator.below(12), significand: 1)
      let fixed = try #require(GateProducts.fixedPoint(factor))
      #expect(abs(Double(fixed.multiplier) / Double(1 << Int64(fixed.shift)) / factor - 1) <= 0x1p-14)
      let products = try GateProducts(
        Node("pare.QuantizedLSTM", name: "subject", inputs: [], outputs: []), rowCount: 1, columnCount: count, zeroPoint: 99,
        weights: weights, bias: [bias], multipliers: [fixed.multiplier], totalShifts: [fixed.shift])
      let x = (0..<count).map { _ in UInt8(generator.below(256)) }
      let sum = zip(x, weights).reduce(Double(bias)) { $0 + (Double($1.0) - 99) * Double($1.1) }
      let exact = min(max(sum * factor, -32768), 32767)
      // The bound of §9: half a unit of the first shift, half of the second, and the multiplier's.
      let step = Double(1 << Int64(products.shifts[0])) * factor
      let bound = (products.shifts[0] > 0 ? step * 0.5001 : 0) + 0.5 + abs(sum * factor) * 0x1p-14
      #expect(abs(Double(products.argument(0, x)) - exact) <= bound, "\(factor) \(sum)")
    }
  }

  // MARK: by hand

  /// One unit of one input, worked out with the rules alone.
  @Test func oneUnitByHand() throws {
    // W 64 and R −64 in every gate, accumulators to arguments by 2^−2 each, and biases.
    let factor = QuantizedRecurrentSample.Factor(multiplier: 1 << 13, shift: 15)
    let sample = QuantizedRecurrentSample(
      isLSTM: true, features: 1, hidden: 1, w: [64, 64, 64, 64], r: [-64, -64, -64, -64], inputBias: [0, 400, -800, 1200],
      stateBias: [16, 16, 16, 16], factor: factor, zeroPoint: 100, attributes: ["cell_bits": .int(12)])
    let outputs = try sample.evaluate(x: [228, 0], steps: 2)
    var (h, c): (Int32, Int32) = (0, 0)
    for (step, x) in [Int32(228), 0].enumerated() {
      func argument(_ bias: Int32) -> Int32 { (64 * (x - 100) + bias + 2) >> 2 + (-64 * h + 16 + 2) >> 2 }
      let (i, o, f) = (GateArithmetic.sigmoid(argument(0)), GateArithmetic.sigmoid(argument(400)), GateArithmetic.sigmoid(argument(-800)))
      let q = GateArithmetic.hyperbolicTangent(argument(1200), bits: 12)
      c = (f * c + 16384) >> 15 + (((i * q + 16384) >> 15) + 4) >> 3
      let y = (o * GateArithmetic.hyperbolicTangent(c, bits: 12) + 16384) >> 15
      h = min(max((y * 128 + 16384) >> 15, -128), 127)
      #expect(outputs[0].values(as: UInt8.self)[step] == UInt8(h + 128))
    }
    #expect(outputs[1].values(as: UInt8.self) == [UInt8(h + 128)])
    #expect(outputs[2].values(as: Int16.self) == [Int16(c)])
  }

  /// The state is reset, made a byte and multiplied with n's row of R, whose argument is added as it is.
  @Test func aResetBeforeTheProductByHand() throws {
    let factor = QuantizedRecurrentSample.Factor(multiplier: 1 << 13, shift: 15)
    let sample = QuantizedRecurrentSample(
      isLSTM: false, features: 1, hidden: 1, w: [64, -64, 64], r: [-64, 100, 90], inputBias: [0, 400, -800],
      stateBias: [16, 16, -24], factor: factor, zeroPoint: 100, attributes: ["linear_before_reset": .int(0)])
    let x: [UInt8] = [228, 90, 140]
    let outputs = try sample.evaluate(x: x, steps: 3)
    var (s, q): (Int32, Int32) = (0, 0)
    for (step, byte) in x.map(Int32.init).enumerated() {
      func argument(_ w: Int32, _ inputBias: Int32, _ r: Int32, _ stateBias: Int32, _ h: Int32) -> Int32 {
        (w * (byte - 100) + inputBias + 2) >> 2 + (r * h + stateBias + 2) >> 2
      }
      func bytes(_ state: Int32) -> Int32 { min(max((state * 128 + 16384) >> 15, -128), 127) }
      let z = GateArithmetic.sigmoid(argument(64, 0, -64, 16, q)), r = GateArithmetic.sigmoid(argument(-64, 400, 100, 16, q))
      let n = GateArithmetic.hyperbolicTangent(argument(64, -800, 90, -24, bytes((r * s + 16384) >> 15)), bits: 12)
      s = (z * s + 16384) >> 15 + ((32768 - z) * n + 16384) >> 15
      q = bytes(s)
      #expect(outputs[0].values(as: UInt8.self)[step] == UInt8(q + 128))
    }
    #expect(outputs[1].values(as: Int16.self) == [Int16(s)])
  }

  @Test func stateGoesOnWhereItStopped() throws {
    for isLSTM in [true, false] {
      let sample = QuantizedRecurrentSample(isLSTM: isLSTM, features: 3, hidden: 5, seed: 7)
      let x = sample.bytes(6)
      let whole = try sample.evaluate(x: x, steps: 6)
      let first = try sample.evaluate(x: Array(x[..<9]), steps: 3)
      let second = try sample.evaluate(x: Array(x[9...]), steps: 3, states: Array(first.dropFirst()))
      #expect(second.dropFirst().elementsEqual(whole.dropFirst()))
      #expect(first[0].values(as: UInt8.self) + second[0].values(as: UInt8.self) == whole[0].values(as: UInt8.self))
    }
  }

  @Test func theOtherDirectionIsTheReversedSequence() throws {
    for isLSTM in [true, false] {
      let sample = QuantizedRecurrentSample(isLSTM: isLSTM, features: 2, hidden: 3, seed: 5)
      let x = sample.bytes(4)
      let turned = stride(from: 6, through: 0, by: -2).flatMap { x[$0..<$0 + 2] }
      var reversed = sample
      reversed.attributes["direction"] = .string("reverse")
      let (forward, backward) = (try sample.evaluate(x: turned, steps: 4), try reversed.evaluate(x: x, steps: 4))
      let y = forward[0].values(as: UInt8.self)
      #expect(backward[0].values(as: UInt8.self) == stride(from: 9, through: 0, by: -3).flatMap { y[$0..<$0 + 3] })
      #expect(forward[1] == backward[1])
    }
  }

  // MARK: four bits

  @Test(arguments: [true, false], [(31, 5, 32), (65, 33, 32), (70, 66, 64), (129, 4, 128)])
  func fourBitsInBlocksEqualTheirProductsInEightBits(isLSTM: Bool, extents: (Int, Int, Int)) throws {
    let (features, hidden, blockSize) = extents
    let pair = QuantizedRecurrentSample.pair(
      isLSTM: isLSTM, features: features, hidden: hidden, blockSize: blockSize, seed: 11)
    let x = pair.fourBits.bytes(4)
    #expect(try pair.fourBits.evaluate(x: x, steps: 4) == pair.eightBits.evaluate(x: x, steps: 4))
  }

  @Test func blocksThatDoNotFitAreRefused() throws {
    func code(_ change: (inout QuantizedRecurrentSample) -> Void) throws -> String {
      var sample = QuantizedRecurrentSample.pair(isLSTM: false, features: 33, hidden: 2, blockSize: 32, seed: 1).fourBits
      change(&sample)
      do {
        _ = try sample.evaluate(x: sample.bytes(1), steps: 1)
        return "none"
      } catch let error as GraphError {
        return error.code
      }
    }
    #expect(try code { _ in } == "none")
    #expect(try code { $0.attributes["block_size"] = .int(48) } == "graph.attribute")
    #expect(try code { $0.attributes["block_size"] = .int(64) } == "graph.input-type")
    #expect(try code { $0.blocks?.state = [] } == "graph.input-type")
    let graph = try FloatRecurrentStack(isLSTM: true, features: 4, hidden: [3], steps: 2, seed: 1).graph()
    let ranges = ["lstm_0": RecurrentRanges(inputScale: 1, inputZeroPoint: 0)]
    #expect(throws: GraphError.self) {
      try RecurrentQuantization.quantize(graph, ranges, weights: .int4(blockSize: 16))
    }
  }

  @Test func fourBitWeightsTakeFourBitsAndAByteABlock() throws {
    let stack = FloatRecurrentStack(isLSTM: true, features: 64, hidden: [32], steps: 2, seed: 3)
    let quantized = try RecurrentQuantization.quantize(stack.graph(), stack.ranges, weights: .int4(blockSize: 32))
    let node = try #require(quantized.nodes.first { $0.operatorName == QuantizedLSTM.name })
    func byteCount(_ index: Int) throws -> Int {
      try #require(quantized.parameters[node.input(index) ?? ""]).storage.byteCount
    }
    #expect(try byteCount(QuantizedRecurrentInput.w) == 128 * 64 / 2)
    #expect(try byteCount(QuantizedRecurrentInput.inputBlockMultiplier) == 128 * 2)
    #expect(try byteCount(QuantizedRecurrentInput.stateBlockMultiplier) == 128)
  }

  /// A block's greatest weight may be clipped, but no weight is off by more than the block's greatest magnitude times
  /// 3/8, and the block as a whole by no more than without clipping: half a step of a seventh each.
  @Test func aBlockIsNoFurtherOffThanRoundingAllows() throws {
    let stack = FloatRecurrentStack(isLSTM: false, features: 70, hidden: [9], steps: 1, seed: 6)
    let graph = try stack.graph()
    let quantized = try RecurrentQuantization.quantize(graph, stack.ranges, weights: .int4(blockSize: 32))
    let node = try #require(quantized.nodes.first { $0.operatorName == QuantizedGRU.name })
    func tensor(_ index: Int) throws -> Tensor {
      try #require(quantized.parameters[node.input(index) ?? ""]).storage.decoded()
    }
    let (integers, multipliers) = (try tensor(QuantizedRecurrentInput.w), try tensor(QuantizedRecurrentInput.inputBlockMultiplier))
    let weights = try #require(graph.parameters["W0"]).storage.decoded().doubles
    #expect(Set(integers.doubles).isSuperset(of: [-7, 0, 7]))
    for row in 0..<27 {
      let part = weights[row * 70..<(row + 1) * 70]
      let step = part.reduce(0) { max($0, abs($1)) } / (255 * 7)
      for block in 0..<3 {
        let columns = block * 32..<min(block * 32 + 32, 70)
        let scale = step * multipliers.doubles[row * 3 + block]
        let errors = columns.map { weights[row * 70 + $0] - scale * integers.doubles[row * 70 + $0] }
        let greatest = columns.reduce(0) { max($0, abs(weights[row * 70 + $1])) }
        // A multiplier is rounded up to an integer: by one step at most.
        let half = (greatest / 7 + step) / 2 * 1.000001
        #expect(errors.allSatisfy { abs($0) <= greatest * 3 / 8 + half })
        #expect(errors.reduce(0) { $0 + $1 * $1 } <= half * half * Double(columns.count))
      }
    }
  }

  // MARK: what is refused

  @Test func whatCouldOverflowIsRefused() throws {
    var sample = QuantizedRecurrentSample(isLSTM: true, features: 2, hidden: 2, seed: 1)
    sample.inputBias[3] = .max - 1000
    #expect(throws: GraphError.self) { try sample.evaluate(x: [0, 0], steps: 1) }
    sample.inputBias[3] = 1 << 20
    sample.factor = .init(multiplier: 1 << 13, shift: 0)
    do {
      _ = try sample.evaluate(x: [0, 0], steps: 1)
      Issue.record("a factor of 2^13 was taken")
    } catch let error as GraphError {
      #expect(error.code == "graph.gate-range")
    }
    sample.factor = .init(multiplier: 1 << 14, shift: 20)
    #expect(throws: GraphError.self) { try sample.evaluate(x: [0, 0], steps: 1) }
    sample.factor = .init(multiplier: 1 << 13, shift: 20)
    for (name, value) in [("cell_bits", 6), ("cell_bits", 15), ("state_levels", 0), ("state_levels", 32768)] {
      var wrong = sample
      wrong.attributes[name] = .int(value)
      #expect(throws: GraphError.self) { try wrong.evaluate(x: [0, 0], steps: 1) }
    }
  }

  // MARK: against Float32

  @Test(arguments: [(true, false), (false, false), (false, true)], [RecurrentWeights.int8, .int4(blockSize: 32)])
  func integersFollowTheFloatLayers(kind: (Bool, Bool), weights: RecurrentWeights) throws {
    let (isLSTM, resetsFirst) = kind
    let stack = FloatRecurrentStack(isLSTM: isLSTM, resetsFirst: resetsFirst, features: 12, hidden: [24, 16], steps: 30, seed: 3)
    let graph = try stack.graph()
    let quantized = try RecurrentQuantization.quantize(graph, stack.ranges, weights: weights)
    let name: OperatorName = isLSTM ? "pare.QuantizedLSTM" : "pare.QuantizedGRU"
    #expect(quantized.nodes.count { $0.operatorName == name } == 2)
    // Bytes are handed from layer to layer: one quantization, and one way back before the head.
    #expect(quantized.nodes.count { $0.operatorName == "pare.QuantizeByReciprocal" } == 1)
    #expect(quantized.nodes.count { $0.operatorName == "DequantizeLinear" } == 1)
    let (exact, found) = (try ReferenceEvaluator(graph, precision: .float64), try ReferenceEvaluator(quantized))
    var (signal, noise) = (0.0, 0.0)
    for seed in 0..<20 as Range<UInt64> {
      let x = ["x": stack.window(seed: seed)]
      for (a, b) in zip(try exact.run(x)["y"]?.doubles ?? [], try found.run(x)["y"]?.doubles ?? []) {
        signal += a * a
        noise += (a - b) * (a - b)
      }
    }
    let decibels = 10 * log10(signal / noise)
    print("\(weights) \(isLSTM ? "LSTM" : "GRU")\(resetsFirst ? ", reset first," : "") against Float64: \(decibels) dB")
    // Steps of weights are 18 times as great with four bits, those of the states are the same.
    #expect(decibels > (weights == .int8 ? 30 : 15))
  }

  @Test func otherKindsOfLayersAreRefused() throws {
    let stack = FloatRecurrentStack(isLSTM: true, features: 2, hidden: [3], steps: 2, seed: 1)
    let graph = try stack.graph()
    let index = try #require(graph.nodes.firstIndex { $0.operatorName == "LSTM" })
    for (name, value) in [
      ("clip", .float(1)), ("input_forget", .int(1)), ("activations", .strings(["Relu", "Tanh", "Tanh"])),
    ] as [(String, Attribute)] {
      var wrong = graph
      wrong.nodes[index].attributes[name] = value
      #expect(!RecurrentQuantization.applies(to: wrong.nodes[index], in: wrong))
      #expect(throws: GraphError.self) { try RecurrentQuantization.quantize(wrong, stack.ranges) }
    }
    #expect(RecurrentQuantization.applies(to: graph.nodes[index], in: graph))
    #expect(throws: GraphError.self) { try RecurrentQuantization.quantize(graph, ["nowhere": stack.ranges["lstm_0"]!]) }
  }
}
