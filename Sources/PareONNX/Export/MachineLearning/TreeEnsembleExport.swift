import PareGraph
import PareTensor

/// `pare.TreeEnsemble` as ai.onnx.ml TreeEnsembleRegressor of version 3, which onnxruntime runs to the same sums. Half
/// precision is widened before it and rounded after it, as Pare computes it.
///
/// That operator knows nodes by tree and number, so a branch that several nodes share is written once for each.
enum TreeEnsembleExport: NodeExport {
  static let operatorName = TreeEnsemble.name
  private static let domain = "ai.onnx.ml"

  static func export(_ node: Node, in context: inout ExportContext) throws {
    let type = try context.type(of: node.inputs[0])
    guard type.elementType != .float64 else {
      throw GraphError(
        "element-type", node: node, expected: "trees in Float32 or half precision, which TreeEnsembleRegressor yields",
        found: "\(type)")
    }
    let targetCount = try node.int("n_targets", default: 1)
    let constants = node.inputs.map { context.parameters[$0]?.storage.decoded() }
    guard let structure = try TreeStructure<Float>(node, constants: constants, targetCount: targetCount) else {
      throw GraphError("constant", node: node, expected: "trees as constants", found: "a part of them that is computed")
    }
    try structure.check(node, featureCount: type.dimensions[1].fixedValue)
    var attributes = try NodeLists(structure, node).attributes
    attributes["n_targets"] = .int(targetCount)
    attributes["aggregate_function"] = .string(try node.string("aggregate_function", default: "SUM"))
    context.require(domain, opset: 3)
    let name = OperatorName("TreeEnsembleRegressor", domain: domain)
    guard type.elementType.isHalfPrecision else {
      _ = context.apply(name, [node.inputs[0]], attributes, for: node, output: node.outputs[0])
      return
    }
    let wide = context.apply("Cast", [node.inputs[0]], ["to": .int(ElementType.float32.onnxDataType)], for: node)
    let sums = context.apply(name, [wide], attributes, for: node)
    _ = context.apply(
      "Cast", [sums], ["to": .int(type.elementType.onnxDataType)], for: node, output: node.outputs[0])
  }
}

/// The lists of TreeEnsembleRegressor: an entry for each node and leaf, each tree from its root on, and for each weight.
private struct NodeLists {
  private var lists: [String: [Int]] = [:]
  private var values: [Double] = []
  private var modes: [String] = []
  private var weights: [Double] = []

  private static let most = 1 << 22

  /// - Throws: `graph.tree` where there is no tree, or where branches that are shared make too many nodes.
  init(_ structure: TreeStructure<Float>, _ node: Node) throws {
    guard !structure.roots.isEmpty else {
      throw GraphError("tree", node: node, expected: "at least one tree", found: "none")
    }
    for name in Self.nodeNames + Self.targetNames { lists[name] = [] }
    for (tree, root) in structure.roots.enumerated() {
      // Places by number; the list grows while it is worked off.
      var places = [root]
      var number = 0
      while number < places.count {
        let place = places[number]
        if place < 0 {
          add(["treeids": tree, "nodeids": number], value: 0, mode: "LEAF")
          addWeights(structure, leaf: Int(-1 - place), tree: tree, number: number)
        } else {
          let index = Int(place)
          add(
            [
              "treeids": tree, "nodeids": number, "featureids": Int(structure.features[index]),
              "truenodeids": places.count, "falsenodeids": places.count + 1,
              "missing_value_tracks_true": structure.missing[index] == 0 ? 0 : 1,
            ],
            value: Double(structure.thresholds[index]), mode: Self.modeNames[Int(structure.modes[index])])
          places += [structure.trueBranches[index], structure.falseBranches[index]]
        }
        number += 1
        guard values.count <= Self.most else {
          throw GraphError("tree", node: node, expected: "at most \(Self.most) nodes, shared branches written out", found: "more")
        }
      }
    }
  }

  /// In the order of `TreeComparison`.
  private static let modeNames = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
  private static let nodeNames = [
    "treeids", "nodeids", "featureids", "truenodeids", "falsenodeids", "missing_value_tracks_true",
  ].map { "nodes_" + $0 }
  private static let targetNames = ["target_treeids", "target_nodeids", "target_ids"]

  private mutating func add(_ numbers: [String: Int], value: Double, mode: String) {
    for name in Self.nodeNames { lists[name]?.append(numbers[String(name.dropFirst("nodes_".count))] ?? 0) }
    values.append(value)
    modes.append(mode)
  }

  private mutating func addWeights(_ structure: TreeStructure<Float>, leaf: Int, tree: Int, number: Int) {
    for entry in Int(structure.leafOffsets[leaf])..<Int(structure.leafOffsets[leaf + 1]) {
      lists["target_treeids"]?.append(tree)
      lists["target_nodeids"]?.append(number)
      lists["target_ids"]?.append(Int(structure.targets[entry]))
      weights.append(Double(structure.weights[entry]))
    }
  }

  var attributes: [String: Attribute] {
    var attributes = lists.mapValues { Attribute.ints($0) }
    attributes["nodes_values"] = .floats(values)
    attributes["nodes_modes"] = .strings(modes)
    attributes["target_weights"] = .floats(weights)
    return attributes
  }
}
