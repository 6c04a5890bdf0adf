import PareGraph

/// What LightGBM asks at a node, from the bits of its `decision_type`: 1 for categories, 2 where what is missing goes to
/// the left, then two bits that say what is missing.
private struct LightGBMDecision {
  enum Missing: Int {
    /// Nothing: NaN counts as 0.
    case none
    /// Numbers within 10⁻³⁵ of 0, and NaN.
    case zero
    /// NaN.
    case nan
  }

  let missing: Missing
  let missingIsLeft: Bool

  /// - Returns: nil for categories and unknown bits.
  init?(_ bits: Int) {
    guard (0..<16).contains(bits), bits & 1 == 0, let missing = Missing(rawValue: bits >> 2) else { return nil }
    self.missing = missing
    missingIsLeft = bits & 2 != 0
  }

  /// The last number on either side of 0 that counts as 0.
  private static let zero: Float = 1e-35

  /// The splits that decide as LightGBM does for features of Float32, the first of them to begin with.
  ///
  /// - Parameters:
  ///   - first: where the first of them is going to stand.
  ///   - left: where `x ≤ threshold` leads; `right` where the rest does.
  func splits(_ feature: Int32, _ threshold: Double, at first: Int32, left: Int32, right: Int32) -> [DecisionTree.Split] {
    func split(_ comparison: TreeComparison, _ limit: Float, missingIsTrue: Bool, _ yes: Int32, _ no: Int32) -> DecisionTree.Split {
      DecisionTree.Split(
        feature: feature, comparison: comparison, threshold: limit, missingIsTrue: missingIsTrue, trueBranch: yes, falseBranch: no)
    }
    let nearest = Float(threshold)
    let limit = Double(nearest) > threshold ? nearest.nextDown : nearest
    let zero = Self.zero
    switch missing {
    case .none: return [split(.lessOrEqual, limit, missingIsTrue: 0 <= threshold, left, right)]
    case .nan: return [split(.lessOrEqual, limit, missingIsTrue: missingIsLeft, left, right)]
    case .zero where missingIsLeft && limit >= (-zero).nextDown:
      return [split(.lessOrEqual, max(limit, zero), missingIsTrue: true, left, right)]
    case .zero where !missingIsLeft && limit <= zero:
      return [split(.lessOrEqual, min(limit, (-zero).nextDown), missingIsTrue: false, left, right)]
    case .zero where missingIsLeft:
      // Left of the threshold, or about 0, which lies to the right of it.
      return [
        split(.lessOrEqual, limit, missingIsTrue: true, left, first + 1),
        split(.less, -zero, missingIsTrue: false, right, first + 2),
        split(.lessOrEqual, zero, missingIsTrue: false, left, right),
      ]
    case .zero:
      // Left of the threshold, but not about 0, which lies to the left of it.
      return [
        split(.lessOrEqual, limit, missingIsTrue: false, first + 1, right),
        split(.less, -zero, missingIsTrue: false, left, first + 2),
        split(.lessOrEqual, zero, missingIsTrue: false, right, left),
      ]
    }
  }
}

extension DecisionTree {
  /// - Parameters:
  ///   - featureCount: columns that it may ask about.
  ///   - leafScale: what leaves are multiplied by before they are rounded.
  init(
    lightGBM section: LightGBMText.Section, featureCount: Int, leafScale: Double, target: Int
  ) throws(BoostedTreesError) {
    let leafCount = try section.integer("num_leaves", in: 1...Int(Int32.max))
    if let linear = section.text("is_linear"), linear != "0" { throw section.unsupported("is_linear", "a number in each leaf") }
    if let categories = section.text("num_cat"), categories != "0" { throw section.unsupported("num_cat", "splits by numbers") }
    var leaves: [Float] = []
    for value in try section.numbers("leaf_value", leafCount, as: Double.self) {
      let scaled = Float(value * leafScale)
      guard scaled.isFinite else { throw section.wrong("leaf_value", "numbers of Float32") }
      leaves.append(scaled)
    }
    let count = leafCount - 1
    self.init(splits: [], leaves: leaves, root: count > 0 ? 0 : -1, target: target)
    guard count > 0 else { return }
    let features = try section.numbers("split_feature", count, as: Int32.self)
    let thresholds = try section.numbers("threshold", count, as: Double.self)
    let types = try section.numbers("decision_type", count, as: Int.self)
    let lefts = try section.numbers("left_child", count, as: Int32.self)
    let rights = try section.numbers("right_child", count, as: Int32.self)
    try Self.checkForATree(section, lefts, rights)
    // Where each node's splits begin: one that takes several moves those behind it.
    var decisions: [LightGBMDecision] = []
    var places: [Int32] = []
    var splitCount: Int32 = 0
    for node in 0..<count {
      guard (0..<Int32(featureCount)).contains(features[node]) else {
        throw section.wrong("split_feature", "features in 0 ..< \(featureCount)")
      }
      guard !thresholds[node].isNaN else { throw section.wrong("threshold", "numbers") }
      guard let decision = LightGBMDecision(types[node]) else {
        throw section.unsupported("decision_type", "splits by numbers, not \(types[node])")
      }
      decisions.append(decision)
      places.append(splitCount)
      splitCount += Int32(decision.splits(0, thresholds[node], at: 0, left: 0, right: 0).count)
    }
    func place(_ child: Int32) -> Int32 { child >= 0 ? places[Int(child)] : child }
    for node in 0..<count {
      splits += decisions[node].splits(
        features[node], thresholds[node], at: places[node], left: place(lefts[node]), right: place(rights[node]))
    }
  }

  /// Every node but the root and every leaf has to be a child once, of a node that the root leads to.
  private static func checkForATree(
    _ section: LightGBMText.Section, _ lefts: [Int32], _ rights: [Int32]
  ) throws(BoostedTreesError) {
    let count = lefts.count
    var isReached = [Bool](repeating: false, count: 2 * count + 1)
    var waiting: [Int32] = [0]
    while let node = waiting.popLast() {
      guard (-Int32(count) - 1..<Int32(count)).contains(node), !isReached[Int(node) + count + 1] else {
        throw section.wrong("left_child", "a tree with right_child, not child \(node)")
      }
      isReached[Int(node) + count + 1] = true
      if node >= 0 { waiting += [lefts[Int(node)], rights[Int(node)]] }
    }
  }
}
