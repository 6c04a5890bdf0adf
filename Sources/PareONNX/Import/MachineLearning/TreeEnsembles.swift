import PareGraph
import PareTensor

/// TreeEnsembleRegressor: trees, base values, post-transform.
///
/// Base values are added to every target, also where no leaf of a row weighs one (where onnxruntime leaves 0).
enum TreeEnsembleRegressorImport: NodeImport {
  static let operatorName: OperatorName = "ai.onnx.ml.TreeEnsembleRegressor"
  static let opsets = 1...5

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    let x = try context.floatingPointInput(of: node)
    let name = try node.node.string("aggregate_function", default: TreeEnsemble.Aggregate.sum.rawValue)
    guard let aggregate = TreeEnsemble.Aggregate(rawValue: name) else {
      throw node.attributeError(
        "aggregate_function to be one of \(TreeEnsemble.Aggregate.allCases.map { $0.rawValue }.joined(separator: ", "))",
        found: "'\(name)'")
    }
    let count = try node.node.int("n_targets", default: 1)
    let trees = try TreeArrays(node, entries: "target")
    var scores = try trees.write(x, targetCount: count, aggregate: aggregate, for: node, in: &context)
    scores = try context.addBaseValues(to: scores, counts: [count], for: node)
    scores = try context.cast(scores, to: .float32, for: node)
    scores = try PostTransform(node).apply(scores, count: count, for: node, in: &context)
    try context.finish(scores, as: 0, of: node)
  }
}

extension ImportContext {
  /// Adds the attribute `base_values`, where it is given.
  ///
  /// - Parameter counts: how many there may be; one is added to every score.
  mutating func addBaseValues(to scores: String, counts: [Int], for node: ONNXNode) throws -> String {
    let base = try node.baseValues
    guard !base.isEmpty else { return scores }
    guard counts.contains(base.count) else {
      throw node.attributeError(
        "base_values to be none or \(counts.map(String.init).joined(separator: " or "))", found: "\(base.count)")
    }
    let values = try numbers(base, like: scores, "base_values", for: node)
    return try apply("Add", [scores, values], for: node)
  }
}

extension ONNXNode {
  var baseValues: [Double] {
    get throws { try tensors["base_values_as_tensor"]?.doubles ?? floats("base_values") }
  }
}

/// TreeEnsemble of version 5: nodes and leaves by index, an aggregate, a post-transform. Set membership becomes a chain
/// of comparisons for equality.
enum TreeEnsemble5Import: NodeImport {
  static let operatorName: OperatorName = "ai.onnx.ml.TreeEnsemble"
  static let opsets = 5...5

  private static let aggregates: [TreeEnsemble.Aggregate] = [.average, .sum, .minimum, .maximum]
  private static let member = UInt8(TreeComparison.allCases.count)

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    let x = try context.floatingPointInput(of: node)
    let aggregate = try node.node.int("aggregate_function", default: 1)
    let transform = try node.node.int("post_transform", default: 0)
    guard aggregates.indices.contains(aggregate), PostTransform.allCases.indices.contains(transform) else {
      throw node.attributeError(
        "aggregate_function in 0 ... 3 and post_transform in 0 ... 4", found: "\(aggregate) and \(transform)")
    }
    let count = try node.node.int("n_targets", default: 1)
    let scores = try trees(node).write(
      x, targetCount: count, aggregate: aggregates[aggregate], for: node, in: &context)
    let transformed = try PostTransform.allCases[transform].apply(scores, count: count, for: node, in: &context)
    try context.finish(transformed, as: 0, of: node)
  }

  private static func trees(_ node: ONNXNode) throws -> TreeArrays {
    func integers(_ name: String) throws -> [Int32] {
      try (node.node.ints(name) ?? []).map { value in
        guard let narrow = Int32(exactly: value) else { throw node.attributeError("\(name) of 32 bits", found: "\(value)") }
        return narrow
      }
    }
    var trees = TreeArrays()
    trees.features = try integers("nodes_featureids")
    trees.thresholds = node.tensors["nodes_splits"]?.doubles ?? []
    trees.modes = try modes(node)
    let missing = try integers("nodes_missing_value_tracks_true")
    trees.missing = missing.isEmpty ? trees.features.map { _ in 0 } : missing.map { $0 == 0 ? 0 : 1 }
    trees.trueBranches = try branches(node, integers("nodes_truenodeids"), areLeaves: integers("nodes_trueleafs"))
    trees.falseBranches = try branches(node, integers("nodes_falsenodeids"), areLeaves: integers("nodes_falseleafs"))
    trees.roots = try integers("tree_roots")
    trees.targets = try integers("leaf_targetids")
    trees.weights = node.tensors["leaf_weights"]?.doubles ?? []
    trees.leafOffsets = (0...trees.targets.count).map { Int32($0) }
    try expandMembership(&trees, node)
    return trees
  }

  private static func modes(_ node: ONNXNode) throws -> [UInt8] {
    guard let modes = node.tensors["nodes_modes"] else { return [] }
    guard modes.elementType == .uint8 else {
      throw node.attributeError("nodes_modes of uint8", found: modes.elementType.rawValue)
    }
    return modes.values()
  }

  private static func branches(_ node: ONNXNode, _ numbers: [Int32], areLeaves: [Int32]) throws -> [Int32] {
    guard numbers.count == areLeaves.count, numbers.allSatisfy({ $0 >= 0 }) else {
      throw node.attributeError("branches from 0, and for each whether it is a leaf", found: "\(numbers.count) and \(areLeaves.count)")
    }
    return zip(numbers, areLeaves).map { $1 == 0 ? $0 : -1 - $0 }
  }

  /// A node that asks for one of k values becomes k nodes that ask for one each.
  private static func expandMembership(_ trees: inout TreeArrays, _ node: ONNXNode) throws {
    let counts = [
      trees.thresholds.count, trees.modes.count, trees.missing.count, trees.trueBranches.count, trees.falseBranches.count,
    ]
    guard counts.allSatisfy({ $0 == trees.features.count }) else {
      throw node.attributeError("nodes lists of one length, \(trees.features.count)", found: "\(counts)")
    }
    // Before nodes are added, which would make more numbers valid.
    let count = Int32(trees.features.count)
    if let beyond = (trees.roots + trees.trueBranches + trees.falseBranches).first(where: { $0 >= count }) {
      throw node.attributeError("roots and branches to \(count) nodes", found: "\(beyond)")
    }
    guard trees.modes.contains(member) else { return }
    let sets = (node.tensors["membership_values"]?.doubles ?? []).split(omittingEmptySubsequences: false) { $0.isNaN }
    var next = 0
    for index in trees.modes.indices where trees.modes[index] == member {
      guard next < sets.count else {
        throw node.attributeError("membership_values for every node that asks for them", found: "\(sets.count) sets")
      }
      // A set without members holds nothing, as equality with NaN.
      let values = sets[next].isEmpty ? [.nan] : Array(sets[next])
      next += 1
      trees.modes[index] = TreeComparison.equal.rawValue
      trees.thresholds[index] = values[0]
      var last = index
      for value in values.dropFirst() {
        let added = trees.features.count
        trees.features.append(trees.features[index])
        trees.thresholds.append(value)
        trees.modes.append(TreeComparison.equal.rawValue)
        trees.missing.append(0)
        trees.trueBranches.append(trees.trueBranches[index])
        trees.falseBranches.append(trees.falseBranches[last])
        trees.falseBranches[last] = Int32(added)
        last = added
      }
    }
  }
}
