import PareGraph
import PareTensor
import Testing

@Suite struct IdentityEliminationTests {
  /// x → Identity → Relu → Cast to its own type → y, and x → Identity → z.
  private func graph() throws -> Graph {
    var builder = GraphBuilder(name: "identities")
    let x = try builder.input("x", ValueType(.float32, ["batch", 3]))
    let same = try builder.apply("Identity", [x], name: "first")
    let relu = try builder.apply("Relu", [same], name: "relu")
    let weight = try builder.parameter("w", Tensor([Float(1), 2, 3]), isTrainable: true)
    let passed = try builder.apply("Identity", [weight], name: "of-weight")
    let sum = try builder.apply("Add", [relu, passed], name: "sum")
    try builder.output(try builder.apply("Cast", [sum], attributes: ["to": .int(1)], name: "cast", output: "y"))
    try builder.output(try builder.apply("Identity", [x], name: "of-input", output: "z"))
    return builder.graph
  }

  @Test func whatPassesOnIsGoneAndInterfaceAndNumbersStay() throws {
    let graph = try graph()
    let without = try graph.withoutIdentities()
    #expect(without.nodes.map(\.name) == ["relu", "sum", "of-input"])
    #expect(without.nodes[1].inputs[1] == "w")
    #expect(without.inputs == graph.inputs && without.outputs == graph.outputs)
    let x = Tensor([Float(-1), 0.5, 2, 3, -4, 5], shape: [2, 3])
    let results = try [graph, without].map { try ReferenceEvaluator($0, binding: ["batch": 2]).run(["x": x]) }
    #expect(results[0] == results[1])
  }

  @Test func twoNamesOfOneOutputStayTwo() throws {
    var builder = GraphBuilder(name: "twins")
    let x = try builder.input("x", ValueType(.float32, ["batch"]))
    let y = try builder.apply("Relu", [x], name: "relu")
    let a = try builder.apply("Identity", [y], name: "a", output: "a")
    let b = try builder.apply("Identity", [y], name: "b", output: "b")
    let used = try builder.apply("Neg", [y], name: "neg", output: "c")
    for name in [a, b, used] { try builder.output(name) }
    let without = try builder.graph.withoutIdentities()
    #expect(without.nodes.count == 3)
    #expect(without.outputs.map(\.name) == ["a", "b", "c"])
    let results = try ReferenceEvaluator(without, binding: ["batch": 2]).run(["x": Tensor([Float(-2), 7])])
    #expect(results["a"] == Tensor([Float(0), 7]) && results["b"] == results["a"] && results["c"] == Tensor([-Float.zero, -7]))
  }

  @Test func aCastToAnotherTypeStays() throws {
    var builder = GraphBuilder(name: "cast")
    let x = try builder.input("x", ValueType(.float32, ["batch"]))
    try builder.output(try builder.apply("Cast", [x], attributes: ["to": .int(11)], name: "cast", output: "y"))
    #expect(try builder.graph.withoutIdentities().nodes.count == 1)
  }
}
