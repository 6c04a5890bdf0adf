import PareGraph
import PareTensor
import Testing

@Suite struct ConstantFoldingTests {
  @Test func whatIsTheSameOnEveryRunBecomesAParameter() throws {
    var builder = GraphBuilder(name: "g")
    let x = try builder.input("x", ValueType(.float32, ["batch", 2]))
    let a = try builder.parameter("a", Tensor([Float(1), 2]), isTrainable: false)
    let w = try builder.parameter("w", Tensor([Float(3), 4]), isTrainable: true)
    let doubled = try builder.apply("Add", [a, a], name: "doubled")
    let trained = try builder.apply("Add", [doubled, w], name: "trained")
    try builder.output(try builder.apply("Mul", [x, trained], name: "y"))
    let folded = try ConstantFolding.fold(builder.graph)
    #expect(folded.nodes.map(\.name) == ["trained", "y"])
    #expect(Set(folded.parameters.keys) == ["doubled", "w"])
    #expect(folded.parameters["doubled"] == Parameter(ParameterStorage(Tensor([Float(2), 4])), isTrainable: false))
    #expect(try folded.inferredTypes()["y"] == builder.graph.inferredTypes()["y"])
  }

  @Test func whatDrawsAndWhatStoresStays() throws {
    var builder = GraphBuilder(name: "g")
    let a = try builder.parameter("a", Tensor([Float(1), 2]), isTrainable: false)
    let q = try builder.parameter("q", Tensor([Int8(1), 2]), isTrainable: false)
    let s = try builder.parameter("s", Tensor(scalar: Float(0.5)), isTrainable: false)
    for value in [try builder.apply("Dropout", [a], name: "dropped"), try builder.apply("DequantizeLinear", [q, s], name: "stored")] {
      try builder.output(value)
    }
    #expect(try ConstantFolding.fold(builder.graph).nodes.map(\.name) == ["dropped", "stored"])
  }
}
