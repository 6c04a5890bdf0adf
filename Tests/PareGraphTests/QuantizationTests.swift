import PareGraph
import PareTensor
import Testing

@Suite struct QuantizationTests {
  private func quantize<Quantized: FixedWidthInteger & TensorElement>(
    _ x: [Float], shape: Shape? = nil, scale: Tensor, zeroPoint: Tensor?, _ attributes: [String: Attribute] = [:],
    as type: Quantized.Type
  ) throws -> [Quantized] {
    var operands: [OperatorCase.Operand] = [.variable(Tensor(x, shape: shape ?? [x.count])), .constant(scale)]
    if let zeroPoint { operands.append(.constant(zeroPoint)) }
    return try OperatorCase("QuantizeLinear", "", operands, attributes).evaluate()[0].values()
  }

  private let values: [Float] = [-1.5, -0.25, 0, 0.125, 0.375, 1, 100, -100, .nan, .infinity, -.infinity]

  @Test func roundsHalfToEvenAndSaturates() throws {
    let scale = Tensor(scalar: 0.25 as Float)
    #expect(
      try quantize(values, scale: scale, zeroPoint: Tensor(scalar: 128 as UInt8), as: UInt8.self)
        == [122, 127, 128, 128, 130, 132, 255, 0, 128, 255, 0])
    #expect(
      try quantize(values, scale: scale, zeroPoint: Tensor(scalar: -3 as Int8), as: Int8.self)
        == [-9, -4, -3, -3, -1, 1, 127, -128, -3, 127, -128])
    #expect(
      try quantize([9000, -9000, 1], scale: scale, zeroPoint: Tensor(scalar: 7 as Int16), as: Int16.self)
        == [32767, -32768, 11])
    #expect(
      try quantize([20000, -1, 1], scale: scale, zeroPoint: Tensor(scalar: 7 as UInt16), as: UInt16.self)
        == [65535, 3, 11])
  }

  @Test func withoutAZeroPointTheOutputIsUInt8UnlessAskedFor() throws {
    let scale = Tensor([0.5] as [Float])
    #expect(try quantize([1, -1], scale: scale, zeroPoint: nil, as: UInt8.self) == [2, 0])
    #expect(
      try quantize(
        [1, -1], scale: scale, zeroPoint: nil, ["output_dtype": .int(ElementType.int8.onnxDataType)], as: Int8.self)
        == [2, -2])
  }

  @Test func everyChannelHasItsScale() throws {
    let x: [Float] = [1, 2, 3, 4, 5, 6]
    let scale = Tensor([1, 0.5] as [Float])
    let zeroPoint = Tensor([0, 10] as [UInt8])
    #expect(
      try quantize(x, shape: [2, 3], scale: scale, zeroPoint: zeroPoint, ["axis": .int(0)], as: UInt8.self)
        == [1, 2, 3, 18, 20, 22])
    #expect(
      try quantize(x, shape: [3, 2], scale: scale, zeroPoint: zeroPoint, as: UInt8.self) == [1, 14, 3, 18, 5, 22])
  }

  private func dequantize(_ operands: [OperatorCase.Operand], _ attributes: [String: Attribute] = [:]) throws -> [Float] {
    try OperatorCase("DequantizeLinear", "", operands, attributes).evaluate()[0].values()
  }

  @Test func dequantizationIsExactOnEveryType() throws {
    let scale = OperatorCase.Operand.constant(Tensor(scalar: 0.5 as Float))
    #expect(try dequantize([.variable(Tensor([-128, 127] as [Int8])), scale]) == [-64, 63.5])
    #expect(
      try dequantize([.variable(Tensor([0, 255] as [UInt8])), scale, .constant(Tensor(scalar: 128 as UInt8))]) == [-64, 63.5])
    #expect(
      try dequantize([.variable(Tensor([0, 65535] as [UInt16])), scale, .constant(Tensor(scalar: 1 as UInt16))])
        == [-0.5, 32767])
    #expect(try dequantize([.variable(Tensor([-32768] as [Int16])), scale]) == [-16384])
    #expect(
      try dequantize([.variable(Tensor([.min, .max] as [Int32])), scale, .constant(Tensor(scalar: .max as Int32))])
        == [-0x1p31, 0])
    #expect(
      try dequantize(
        [.variable(Tensor([1, 2, 3, 4] as [Int8], shape: [2, 2])), .constant(Tensor([1, 10] as [Float]))], ["axis": .int(0)])
        == [1, 2, 30, 40])
  }

  /// |x − (q − z)·s| ≤ s / 2 within range; a quotient near a tie may be off by its own rounding, u·|x| / s levels.
  @Test func aRoundTripStaysWithinHalfAStep() throws {
    let scale: Float = 0.0173
    let x = (0..<2000).map { Float($0 - 1000) * 0.0021 }
    let q = try quantize(x, scale: Tensor(scalar: scale), zeroPoint: Tensor(scalar: 121 as UInt8), as: UInt8.self)
    let back = try dequantize([
      .variable(Tensor(q)), .constant(Tensor(scalar: scale)), .constant(Tensor(scalar: 121 as UInt8)),
    ])
    for (x, back) in zip(x, back) where x >= -121 * scale && x <= 134 * scale {
      #expect(abs(Double(x) - Double(back)) <= Double(scale) / 2 + 3 * 0x1p-24 * 2.2)
    }
  }

  @Test func whatWasQuantizedQuantizesToItself() throws {
    let all = Tensor((0...255).map { UInt8($0) })
    let scale = Tensor(scalar: 0.0473 as Float)
    let zero = Tensor(scalar: 77 as UInt8)
    let x = try dequantize([.variable(all), .constant(scale), .constant(zero)])
    #expect(try Tensor(quantize(x, scale: scale, zeroPoint: zero, as: UInt8.self)) == all)
  }

  /// The pair is differentiated as one: dY where x was within range, 0 where it saturated.
  @Test func theGradientOfThePairIsStraightThrough() throws {
    var builder = GraphBuilder(name: "pair")
    let x = try builder.input("x", ValueType(.float32, ["batch", 2]))
    let dy = try builder.input("dy", ValueType(.float32, ["batch", 2]))
    let scale = try builder.constant(Tensor([0.5, 0.25] as [Float]))
    let zero = try builder.constant(Tensor([0, 100] as [UInt8]))
    let quantize = Node("QuantizeLinear", name: "q", inputs: [x, scale, zero], outputs: ["q"])
    let dequantize = Node("DequantizeLinear", name: "dq", inputs: ["q", scale, zero], outputs: ["y"])
    try builder.append(quantize)
    try builder.append(dequantize)

    var context = GradientContext(node: dequantize, outputGradients: [dy], wanted: [true, false, false], builder: builder)
    let byQuantized = try DequantizeLinear.gradient(&context)
    #expect(byQuantized == [dy, nil, nil])
    var outer = GradientContext(
      node: quantize, outputGradients: [byQuantized[0]], wanted: [true, false, false], builder: context.builder)
    let byX = try QuantizeLinear.gradient(&outer)
    let gradient = try #require(byX[0])
    #expect(byX[1] == nil && byX[2] == nil)

    // First column: range 0 … 127.5; second: −25 … 38.75, in both half a step more rounds back into it.
    let xs: [Float] = [-0.24, -25.12, -0.26, -25.13, 127.74, 38.87, 127.76, 38.88, .nan, 0]
    let dys = (1...10).map(Float.init)
    let values = try ReferenceEvaluator(outer.builder.graph, binding: ["batch": 5], outputs: [gradient])
      .run(["x": Tensor(xs, shape: [5, 2]), "dy": Tensor(dys, shape: [5, 2])])
    #expect(values[gradient]?.values() == [1, 2, 0, 0, 5, 6, 0, 0, 0, 10] as [Float])
  }

  @Test func scalesThatAreNotAboveZeroAreRefused() {
    for scale in [0, -1, Float.nan, .infinity] {
      let error = #expect(throws: GraphError.self) {
        try quantize([1], scale: Tensor(scalar: scale), zeroPoint: nil, as: UInt8.self)
      }
      #expect(error?.code == "graph.scale")
    }
  }

  @Test func zeroPointsOfAnotherTypeOrShapeAreRefused() {
    let x = OperatorCase.Operand.variable(Tensor([1, 2] as [Int8]))
    let scale = OperatorCase.Operand.constant(Tensor(scalar: 1 as Float))
    #expect(throws: GraphError.self) { try dequantize([x, scale, .constant(Tensor(scalar: 0 as UInt8))]) }
    #expect(throws: GraphError.self) { try dequantize([x, scale, .constant(Tensor([0, 0] as [Int8]))]) }
    #expect(throws: GraphError.self) {
      try dequantize([x, .constant(Tensor([1, 1, 1] as [Float]))], ["axis": .int(0)])
    }
    let two = OperatorCase.Operand.constant(Tensor([1, 1] as [Float]))
    #expect(throws: GraphError.self) { try dequantize([x, two], ["axis": .int(0), "block_size": .int(2)]) }
    #expect(throws: GraphError.self) { try dequantize([x, scale], ["block_size": .int(-1)]) }
    #expect(throws: GraphError.self) {
      try quantize([1], scale: Tensor(scalar: 1), zeroPoint: Tensor(scalar: 0 as Int32), as: UInt8.self)
    }
  }
}
