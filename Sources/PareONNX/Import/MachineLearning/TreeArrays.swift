import PareGraph
import PareTensor

/// The trees of an ensemble, as `pare.TreeEnsemble` has them in its inputs.
struct TreeArrays {
  var features: [Int32] = []
  var thresholds: [Double] = []
  var modes: [UInt8] = []
  var missing: [UInt8] = []
  /// Nodes, or leaf i as −1 − i; the same below.
  var trueBranches: [Int32] = []
  var falseBranches: [Int32] = []
  var roots: [Int32] = []
  var leafOffsets: [Int32] = [0]
  var targets: [Int32] = []
  var weights: [Double] = []

  /// Adds the operator and its parameters.
  ///
  /// - Returns: the name of the sums, `[rows, targetCount]` in X's type.
  func write(
    _ x: String, targetCount: Int, aggregate: TreeEnsemble.Aggregate, for node: ONNXNode, in context: inout ImportContext
  ) throws -> String {
    let inputs = [
      x, try context.constant(Tensor(features), "features", for: node),
      try context.numbers(thresholds, like: x, "thresholds", for: node),
      try context.constant(Tensor(modes), "modes", for: node), try context.constant(Tensor(missing), "missing", for: node),
      try context.constant(Tensor(trueBranches), "true_branches", for: node),
      try context.constant(Tensor(falseBranches), "false_branches", for: node),
      try context.constant(Tensor(roots), "roots", for: node),
      try context.constant(Tensor(leafOffsets), "leaf_offsets", for: node),
      try context.constant(Tensor(targets), "targets", for: node),
      try context.numbers(weights, like: x, "weights", for: node),
    ]
    let attributes = ["n_targets": Attribute.int(targetCount), "aggregate_function": .string(aggregate.rawValue)]
    return try context.apply(TreeEnsemble.name, inputs, attributes, for: node)
  }
}

extension TreeArrays {
  /// From the attributes of TreeEnsembleClassifier and TreeEnsembleRegressor: nodes are known by tree and number, a
  /// tree begins with the first of its nodes that is listed, and weights name the leaf that they belong to.
  ///
  /// - Parameter entries: what the names of the attributes of the weights begin with: `class` or `target`.
  /// - Throws: `graph.attribute` for lists of different lengths, unknown modes, nodes that are missing or listed twice.
  init(_ node: ONNXNode, entries: String) throws {
    self.init()
    let nodes = try NodeLists(node)
    var rows: [TreeNode: Int] = [:]
    for (row, key) in nodes.keys.enumerated() {
      guard rows.updateValue(row, forKey: key) == nil else {
        throw node.attributeError("every node once", found: "node \(key.number) of tree \(key.tree) again")
      }
    }
    var (nodeCount, leafCount) = (Int32(0), Int32(0))
    let places = nodes.modes.map { mode in
      defer { if mode == nil { leafCount += 1 } else { nodeCount += 1 } }
      return mode == nil ? -1 - leafCount : nodeCount
    }
    var seen: Set<Int> = []
    for (row, key) in nodes.keys.enumerated() {
      if seen.insert(key.tree).inserted { roots.append(places[row]) }
      guard let mode = nodes.modes[row] else { continue }
      func branch(_ number: Int) throws -> Int32 {
        guard let row = rows[TreeNode(tree: key.tree, number: number)] else {
          throw node.attributeError("branches to nodes of the tree", found: "node \(number) of tree \(key.tree), which is not there")
        }
        return places[row]
      }
      guard let feature = Int32(exactly: nodes.features[row]) else {
        throw node.attributeError("features by their index", found: "\(nodes.features[row])")
      }
      features.append(feature)
      thresholds.append(nodes.values[row])
      modes.append(mode.rawValue)
      missing.append(nodes.missing[row] == 0 ? 0 : 1)
      trueBranches.append(try branch(nodes.trueNodes[row]))
      falseBranches.append(try branch(nodes.falseNodes[row]))
    }
    try addEntries(node, entries, leafCount: Int(leafCount)) { key in rows[key].map { places[$0] } }
  }

  /// Sorts the weights by leaf, in each in the order in which they are listed. Those of other nodes count for nothing.
  private mutating func addEntries(
    _ node: ONNXNode, _ prefix: String, leafCount: Int, place: (TreeNode) -> Int32?
  ) throws {
    let trees = try node.node.ints("\(prefix)_treeids") ?? []
    let numbers = try node.node.ints("\(prefix)_nodeids") ?? []
    let ids = try node.node.ints("\(prefix)_ids") ?? []
    let given = try node.tensors["\(prefix)_weights_as_tensor"]?.doubles ?? node.floats("\(prefix)_weights")
    guard trees.count == numbers.count, ids.count == numbers.count, given.count == numbers.count else {
      throw node.attributeError(
        "\(prefix) lists of one length", found: "\(trees.count), \(numbers.count), \(ids.count) and \(given.count)")
    }
    var byLeaf: [[(target: Int32, weight: Double)]] = Array(repeating: [], count: leafCount)
    for index in ids.indices {
      guard let place = place(TreeNode(tree: trees[index], number: numbers[index])) else {
        throw node.attributeError("weights of nodes", found: "node \(numbers[index]) of tree \(trees[index]), which is not there")
      }
      guard place < 0 else { continue }
      guard let target = Int32(exactly: ids[index]) else { throw node.attributeError("targets by their index", found: "\(ids[index])") }
      byLeaf[Int(-1 - place)].append((target, given[index]))
    }
    for leaf in byLeaf {
      targets += leaf.map(\.target)
      weights += leaf.map(\.weight)
      leafOffsets.append(Int32(targets.count))
    }
  }
}

/// How the older tree operators know a node.
private struct TreeNode: Hashable {
  let tree: Int
  let number: Int
}

/// The lists of the nodes of TreeEnsembleClassifier and TreeEnsembleRegressor, an entry each.
private struct NodeLists {
  let keys: [TreeNode]
  let features: [Int]
  let values: [Double]
  /// nil for a leaf.
  let modes: [TreeComparison?]
  let trueNodes: [Int]
  let falseNodes: [Int]
  let missing: [Int]

  private static let comparisons: [String: TreeComparison] = [
    "BRANCH_LEQ": .lessOrEqual, "BRANCH_LT": .less, "BRANCH_GTE": .greaterOrEqual, "BRANCH_GT": .greater,
    "BRANCH_EQ": .equal, "BRANCH_NEQ": .notEqual,
  ]

  init(_ node: ONNXNode) throws {
    func integers(_ name: String) throws -> [Int] { try node.node.ints(name) ?? [] }
    let numbers = try integers("nodes_nodeids")
    let trees = try integers("nodes_treeids")
    features = try integers("nodes_featureids")
    trueNodes = try integers("nodes_truenodeids")
    falseNodes = try integers("nodes_falsenodeids")
    values = try node.tensors["nodes_values_as_tensor"]?.doubles ?? node.floats("nodes_values")
    let given = try integers("nodes_missing_value_tracks_true")
    missing = given.isEmpty ? [Int](repeating: 0, count: numbers.count) : given
    modes = try node.strings("nodes_modes").map { name in
      if name == "LEAF" { return nil }
      guard let comparison = Self.comparisons[name] else {
        throw node.attributeError(
          "nodes_modes among LEAF, \(Self.comparisons.keys.sorted().joined(separator: ", "))", found: "'\(name)'")
      }
      return comparison
    }
    let counts = [trees.count, features.count, trueNodes.count, falseNodes.count, values.count, missing.count, modes.count]
    guard counts.allSatisfy({ $0 == numbers.count }), numbers.count <= Int(Int32.max) else {
      throw node.attributeError("nodes lists of one length, \(numbers.count)", found: "\(counts)")
    }
    keys = zip(trees, numbers).map { TreeNode(tree: $0, number: $1) }
  }
}
