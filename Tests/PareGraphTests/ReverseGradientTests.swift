import PareGraph
import PareTensor
import Testing

/// `pare.ReverseGradient`: X as it is, its gradient turned round.
@Suite struct ReverseGradientTests {
  private static let x = Tensor([Float(1.5), -2, 0.25])
  private static let dy = Tensor([Float(3), 0.5, -1])

  private func gradient(strength: Float?) throws -> [Float] {
    var builder = GraphBuilder(name: "reversal")
    var inputs = [try builder.input("x", ValueType(Self.x))]
    let dy = try builder.input("dy", ValueType(Self.dy))
    if let strength { inputs.append(try builder.constant(Tensor(scalar: strength))) }
    let node = Node(ReverseGradient.name, name: "reversal", inputs: inputs, outputs: ["y"])
    try builder.append(node)
    var context = GradientContext(
      node: node, outputGradients: [dy], wanted: Array([true, false].prefix(inputs.count)), builder: builder)
    let names = try ReverseGradient.gradient(&context)
    #expect(names.count == inputs.count && names.dropFirst().allSatisfy { $0 == nil })
    let name = try #require(names[0])
    let values = try ReferenceEvaluator(context.builder.graph, outputs: ["y", name]).run(["x": Self.x, "dy": Self.dy])
    #expect(values["y"] == Self.x)
    return try #require(values[name]).values()
  }

  @Test func theValuePassesAndTheGradientTurnsRound() throws {
    #expect(try gradient(strength: nil) == [-3, -0.5, 1])
  }

  @Test func theStrengthScalesIt() throws {
    #expect(try gradient(strength: 0.5) == [-1.5, -0.25, 0.5])
    #expect(try gradient(strength: 0) == [0, 0, 0])
    #expect(try gradient(strength: -1) == [3, 0.5, -1])
  }

  @Test func aStrengthOfAnotherTypeIsRefused() throws {
    var builder = GraphBuilder(name: "reversal")
    let x = try builder.input("x", ValueType(Self.x))
    let strength = try builder.constant(Tensor(scalar: 1.0))
    #expect(throws: GraphError.self) { try builder.apply(ReverseGradient.name, [x, strength]) }
  }
}
