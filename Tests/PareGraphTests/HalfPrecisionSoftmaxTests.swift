import PareGraph
import PareTensor
import Testing

@Suite struct HalfPrecisionSoftmaxTests {
  /// Softmax as one node, and spelt out as ONNX's function body has it: equal bits in half precision.
  @Test(arguments: [ElementType.float16, .bfloat16]) func everyStepRoundsAsWhereItIsSpeltOut(_ type: ElementType) throws {
    var generator = SeededGenerator(seed: 5)
    let values = (0..<64 * 7).map { _ in type.bits(of: Float(generator.normal()) * 3) }
    let x = values.withUnsafeBytes { Tensor(elementType: type, shape: [64, 7], bytes: $0) }
    var builder = GraphBuilder(name: "softmax")
    let input = try builder.input("x", ValueType(type, [64, 7]))
    try builder.output(try builder.apply("Softmax", [input], attributes: ["axis": .int(-1)], output: "one"))
    let axes = try builder.parameter("axes", Tensor([Int64(-1)]), isTrainable: false)
    let greatest = try builder.apply("ReduceMax", [input, axes])
    let weights = try builder.apply("Exp", [builder.apply("Sub", [input, greatest])])
    let sum = try builder.apply("ReduceSum", [weights, axes])
    try builder.output(try builder.apply("Div", [weights, sum], output: "spelt"))
    let results = try ReferenceEvaluator(builder.graph, binding: [:]).run(["x": x])
    #expect(results["one"] == results["spelt"])
  }
}
