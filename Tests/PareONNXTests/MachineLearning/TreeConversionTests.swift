import PareArtifact
import PareGraph
import PareONNX
import PareTensor
import Testing

@Suite struct TreeConversionTests {
  /// Tree 7: x₀ ≤ 0.5 (NaN: yes), then x₁ > 1; tree 3, listed second: a single leaf. Children stand before parents.
  static let regressor: [String: Attribute] = [
    "nodes_treeids": .ints([7, 7, 7, 7, 7, 3]), "nodes_nodeids": .ints([4, 1, 2, 0, 9, 5]),
    "nodes_featureids": .ints([0, 0, 1, 0, 0, 0]), "nodes_values": .floats([0.5, 0, 1, 0, 0, 0]),
    "nodes_modes": .strings(["BRANCH_LEQ", "LEAF", "BRANCH_GT", "LEAF", "LEAF", "LEAF"]),
    "nodes_truenodeids": .ints([1, 0, 0, 0, 0, 0]), "nodes_falsenodeids": .ints([2, 0, 9, 0, 0, 0]),
    "nodes_missing_value_tracks_true": .ints([1, 0, 0, 0, 0, 0]), "n_targets": .int(2),
    "target_treeids": .ints([7, 7, 3, 7, 7]), "target_nodeids": .ints([1, 0, 5, 9, 0]),
    "target_ids": .ints([0, 1, 0, 0, 0]), "target_weights": .floats([0.25, 4, 10, 0.5, 2]),
  ]

  private let x = Tensor([0.5, 0, .nan, 5, 0.75, 2, 0.75, 1] as [Float], shape: [4, 2])

  @Test func nodesAreFoundByTreeAndNumber() throws {
    let y = try Conversion("TreeEnsembleRegressor", x, Self.regressor).outputs[0]
    #expect(y == Tensor([10.25, 0, 10.25, 0, 12, 4, 10.5, 0] as [Float], shape: [4, 2]))
  }

  @Test func baseValuesAreAddedToWhatTheAggregateYields() throws {
    var attributes = Self.regressor
    attributes["base_values"] = .floats([1, -1])
    for (name, first) in [("SUM", [11.25, 13.0]), ("AVERAGE", [6.125, 7]), ("MIN", [1.25, 3]), ("MAX", [11, 11])] as [(String, [Float])] {
      attributes["aggregate_function"] = .string(name)
      let y = try Conversion("TreeEnsembleRegressor", x, attributes).outputs[0].values(as: Float.self)
      #expect([y[0], y[4]] == first, "\(name)")
    }
  }

  /// The comparison is in Float64 where X and the values are, and the sum as well; the output is Float32.
  @Test func doublePrecisionIsKeptUntilTheEnd() throws {
    var attributes = Self.regressor
    attributes["nodes_values"] = nil
    attributes["target_weights"] = nil
    let split = 0.5 + 0x1p-40
    let tensors = [
      "nodes_values_as_tensor": Tensor([split, 0, 1, 0, 0, 0]),
      "target_weights_as_tensor": Tensor([1 + 0x1p-30, 4, -1, 0.5, 2] as [Double]),
    ]
    let rows = Tensor([split, 0, split.nextUp, 0], shape: [2, 2])
    let y = try Conversion("TreeEnsembleRegressor", rows, attributes, tensors: tensors).outputs[0]
    #expect(y == Tensor([0x1p-30, 0, -0.5, 0] as [Float], shape: [2, 2]))
  }

  @Test func integersAreComparedAsNumbers() throws {
    let y = try Conversion("TreeEnsembleRegressor", Tensor([0, 9, 1, 2] as [Int64], shape: [2, 2]), Self.regressor).outputs[0]
    #expect(y == Tensor([10.25, 0, 12, 4] as [Float], shape: [2, 2]))
  }

  static let damage: [(String, Attribute?)] = [
    ("nodes_treeids", .ints([7])), ("nodes_nodeids", .ints([4, 1, 2, 0, 0, 5])), ("nodes_truenodeids", .ints([3, 0, 0, 0, 0, 0])),
    ("nodes_falsenodeids", .ints([4, 0, 9, 0, 0, 0])), ("nodes_modes", .strings(["BRANCH_LEQ", "LEAF", "BRANCH", "LEAF", "LEAF", "LEAF"])),
    ("nodes_featureids", .ints([2, 0, 1, 0, 0, 0])), ("nodes_featureids", .ints([.max, 0, 1, 0, 0, 0])),
    ("nodes_featureids", .ints([-1, 0, 1, 0, 0, 0])), ("nodes_values", .floats([])), ("nodes_values", .strings(["a"])),
    ("target_ids", .ints([0, 2, 0, 0, 0])), ("target_ids", .ints([0, .min, 0, 0, 0])), ("target_nodeids", .ints([1, 0, 5, 9, 3])),
    ("target_weights", nil), ("n_targets", .int(0)), ("n_targets", .int(.max)), ("base_values", .floats([1, 2, 3])),
    ("aggregate_function", .string("MEDIAN")), ("post_transform", .string("SIGMOID")),
  ]

  @Test(arguments: damage.indices)
  func listsThatDoNotFitTogetherAreRefused(_ index: Int) {
    var attributes = Self.regressor
    attributes[Self.damage[index].0] = Self.damage[index].1
    #expect(throws: GraphError.self, "\(Self.damage[index].0)") { try Conversion("TreeEnsembleRegressor", x, attributes) }
  }

  // MARK: - TreeEnsemble 5

  private static let members: [String: Attribute] = [
    "n_targets": .int(2), "aggregate_function": .int(1), "tree_roots": .ints([0]),
    "nodes_featureids": .ints([0, 0, 1]), "nodes_truenodeids": .ints([1, 0, 1]), "nodes_falsenodeids": .ints([2, 2, 3]),
    "nodes_trueleafs": .ints([0, 1, 1]), "nodes_falseleafs": .ints([0, 1, 1]), "leaf_targetids": .ints([0, 1, 0, 1]),
  ]
  private static let memberTensors: [String: Tensor] = [
    "nodes_modes": Tensor([0, 6, 6] as [UInt8]), "nodes_splits": Tensor([1.5, 0, 0] as [Float]),
    "leaf_weights": Tensor([1, 20, 300, 4000] as [Float]),
    "membership_values": Tensor([0.5, 1.25, 0.75, .nan, 7, 8, .nan] as [Float]),
  ]

  @Test func setsOfValues() throws {
    // x₀ ≤ 1.5: is it 0.5, 1.25 or 0.75? Else: is x₁ 7 or 8?
    let x = Tensor([0.5, 0, 0.75, 0, 1.25, 7, 1, 7, 2, 7, 2, 8, 2, 0.5, .nan, 7] as [Float], shape: [8, 2])
    let y = try Conversion("TreeEnsemble", x, Self.members, opset: 5, tensors: Self.memberTensors).outputs[0]
    let sums = stride(from: 0, to: 16, by: 2).map { y.values(as: Float.self)[$0] + y.values(as: Float.self)[$0 + 1] }
    #expect(sums == [1, 1, 1, 300, 20, 20, 4000, 20])
  }

  @Test func transformsAreNumbered() throws {
    var attributes = Self.members
    attributes["post_transform"] = .int(2)
    let y = try Conversion("TreeEnsemble", Tensor([0.5, 0] as [Float], shape: [1, 2]), attributes, opset: 5, tensors: Self.memberTensors)
    expectClose(y.outputs[0], [0.7310585786300049, 0.5])
  }

  @Test func damagedSetsAreRefused() {
    let x = Tensor([0.5, 0] as [Float], shape: [1, 2])
    let attributes: [(String, Attribute)] = [
      ("nodes_truenodeids", .ints([0, 0, 1])), ("nodes_truenodeids", .ints([-1, 0, 1])), ("nodes_truenodeids", .ints([1, 0])),
      ("nodes_falsenodeids", .ints([2, 4, 3])), ("tree_roots", .ints([3])), ("tree_roots", .ints([.max])),
      ("leaf_targetids", .ints([0, 1, 0])), ("leaf_targetids", .ints([0, 1, 0, 2])), ("aggregate_function", .int(4)),
      ("post_transform", .int(-1)), ("nodes_missing_value_tracks_true", .ints([1])),
    ]
    for (name, value) in attributes {
      var changed = Self.members
      changed[name] = value
      #expect(throws: GraphError.self, "\(name)") {
        try Conversion("TreeEnsemble", x, changed, opset: 5, tensors: Self.memberTensors)
      }
    }
    let tensors: [(String, Tensor?)] = [
      ("membership_values", nil), ("membership_values", Tensor([1] as [Float])), ("nodes_modes", Tensor([0, 6, 7] as [UInt8])),
      ("nodes_modes", Tensor([0, 6, .nan] as [Float])), ("nodes_splits", nil), ("leaf_weights", Tensor([1] as [Float])),
    ]
    for (name, value) in tensors {
      var changed = Self.memberTensors
      changed[name] = value
      #expect(throws: GraphError.self, "\(name)") { try Conversion("TreeEnsemble", x, Self.members, opset: 5, tensors: changed) }
    }
  }

  // MARK: - Export

  @Test(arguments: [ElementType.float32, .float16])
  func whatIsWrittenComputesTheSame(_ type: ElementType) throws {
    func typed(_ values: [Float], _ shape: Shape? = nil) -> Tensor {
      let shape = shape ?? [values.count]
      guard type == .float16 else { return Tensor(values, shape: shape) }
      return values.map { Float16Bits.fromFloat($0) }.withUnsafeBytes { Tensor(elementType: .float16, shape: shape, bytes: $0) }
    }
    var builder = GraphBuilder(name: "trees")
    var inputs = [try builder.input("x", ValueType(type, ["batch", 2]))]
    // Two trees that share a branch, with every comparison, and a leaf alone.
    let parts = [
      Tensor([0, 1, 0, 1, 0, 1] as [Int32]), typed([0.5, 0.25, -1, 0, 1, 2]), Tensor([0, 1, 2, 3, 4, 5] as [UInt8]),
      Tensor([1, 0, 0, 1, 0, 0] as [UInt8]), Tensor([1, -1, 3, -2, -3, 4] as [Int32]), Tensor([2, 3, -1, -4, -1, -5] as [Int32]),
      Tensor([0, 5, -2] as [Int32]), Tensor([0, 1, 3, 3, 4, 5] as [Int32]), Tensor([0, 1, 0, 1, 0] as [Int32]),
      typed([1, 0.5, -0.25, 8, 0.125]),
    ]
    for (index, part) in parts.enumerated() { inputs.append(try builder.parameter("part \(index)", part, isTrainable: false)) }
    try builder.output(try builder.apply("pare.TreeEnsemble", inputs, attributes: ["n_targets": .int(2)], name: "trees"))
    let model = Model(graph: builder.graph)
    let read = try ONNXFile.decode(ONNXFile.encode(model))
    var generator = SeededGenerator(seed: 5)
    let rows = (0..<128).map { $0 == 9 ? Float.nan : Float(Int(generator.below(13)) - 4) / 4 }
    let x = ["x": typed(rows, [64, 2])]
    let outputs = try [model, read].map { try ReferenceEvaluator($0.graph, binding: ["batch": 64]).run(x) }
    #expect(outputs[0] == outputs[1])
    #expect(Set(outputs[0].values.first?.doubles ?? []).count > 4)
  }
}
