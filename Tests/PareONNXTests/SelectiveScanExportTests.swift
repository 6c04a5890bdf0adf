import PareGraph
import PareONNX
import PareTensor
import Testing

/// A scan in a file is a loop whose body, step after step, gives what the scan gives.
@Suite struct SelectiveScanExportTests {
  private static let (batch, steps, symbols, channels, states) = (2, 5, 3, 4, 2)

  private static func tensor(_ shape: Shape, _ generator: inout SeededGenerator, _ map: (Double) -> Double = { $0 }) -> Tensor {
    Tensor((0..<shape.elementCount).map { _ in Float(map(generator.normal())) }, shape: shape)
  }

  private static func inputs() -> [String: Tensor] {
    var generator = SeededGenerator(seed: 6)
    return [
      "x": tensor([batch, steps, symbols, channels], &generator), "delta": tensor([batch, steps, symbols, channels], &generator, abs),
      "a": tensor([states, channels], &generator) { -abs($0) }, "b": tensor([batch, steps, symbols, states], &generator),
      "c": tensor([batch, steps, symbols, states], &generator), "d": tensor([channels], &generator),
      "state": tensor([batch, symbols, states, channels], &generator),
    ]
  }

  private static func graph(hasState: Bool) throws -> Graph {
    var builder = GraphBuilder(name: "scan")
    let rows: [Dimension] = ["batch", "steps", "symbols"]
    let (wide, narrow) = (rows + [.fixed(channels)], rows + [.fixed(states)])
    var values = try [("x", wide), ("delta", wide)].map { try builder.input($0.0, ValueType(.float32, $0.1)) }
    values.append(try builder.parameter("a", #require(inputs()["a"]), isTrainable: true))
    values += try ["b", "c"].map { try builder.input($0, ValueType(.float32, narrow)) }
    values.append(try builder.parameter("d", #require(inputs()["d"]), isTrainable: true))
    if hasState { values.append(try builder.input("state", ValueType(.float32, ["batch", "symbols", .fixed(states), .fixed(channels)]))) }
    try builder.append(Node(SelectiveScan.name, name: "scan", inputs: values, outputs: hasState ? ["y", "last"] : ["y"]))
    for output in hasState ? ["y", "last"] : ["y"] { try builder.output(output) }
    return builder.graph
  }

  /// One step of a tensor `[batch, steps, …]`.
  private static func step(_ tensor: Tensor, _ number: Int) -> Tensor {
    let (values, width) = (tensor.values(as: Float.self), tensor.shape.dimensions.dropFirst(2).reduce(1, *))
    var kept: [Float] = []
    for row in 0..<batch {
      let start = (row * steps + number) * width
      kept += values[start..<start + width]
    }
    return Tensor(kept, shape: Shape([batch] + tensor.shape.dimensions.dropFirst(2)))
  }

  @Test(arguments: [false, true])
  func theBodyStepAfterStepIsTheScan(hasState: Bool) throws {
    let (graph, inputs) = (try Self.graph(hasState: hasState), Self.inputs())
    let file = try WireModel(serializedBytes: ONNXFile.encode(Model(graph: graph)))
    let loop = try #require(file.graph.nodes.first { $0.operatorName == "Scan" })
    #expect(loop.domain.isEmpty && file.graph.nodes.allSatisfy { $0.domain.isEmpty })
    #expect(loop.inputs.dropFirst() == ["x", "delta", "b", "c"] && (loop.inputs[0] == "state") == hasState)
    #expect(loop.outputs[1] == "y" && (loop.outputs[0] == "last") == hasState)

    // The body as a model of its own; what it takes from around it are inputs and constants.
    var body = file
    body.graph = try #require(loop.attributes.first { $0.name == "body" }).graph
    let names = body.graph.inputs.map(\.name)
    body.graph.initializers = file.graph.initializers
    body.metadata = []
    let bytes: [UInt8] = try body.serializedBytes()
    let step = try ONNXFile.decode(bytes).graph
    var state = hasState ? try #require(inputs["state"]) : Tensor(zeros: .float32, shape: [Self.batch, Self.symbols, Self.states, Self.channels])
    let outputs = step.outputs.map(\.name)
    let expected = try ReferenceEvaluator(graph, binding: ["batch": Self.batch, "steps": Self.steps, "symbols": Self.symbols])
      .run(inputs.filter { graph.inputs.map(\.name).contains($0.key) })
    for number in 0..<Self.steps {
      var given = [names[0]: state]
      for (name, row) in zip(names.dropFirst(), ["x", "delta", "b", "c"]) { given[name] = Self.step(try #require(inputs[row]), number) }
      let result = try ReferenceEvaluator(step, binding: ["batch": Self.batch, "symbols": Self.symbols]).run(given)
      state = try #require(result[outputs[0]])
      let (own, real) = (try #require(result[outputs[1]]).doubles, Self.step(try #require(expected["y"]), number).doubles)
      #expect(zip(own, real).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }, "step \(number)")
    }
    if hasState { #expect(zip(state.doubles, try #require(expected["last"]).doubles).allSatisfy { abs($0 - $1) <= 1e-5 }) }
  }
}
