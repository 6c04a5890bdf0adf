import PareTensor

/// The trees of a `pare.TreeEnsemble` as arrays, read from the constants of its inputs.
package struct TreeStructure<Scalar: BinaryFloatingPoint> {
  package let features: [Int32]
  package let thresholds: [Scalar]
  package let modes: [UInt8]
  package let missing: [UInt8]
  package let trueBranches: [Int32]
  package let falseBranches: [Int32]
  package let roots: [Int32]
  package let leafOffsets: [Int32]
  package let targets: [Int32]
  package let weights: [Scalar]
  private let targetCount: Int

  /// - Parameter constants: one per input of the node.
  /// - Returns: nil where one of them is not known.
  /// - Throws: `graph.tree` where extents that belong together differ.
  package init?(_ node: Node, constants: [Tensor?], targetCount: Int) throws {
    let tensors = constants.dropFirst().compactMap { $0 }
    guard constants.count == 11, tensors.count == 10 else { return nil }
    features = tensors[0].values(as: Int32.self)
    thresholds = tensors[1].doubles.map { Scalar($0) }
    modes = tensors[2].values(as: UInt8.self)
    missing = tensors[3].values(as: UInt8.self)
    trueBranches = tensors[4].values(as: Int32.self)
    falseBranches = tensors[5].values(as: Int32.self)
    roots = tensors[6].values(as: Int32.self)
    leafOffsets = tensors[7].values(as: Int32.self)
    targets = tensors[8].values(as: Int32.self)
    weights = tensors[9].doubles.map { Scalar($0) }
    self.targetCount = targetCount
    let perNode = [features.count, thresholds.count, modes.count, missing.count, trueBranches.count, falseBranches.count]
    guard Set(perNode).count == 1, targets.count == weights.count, !leafOffsets.isEmpty else {
      throw GraphError(
        "tree", node: node, expected: "as many of each for the nodes, as many targets as weights, and leaf offsets",
        found: "\(perNode), \(targets.count), \(weights.count) and \(leafOffsets.count)")
    }
  }

  package var leafCount: Int { leafOffsets.count - 1 }

  /// Checks every index, and that no path through a tree is without end.
  ///
  /// - Parameter featureCount: the columns of X, where they are known.
  /// - Throws: `graph.tree`, naming the first thing wrong.
  package func check(_ node: Node, featureCount: Int?) throws {
    func require<Values: Sequence<Int32>>(_ values: Values, _ range: Range<Int>, _ meaning: String) throws {
      guard let wrong = values.enumerated().first(where: { !range.contains(Int($0.element)) }) else { return }
      throw GraphError("tree", node: node, expected: "\(meaning) in \(range)", found: "\(wrong.element) at \(wrong.offset)")
    }
    try require(features, 0..<(featureCount ?? Int(Int32.max)), "features")
    try require(modes.map { Int32($0) }, 0..<TreeComparison.allCases.count, "modes")
    let branches = -leafCount..<features.count
    try require(trueBranches, branches, "true branches")
    try require(falseBranches, branches, "false branches")
    try require(roots, branches, "roots")
    try require(leafOffsets, 0..<targets.count + 1, "leaf offsets")
    try require(targets, 0..<targetCount, "targets")
    guard zip(leafOffsets, leafOffsets.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw GraphError("tree", node: node, expected: "leaf offsets that do not fall", found: "some that do")
    }
    try checkForCycles(node)
  }

  /// Goes down from the roots, keeping the path; a node that is met again on its own path closes a cycle.
  private func checkForCycles(_ node: Node) throws {
    var states = [VisitState](repeating: .new, count: features.count)
    var path: [Int32] = []
    for root in roots where root >= 0 && states[Int(root)] == .new {
      path.append(root)
      while let current = path.last {
        let index = Int(current)
        if states[index] == .new { states[index] = .onPath }
        let next: Int32
        if trueBranches[index] >= 0, states[Int(trueBranches[index])] != .done {
          next = trueBranches[index]
        } else if falseBranches[index] >= 0, states[Int(falseBranches[index])] != .done {
          next = falseBranches[index]
        } else {
          states[index] = .done
          path.removeLast()
          continue
        }
        guard states[Int(next)] == .new else {
          throw GraphError("tree", node: node, expected: "trees without cycles", found: "node \(next) below itself")
        }
        path.append(next)
      }
    }
  }
}

/// How far the search for cycles has come with a node.
private enum VisitState: UInt8 {
  case new, onPath, done
}
