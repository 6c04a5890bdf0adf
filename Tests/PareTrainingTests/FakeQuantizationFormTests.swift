import PareGraph
import PareTensor
import PareTraining
import Testing

/// Fake quantization in the batch executor against its reference.
struct FakeQuantizationFormTests {
  struct Sample: Sendable {
    var shape: Shape
    var scale: Shape
    var attributes: [String: Attribute]
    var zeroPoint: UInt8?
    var isFast = true
  }

  static let samples = [
    Sample(shape: [64, 33], scale: [], attributes: ["lowest": .int(0), "highest": .int(255)], zeroPoint: 17),
    Sample(shape: [64, 33], scale: [64], attributes: ["axis": .int(0), "lowest": .int(-127), "highest": .int(127)]),
    Sample(shape: [9, 33], scale: [33], attributes: ["axis": .int(1), "lowest": .int(-127), "highest": .int(127)], isFast: false),
    Sample(
      shape: [5, 70], scale: [5, 3],
      attributes: ["axis": .int(1), "block_size": .int(32), "lowest": .int(-8), "highest": .int(7)]),
    Sample(shape: [4, 3, 5], scale: [4], attributes: ["axis": .int(0), "lowest": .int(-127), "highest": .int(127)]),
  ]

  @Test(arguments: samples)
  func valuesAndGradientsByXHaveTheBitsOfTheReferenceAndThoseByTheScaleItsBound(_ sample: Sample) throws {
    var generator = SeededGenerator(seed: 5)
    func draw(_ shape: Shape) -> Tensor { Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) }, shape: shape) }
    let (x, dy) = (draw(sample.shape), draw(sample.shape))
    let scale = Tensor((0..<sample.scale.elementCount).map { _ in Float(0.02 + 0.2 * generator.uniform()) }, shape: sample.scale)
    var builder = GraphBuilder(name: "form")
    var inputs = [try builder.input("x", ValueType(x)), try builder.input("s", ValueType(scale))]
    if let zero = sample.zeroPoint { inputs.append(try builder.constant(Tensor(scalar: zero))) }
    try builder.append(Node(FakeQuantize.name, name: "forward", inputs: inputs, outputs: ["y"], attributes: sample.attributes))
    let up = try builder.input("dy", ValueType(dy))
    try builder.append(
      Node(
        FakeQuantizeGradient.name, name: "backward", inputs: [up] + inputs, outputs: ["dx", "ds"],
        attributes: sample.attributes))
    for output in ["y", "dx", "ds"] { try builder.output(output) }
    let executor = try BatchExecutor(builder.graph)
    #expect(executor.referenceNodes.isEmpty == sample.isFast)
    let values = ["x": x, "s": scale, "dy": dy]
    let (found, expected) = (try executor.run(values), try ReferenceEvaluator(builder.graph).run(values))
    #expect(found["y"] == expected["y"] && found["dx"] == expected["dx"])
    let exact = try #require(ReferenceEvaluator(builder.graph, precision: .float64).run(values)["ds"]).doubles
    // Each slope is within 128 and rounds twice; at most 2112 terms to a sum, of which dy is within 5.
    let count = Double(sample.shape.elementCount / max(sample.scale.elementCount, 1))
    let highest = Double((try? Node("x", name: "", inputs: [], outputs: [], attributes: sample.attributes).int("highest", default: 0)) ?? 0)
    let bound = (count + 4) * 0x1p-24 * count * 5 * (highest + 1)
    for (found, exact) in zip(try #require(found["ds"]).doubles, exact) { #expect((found - exact).magnitude <= bound) }
  }
}
