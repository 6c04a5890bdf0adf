import CPareKernels
import PareGraph

/// Trees as `pare_tree_ensemble` walks them: eight bytes a node, the two below a node side by side, a leaf that leads back
/// to itself.
struct FlatForest: Sendable {
  private(set) var nodes: [UInt64] = []
  /// Trees up to a whole block; what pads are leaves without entries.
  private(set) var roots: [Int32] = []
  /// Steps to the deepest leaf of each block.
  private(set) var steps: [Int32] = []
  /// Entries of the leaf at each node.
  private(set) var offsets: [Int32] = [0]
  private(set) var entryTargets: [Int32] = []
  private(set) var entryWeights: [Float] = []

  private static let block = Int(PARE_TREE_BLOCK)

  /// - Parameter structure: checked, so that every index is in range and every path ends.
  /// - Returns: nil for what this form does not hold.
  init?(_ structure: TreeStructure<Float>, featureCount: Int) {
    guard featureCount < 1 << 15, structure.features.count < 1 << 28 else { return nil }
    var budget = 2 * structure.features.count + structure.roots.count
    for root in structure.roots {
      guard let depth = append(root, structure, &budget) else { return nil }
      let tree = roots.count - 1
      if tree % Self.block == 0 { steps.append(0) }
      steps[tree / Self.block] = max(steps[tree / Self.block], depth)
    }
    while roots.count % Self.block != 0 || roots.isEmpty {
      if roots.isEmpty { steps.append(0) }
      roots.append(Int32(nodes.count))
      nodes.append(Self.leaf)
      offsets.append(Int32(entryTargets.count))
    }
  }

  /// One tree, level by level.
  ///
  /// - Parameter budget: nodes that may still be made. Branches that meet again would be written twice, and could double
  ///   level by level.
  /// - Returns: its depth.
  private mutating func append(_ root: Int32, _ structure: TreeStructure<Float>, _ budget: inout Int) -> Int32? {
    roots.append(Int32(nodes.count))
    var level = [root]
    var count = 1
    var depth: Int32 = 0
    while true {
      var next: [Int32] = []
      for branch in level {
        budget -= 1
        guard budget >= 0 else { return nil }
        let position = nodes.count - Int(roots[roots.count - 1])
        if branch < 0 {
          nodes.append(Self.leaf)
          let leaf = Int(-1 - branch)
          for entry in Int(structure.leafOffsets[leaf])..<Int(structure.leafOffsets[leaf + 1]) {
            entryTargets.append(structure.targets[entry])
            entryWeights.append(structure.weights[entry])
          }
        } else {
          guard let split = Split(structure, Int(branch)), count - position < 1 << 16 else { return nil }
          nodes.append(
            pare_tree_node(split.threshold, UInt32(structure.features[Int(branch)]), split.nanIsFirst ? 1 : 0, UInt32(count - position)))
          next += [split.first, split.second]
          count += 2
        }
        offsets.append(Int32(entryTargets.count))
      }
      guard !next.isEmpty else { return depth }
      level = next
      depth += 1
    }
  }

  private static let leaf = pare_tree_node(.infinity, 0, 1, 0)

  /// A question as x ≤ threshold, which leads to `first`, NaN aside.
  private struct Split {
    var threshold: Float
    var first: Int32
    var second: Int32
    var nanIsFirst: Bool

    init?(_ structure: TreeStructure<Float>, _ node: Int) {
      let value = structure.thresholds[node]
      let (yes, no) = (structure.trueBranches[node], structure.falseBranches[node])
      let missingIsTrue = structure.missing[node] != 0
      // x < t is x ≤ the number below t; nothing is below −∞, nor comparable with NaN.
      switch TreeComparison(rawValue: structure.modes[node]) {
      case .lessOrEqual: (threshold, first, second, nanIsFirst) = (value, yes, no, missingIsTrue)
      case .less: (threshold, first, second, nanIsFirst) = (value == -.infinity ? .nan : value.nextDown, yes, no, missingIsTrue)
      // Nothing is above NaN: all but NaN goes with what is not above infinity.
      case .greater, .greaterOrEqual where value.isNaN:
        (threshold, first, second, nanIsFirst) = (value.isNaN ? .infinity : value, no, yes, !missingIsTrue)
      case .greaterOrEqual:
        (threshold, first, second, nanIsFirst) = (value == -.infinity ? .nan : value.nextDown, no, yes, !missingIsTrue)
      default: return nil
      }
    }
  }
}
