import PareGraph
import PareTensor
import Testing

@Suite struct TreeEnsembleTests {
  private func evaluate(
    _ rows: [[Float]], _ trees: SampleTrees = SampleTrees(), _ aggregate: TreeEnsemble.Aggregate = .sum, targets: Int = 2,
    features: Int? = nil
  ) throws -> [[Float]] {
    let x = Tensor(rows.flatMap { $0 }, shape: [rows.count, features ?? rows.first?.count ?? 0])
    let subject = OperatorCase(
      "pare.TreeEnsemble", "", [.variable(x)] + trees.operands,
      ["n_targets": .int(targets), "aggregate_function": .string(aggregate.rawValue)])
    let y = try subject.evaluate()[0].values(as: Float.self)
    return rows.indices.map { Array(y[$0 * targets..<($0 + 1) * targets]) }
  }

  /// By hand: tree 0 asks x0 ≤ 0.5, then x2 < −0.25 (NaN: yes); tree 1 asks x1 > 0.1, then x2 ≥ 1; tree 2 is a leaf.
  @Test func rowsFallThroughEveryTree() throws {
    let rows: [[Float]] = [[0.5, 0, -1], [0.5, 0, -0.25], [0.6, 0.2, 1], [.nan, .nan, .nan], [0, 0.2, .nan]]
    let expected: [[Float]] = [
      // Leaf 0: target 0 +1.5. Leaf 3: target 0 −1.1. Leaf 5: target 1 +0.7.
      [1.5 - 1.1, 0.7],
      // Leaf 2: target 1 +2. Leaf 3. Leaf 5.
      [-1.1, 2.7],
      // Leaf 1: target 1 −0.75, target 0 +0.3. Leaf 2: target 1 +2. Leaf 5.
      [0.3, 1.25 + 0.7],
      // NaN ≤ 0.5 and NaN > 0.1 are false: leaf 1, leaf 3, leaf 5.
      [0.3 - 1.1, -0.75 + 0.7],
      // NaN goes to the true branch of the second split: leaf 0. Then 0.2 > 0.1, NaN ≥ 1 is false: leaf 4, which is empty.
      [1.5, 0.7],
    ]
    #expect(try evaluate(rows) == expected)
  }

  @Test func aggregatesOtherThanTheSum() throws {
    let row: [Float] = [0.6, 0.2, 1]
    #expect(try evaluate([row], SampleTrees(), .average) == [[0.3 / 3, (-0.75 + 2 + 0.7) / 3]])
    #expect(try evaluate([row], SampleTrees(), .minimum) == [[0.3, -0.75]])
    #expect(try evaluate([row], SampleTrees(), .maximum) == [[0.3, 2]])
    // A target that no leaf has an entry for is 0, whatever the others are.
    #expect(try evaluate([row], SampleTrees(), .minimum, targets: 3) == [[0.3, -0.75, 0]])
    #expect(try evaluate([[0, 0.2, 0]], SampleTrees(), .maximum) == [[0, 2]])
  }

  @Test(arguments: TreeComparison.allCases)
  func everyComparisonIsWhatItSays(_ comparison: TreeComparison) throws {
    var trees = SampleTrees()
    trees.roots = [0]
    trees.modes[0] = comparison
    trees.trueBranches[0] = -1
    let taken = try evaluate([[0.25, 0, 0], [0.5, 0, 0], [0.75, 0, 0], [.nan, 0, 0]], trees).map { $0[0] == 1.5 }
    let expected: [Bool] =
      switch comparison {
      case .lessOrEqual: [true, true, false, false]
      case .less: [true, false, false, false]
      case .greaterOrEqual: [false, true, true, false]
      case .greater: [false, false, true, false]
      case .equal: [false, true, false, false]
      case .notEqual: [true, false, true, true]
      }
    #expect(taken == expected)
  }

  @Test func branchesMayMeetAgain() throws {
    var trees = SampleTrees()
    trees.falseBranches[0] = 1
    #expect(try evaluate([[0, 0, -1], [1, 0, -1]], trees).map { $0[0] } == [1.5 - 1.1, 1.5 - 1.1])
  }

  @Test func anEnsembleWithoutTreesIsZero() throws {
    var trees = SampleTrees()
    trees.roots = []
    for aggregate in TreeEnsemble.Aggregate.allCases { #expect(try evaluate([[1, 1, 1]], trees, aggregate) == [[0, 0]]) }
  }

  // MARK: - Hostile structure

  static let damage: [(String, @Sendable (inout SampleTrees) -> Void)] = [
    ("feature below 0", { $0.features[1] = -1 }), ("feature beyond X", { $0.features[1] = 3 }),
    ("true branch beyond the nodes", { $0.trueBranches[3] = 4 }), ("false branch at the end", { $0.falseBranches[2] = .max }),
    ("leaf beyond the leaves", { $0.trueBranches[1] = -7 }), ("lowest leaf", { $0.falseBranches[1] = .min }),
    ("root beyond the nodes", { $0.roots[0] = 4 }), ("root beyond the leaves", { $0.roots[2] = -7 }),
    ("node that leads to itself", { $0.trueBranches[1] = 1 }), ("cycle of two", { $0.falseBranches[1] = 0 }),
    ("cycle between trees", { trees in (trees.falseBranches[1], trees.falseBranches[3]) = (2, 0) }),
    ("offset beyond the entries", { $0.leafOffsets[6] = 7 }), ("offset below 0", { $0.leafOffsets[0] = -1 }),
    ("offsets that fall", { $0.leafOffsets[2] = 0 }), ("no offsets", { $0.leafOffsets = [] }),
    ("target beyond the targets", { $0.targets[0] = 2 }), ("target below 0", { $0.targets[0] = -1 }),
    ("fewer thresholds", { $0.thresholds.removeLast() }), ("fewer modes", { $0.modes.removeLast() }),
    ("more missing", { $0.missing.append(0) }), ("fewer weights", { $0.weights.removeLast() }),
    ("no nodes", { trees in
      trees.features = []
      trees.thresholds = []
      trees.modes = []
      trees.missing = []
      trees.trueBranches = []
      trees.falseBranches = []
    }),
  ]

  @Test(arguments: damage.indices)
  func structureThatDoesNotFitTogetherIsRefused(_ index: Int) {
    var trees = SampleTrees()
    Self.damage[index].1(&trees)
    let error = #expect(throws: GraphError.self, "\(Self.damage[index].0)") { try evaluate([[0, 0, 0]], trees) }
    #expect(error?.code == "graph.tree", "\(Self.damage[index].0)")
  }

  @Test func anUnknownComparisonIsRefused() {
    var operands = SampleTrees().operands
    operands[2] = .constant(Tensor([0, 1, 2, 6] as [UInt8]))
    let subject = OperatorCase("pare.TreeEnsemble", "", [.variable(.sample([1, 3]))] + operands, ["n_targets": .int(2)])
    #expect(throws: GraphError.self) { try subject.evaluate() }
  }

  /// Parameters beyond the size that is followed while inferring are checked when the operator is prepared.
  @Test func largeTreesAreCheckedToo() throws {
    var trees = SampleTrees()
    let count = Int32(70_000)
    trees.features = [Int32](repeating: 0, count: Int(count))
    trees.thresholds = (0..<count).map { Float($0) }
    trees.modes = [TreeComparison](repeating: .less, count: Int(count))
    trees.missing = [UInt8](repeating: 0, count: Int(count))
    trees.trueBranches = [Int32](repeating: -1, count: Int(count))
    trees.falseBranches = (1...count).map { $0 == count ? -2 : $0 }
    trees.roots = [0]
    // As deep as it has nodes: the last one is left by its false branch.
    #expect(try evaluate([[70_000, 0, 0], [69_998.5, 0, 0]], trees) == [[0.3, -0.75], [1.5, 0]])
    trees.falseBranches[Int(count) - 1] = 5
    let error = #expect(throws: GraphError.self) { try evaluate([[0, 0, 0]], trees) }
    #expect(error?.code == "graph.tree")
  }

  @Test func attributesAndTypesThatDoNotFitAreRefused() {
    func refuses(_ x: Tensor, _ attributes: [String: Attribute], _ change: (inout [OperatorCase.Operand]) -> Void = { _ in }) {
      var operands = SampleTrees().operands
      change(&operands)
      #expect(throws: GraphError.self) {
        try OperatorCase("pare.TreeEnsemble", "", [.variable(x)] + operands, attributes).evaluate()
      }
    }
    let two: [String: Attribute] = ["n_targets": .int(2)]
    refuses(.sample([2, 3]), ["n_targets": .int(0)])
    refuses(.sample([2, 3]), ["n_targets": .int(.max)])
    refuses(.sample([2, 3]), ["n_targets": .int(2), "aggregate_function": .string("MEDIAN")])
    refuses(.sample([2, 2]), two)
    refuses(.sample([3]), two)
    refuses(Tensor(zeros: .int32, shape: [2, 3]), two)
    refuses(.sample([2, 3]), two) { $0[0] = .constant(Tensor([0, 1, 2, 2] as [Int64])) }
    refuses(.sample([2, 3]), two) { $0[1] = .constant(Tensor([0, 1, 2, 2] as [Double])) }
    refuses(.sample([2, 3]), two) { $0[6] = .variable(Tensor([0] as [Int32])) }
  }
}
