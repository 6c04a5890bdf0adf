import PareGraph
import PareTensor
import PareTraining
import Testing

/// Parameters that stop moving before the end of a training.
struct FreezingTests {
  /// A layer on fake-quantized operands whose scales are learned.
  static func quantizedLayer(seed: UInt64 = 1) throws -> Graph {
    var generator = SeededGenerator(seed: seed)
    func draw(_ shape: Shape) -> Tensor { Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) }, shape: shape) }
    var builder = GraphBuilder(name: "layer")
    let x = try builder.input("features", ValueType(.float32, ["batch", 6]))
    let w = try builder.parameter("w", draw([3, 6]), isTrainable: true)
    let b = try builder.parameter("b", draw([3]), isTrainable: true)
    let sx = try builder.parameter("sx", Tensor(scalar: 0.02 as Float), isTrainable: true)
    let sw = try builder.parameter("sw", Tensor([0.02, 0.02, 0.02] as [Float]), isTrainable: true)
    let qx = try builder.apply(FakeQuantize.name, [x, sx], attributes: ["lowest": .int(-128), "highest": .int(127)])
    let qw = try builder.apply(
      FakeQuantize.name, [w, sw], attributes: ["axis": .int(0), "lowest": .int(-127), "highest": .int(127)])
    try builder.output(builder.apply("Gemm", [qx, qw, b], attributes: ["transB": .int(1)], output: "logits"))
    return builder.graph
  }

  @Test func frozenParametersMoveUntilTheirEpochAndThenStay() throws {
    let data = try SampleNetworks.linear(rows: 200, features: 6, classes: 3, seed: 1)
    func train(epochs: Int, freezing: TrainingSettings.Freezing?) throws -> TrainingResult {
      let settings = TrainingSettings(
        epochs: epochs, batchSize: 32, optimizer: .adam(learningRate: 1e-3), gradientNorm: 1, patience: nil,
        freezing: freezing, seed: 2)
      return try Trainer(settings).train(Self.quantizedLayer(), loss: CrossEntropy(), on: data)
    }
    let frozen = try train(epochs: 5, freezing: .init(["sx", "sw"], from: 3))
    let until = try train(epochs: 2, freezing: nil)
    for name in ["sx", "sw"] {
      #expect(frozen.graph.parameters[name] == until.graph.parameters[name])
      #expect(try frozen.graph.parameters[name] != Self.quantizedLayer().parameters[name])
    }
    #expect(frozen.graph.parameters["w"] != until.graph.parameters["w"])
    let fixed = try train(epochs: 2, freezing: .init(["sx", "sw", "no such parameter"], from: 1))
    #expect(try fixed.graph.parameters["sw"] == Self.quantizedLayer().parameters["sw"])
    #expect(throws: TrainingError.self) { try train(epochs: 1, freezing: .init(["sx"], from: 0)) }
  }
}
