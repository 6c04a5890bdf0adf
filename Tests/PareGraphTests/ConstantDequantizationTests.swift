import PareGraph
import PareTensor
import Testing

/// Weights that alone are quantized, and those of four bits, once a graph is lowered.
@Suite struct ConstantDequantizationTests {
  @Test func weightsThatAloneAreQuantizedAreDecodedOnce() throws {
    var builder = GraphBuilder(name: "alone")
    let x = try builder.input("x", ValueType(.float32, ["batch", 64]))
    let multipliers = try builder.constant(Tensor([UInt8(3), 200], shape: [1, 2]), named: "m")
    let rows = try builder.constant(Tensor([Float(0.01)]), named: "s")
    let scales = try builder.apply("DequantizeLinear", [multipliers, rows], attributes: ["axis": .int(0)], name: "scales")
    let integers = (0..<64).map { Int8($0 % 15 - 7) }
    let bytes = Tensor(integers, shape: [1, 64])
    let w = try builder.constant(try #require(bytes.asFourBits(.int4)), named: "w")
    let real = try builder.apply("DequantizeLinear", [w, scales], attributes: ["axis": .int(1), "block_size": .int(32)], name: "real")
    try builder.output(builder.apply("Gemm", [x, real], attributes: ["transB": .int(1)], name: "y"))
    let lowered = try IntegerLowering.lower(builder.graph)
    #expect(lowered.nodes.map(\.name) == ["y"])
    let decoded = try #require(lowered.parameters[real]).storage.decoded().values(as: Float.self)
    #expect(decoded == integers.enumerated().map { Float($1) * (Float($0 < 32 ? 3 : 200) * 0.01) })
  }

  @Test func fourBitWeightsWithOneScaleAnOutputAreBytes() throws {
    func lowered(_ type: ElementType) throws -> Graph {
      var builder = GraphBuilder(name: "bytes")
      let x = try builder.input("x", ValueType(.float32, ["batch", 3]))
      let (scale, zero) = (try builder.constant(Tensor(scalar: Float(0.1))), try builder.constant(Tensor(scalar: UInt8(7))))
      let q = try builder.apply("QuantizeLinear", [x, scale, zero], name: "q")
      let d = try builder.apply("DequantizeLinear", [q, scale, zero], name: "d")
      let bytes = Tensor([Int8(-7), 7, 0, 3, -4, 1], shape: [2, 3])
      let w = try builder.constant(try type == .int4 ? #require(bytes.asFourBits(.int4)) : bytes, named: "w")
      let s = try builder.constant(Tensor([Float(0.5), 0.25]), named: "s")
      let real = try builder.apply("DequantizeLinear", [w, s], attributes: ["axis": .int(0)], name: "real")
      try builder.output(builder.apply("Gemm", [d, real], attributes: ["transB": .int(1)], name: "y"))
      return try IntegerLowering.lower(builder.graph)
    }
    let (four, eight) = (try lowered(.int4), try lowered(.int8))
    #expect(four.nodes.map(\.operatorName.description) == ["pare.QuantizeByReciprocal", "pare.QuantizedDense"])
    let x = ["x": Tensor([Float(0.3), -1, 7, 25, 0, -0.15], shape: [2, 3])]
    #expect(try ReferenceEvaluator(four, binding: ["batch": 2]).run(x) == ReferenceEvaluator(eight, binding: ["batch": 2]).run(x))
  }
}
