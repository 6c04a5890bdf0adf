import PareTensor

/// An ensemble of decision trees: each row of X falls through every tree to a leaf, and the leaves' weights are
/// aggregated target by target.
///
/// The structure lies in inputs, so that it is stored as parameters are. All of it has to be constant when the operator is
/// prepared, and is checked then, and while inferring as far as it is known by then:
///
/// | input | type | what |
/// | --- | --- | --- |
/// | 0 X | floating point `[rows, features]` | |
/// | 1 features | int32 `[nodes]` | the column of X that a node asks about |
/// | 2 thresholds | X's type `[nodes]` | what it is compared with |
/// | 3 modes | uint8 `[nodes]` | how, as ONNX numbers it: 0 ≤, 1 <, 2 ≥, 3 >, 4 =, 5 ≠ (`TreeComparison`) |
/// | 4 missing | uint8 `[nodes]` | 1 where NaN goes to the true branch whatever the comparison says |
/// | 5 true branches | int32 `[nodes]` | where to go on: a node, or leaf i as −1 − i |
/// | 6 false branches | int32 `[nodes]` | the same |
/// | 7 roots | int32 `[trees]` | the same: a tree may be a single leaf |
/// | 8 leaf offsets | int32 `[leaves + 1]` | the entries of leaf i in 9 and 10 are `offsets[i] ..< offsets[i + 1]` |
/// | 9 targets | int32 `[entries]` | the target that an entry adds to |
/// | 10 weights | X's type `[entries]` | what it adds |
///
/// Sums run in X's type, tree by tree in order; float16 and bfloat16 in Float32. A target that no leaf of a row has an
/// entry for is 0. Branches of a tree may meet again, but no node leads back to itself.
///
/// - Attributes: `n_targets`, at least 1; `aggregate_function`: `SUM` (default), `AVERAGE` (over all trees), `MIN`, `MAX`.
/// - Output: X's type `[rows, n_targets]`. No gradient flows: the trees are constant between thresholds.
/// - Throws: `graph.tree` for structure that does not fit together: branches, features, targets or entries out of range,
///   cycles, extents that differ.
/// - Source: the meaning is that of ONNX's ai.onnx.ml TreeEnsembleRegressor 3, less base values and post-transform, which
///   are operators of their own here.
public enum TreeEnsemble: FloatingPointOperator {
  public static let name: OperatorName = "pare.TreeEnsemble"
  public static let inputCount = 11...11
  public static let attributeNames = ["n_targets", "aggregate_function"]

  /// What is made of the weights that a target gets from the trees.
  public enum Aggregate: String, Sendable, CaseIterable {
    case sum = "SUM"
    case average = "AVERAGE"
    case minimum = "MIN"
    case maximum = "MAX"
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.floatingPointInput(0)
    guard x.rank == 2 else {
      throw GraphError("shape", node: context.node, expected: "X of rows and features", found: "\(x)")
    }
    let types: [(ElementType, named: String)] = [
      (.int32, "features"), (x.elementType, "thresholds"), (.uint8, "modes"), (.uint8, "missing"),
      (.int32, "true branches"), (.int32, "false branches"), (.int32, "roots"), (.int32, "leaf offsets"),
      (.int32, "targets"), (x.elementType, "weights"),
    ]
    for (index, (type, meaning)) in types.enumerated() {
      let found = try context.input(index + 1)
      guard found.elementType == type, found.rank == 1, found.dimensions[0].fixedValue != nil else {
        throw GraphError(
          "input-type", node: context.node, expected: "\(meaning) as a vector of \(type.rawValue)", found: "\(found)")
      }
    }
    _ = try aggregate(context.node)
    let targets = try targetCount(context.node)
    if let known = try TreeStructure<Double>(context.node, constants: context.constants, targetCount: targets) {
      try known.check(context.node, featureCount: x.dimensions[1].fixedValue)
    }
    return [ValueType(x.elementType, [x.dimensions[0], .fixed(targets)])]
  }

  static func aggregate(_ node: Node) throws -> Aggregate {
    let name = try node.string("aggregate_function", default: Aggregate.sum.rawValue)
    guard let aggregate = Aggregate(rawValue: name) else {
      throw GraphError(
        "attribute", node: node,
        expected: "aggregate_function to be one of \(Aggregate.allCases.map { $0.rawValue }.joined(separator: ", "))",
        found: "'\(name)'")
    }
    return aggregate
  }

  private static func targetCount(_ node: Node) throws -> Int {
    let count = try node.int("n_targets", default: 1)
    guard (1...Int(Int32.max)).contains(count) else {
      throw GraphError("attribute", node: node, expected: "n_targets of 1 or more", found: "\(count)")
    }
    return count
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let x = try context.input(0).shape
    let targets = try targetCount(context.node)
    guard let structure = try TreeStructure<Scalar>(context.node, constants: context.constants, targetCount: targets) else {
      throw GraphError(
        "constant", node: context.node, expected: "trees as constants", found: "a part of them that is computed")
    }
    try structure.check(context.node, featureCount: x[1])
    let forest = Forest(structure, aggregate: try aggregate(context.node), targetCount: targets)
    let (rows, features) = (x[0], x[1])
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      for row in 0..<rows { forest.evaluate(x + row * features, into: y + row * targets) }
    }
  }
}
