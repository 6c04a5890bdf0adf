import PareGraph
import PareInference
import PareTensor
import Testing

/// Steps without a kernel in a plan that several threads share.
@Suite struct ReferenceStepTests {
  /// A reference keeps scratch memory between its passes, so contexts that shared it would mix up their rows.
  @Test func threadsThatShareAPlanWithReferenceStepsDoNotDisturbEachOther() async throws {
    let graph = try Self.graph()
    let plan = try ExecutionPlan(graph)
    #expect(plan.steps.contains { !$0.isFast })
    var generator = SeededGenerator(seed: 4)
    let rows = (0..<8).map { _ in (0..<24 * 5).map { _ in Float(generator.normal()) } }
    let expected = try rows.map { row in
      let context = plan.makeContext()
      _ = try context.run(features: row)
      return Array(try #require(context.output("y", as: Float.self)))
    }
    let areRight = try await withThrowingTaskGroup(of: Bool.self) { group in
      for (row, answer) in zip(rows, expected) {
        group.addTask {
          let context = plan.makeContext()
          return try (0..<300).allSatisfy { _ in
            _ = try context.run(features: row)
            return context.output("y", as: Float.self).map(Array.init) == answer
          }
        }
      }
      return try await group.allSatisfy { $0 }
    }
    #expect(areRight)
    #expect(Set(expected.map(\.description)).count == rows.count)
  }

  /// Features [1, 5, 24] → Conv → a bidirectional LSTM, clipped, which no kernel does → y.
  private static func graph() throws -> Graph {
    var generator = SeededGenerator(seed: 1)
    func random(_ shape: Shape) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in Float(0.3 * generator.normal()) }, shape: shape)
    }
    var builder = GraphBuilder(name: "recurrent")
    var value = try builder.input("features", ValueType(.float32, [1, 5, 24]))
    value = try builder.apply(
      "Conv", [value, builder.constant(random([6, 5, 3]))], attributes: ["pads": .ints([1, 1])])
    value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([2, 0, 1])])
    let (w, r) = (try builder.constant(random([2, 32, 6])), try builder.constant(random([2, 32, 8])))
    try builder.append(
      Node(
        "LSTM", name: "lstm", inputs: [value, w, r, try builder.constant(random([2, 64]))], outputs: ["y"],
        attributes: ["hidden_size": .int(8), "direction": .string("bidirectional"), "clip": .float(3)]))
    try builder.output("y")
    return builder.graph
  }
}
