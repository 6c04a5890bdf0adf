import PareGraph
import PareInference
import PareTensor
import Testing

@Suite struct TreeStepTests {
  private func expectEqual(_ trees: FormatSamples.Trees, isFast: Bool = true) throws {
    for base in [false, true] {
      let graph = try trees.graph(base: base)
      let plan = try ExecutionPlan(graph)
      #expect(plan.steps.contains { $0.kernel.hasPrefix("tree_ensemble/") } == isFast)
      // A row of one target is no Softmax; what follows the trees is fast either way.
      let context = plan.makeContext()
      let evaluator = try ReferenceEvaluator(graph, binding: ["batch": 1])
      for hasNaN in [false, true] {
        for row in FormatSamples.rows(100, trees.features, seed: trees.seed, hasNaN: hasNaN) {
          _ = try context.run(features: row)
          let found = try #require(context.output("y", as: Float.self)).map(\.bitPattern)
          let expected = try evaluator.run(["features": Tensor(row, shape: [1, row.count])])["y"]
          #expect(try found == #require(expected).values(as: Float.self).map(\.bitPattern))
        }
      }
    }
  }

  @Test(arguments: 0..<12) func treesGiveTheBitsOfTheReference(_ seed: Int) throws {
    try expectEqual(
      FormatSamples.Trees(
        count: [1, 7, 8, 9, 33, 60][seed % 6], depth: [0, 1, 6, 9][seed % 4], features: [1, 12, 60][seed % 3],
        targets: seed % 2 == 0 ? 1 : 3, aggregate: seed % 5 == 0 ? .average : .sum, seed: UInt64(seed)))
  }

  @Test(arguments: [TreeComparison.lessOrEqual, .less, .greater, .greaterOrEqual])
  func everyOrderGivesTheBitsOfTheReference(_ mode: TreeComparison) throws {
    try expectEqual(FormatSamples.Trees(modes: [mode], count: 30, depth: 5, seed: 3))
  }

  @Test func whatHasNoFastFormIsLeftToTheReference() throws {
    try expectEqual(FormatSamples.Trees(modes: [.equal, .notEqual]), isFast: false)
    try expectEqual(FormatSamples.Trees(targets: 3, aggregate: .maximum), isFast: false)
    try expectEqual(FormatSamples.Trees(targets: 3, aggregate: .minimum), isFast: false)
  }

  /// Branches that meet again: twelve levels of which both sides are the same node would be 2^12 nodes as a tree.
  @Test func branchesThatMeetAgainAreLeftToTheReference() throws {
    let depth = 12
    var builder = GraphBuilder(name: "lattice")
    let x = try builder.input("features", ValueType(.float32, ["batch", 2]))
    let next = (0..<depth).map { $0 + 1 < depth ? Int32($0 + 1) : -1 }
    let parts = [
      Tensor([Int32](repeating: 0, count: depth)), Tensor([Float](repeating: 0, count: depth)),
      Tensor([UInt8](repeating: 0, count: depth)), Tensor([UInt8](repeating: 0, count: depth)), Tensor(next), Tensor(next),
      Tensor([Int32(0)]), Tensor([Int32(0), 1]), Tensor([Int32(0)]), Tensor([Float(2.5)]),
    ]
    try builder.output(
      builder.apply(TreeEnsemble.name, [x] + parts.map { try builder.constant($0) }, output: "y"))
    let plan = try ExecutionPlan(builder.graph)
    #expect(plan.steps.contains { $0.kernel == "reference" })
    let context = plan.makeContext()
    _ = try context.run(features: [1, 2])
    #expect(context.output("y", as: Float.self).map(Array.init) == [2.5])
  }
}
