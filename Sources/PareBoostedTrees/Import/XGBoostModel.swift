#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
import PareArtifact
import PareGraph

/// What margins are, by the name of an objective, and how a base score becomes one.
private enum XGBoostObjective {
  case classes, logistic, identity

  /// - Returns: nil for objectives whose link is another, such as the exponential of `count:poisson`.
  init?(_ name: String) {
    switch name {
    case "multi:softprob", "multi:softmax": self = .classes
    case "binary:logistic", "binary:logitraw", "reg:logistic": self = .logistic
    case "reg:squarederror", "reg:linear", "reg:absoluteerror", "reg:pseudohubererror", "reg:quantileerror", "rank:pairwise",
      "rank:ndcg", "rank:map": self = .identity
    default: return nil
    }
  }
}

extension BoostedTrees {
  /// From XGBoost's model schema: `learner`, in it the objective, parameters of the model and the trees.
  ///
  /// - Parameter document: the whole file.
  init(xgboost document: ModelField) throws(BoostedTreesError) {
    let learner = try ModelField(value: document.value, path: document.path + ":").member("learner")
    let objectiveField = try learner.members("objective", "name")
    guard let objective = XGBoostObjective(try objectiveField.text()) else {
      throw objectiveField.unsupported(
        "classes (multi:softprob, binary:logistic) or numbers (reg:squarederror and the like)", objectiveField.value.kind)
    }
    let booster = try learner.member("gradient_booster")
    if let name = try booster.optional("name"), try name.text() != "gbtree" {
      throw name.unsupported("the booster gbtree", name.value.kind)
    }
    let parameters = try learner.member("learner_model_param")
    let featureCount = try parameters.member("num_feature").integer(in: 1...1 << 24)
    let classes = try parameters.optional("num_class")?.integer(in: 0...1 << 16) ?? 0
    let targets = try parameters.optional("num_target")?.integer(in: 0...1 << 16) ?? 1
    let columns = max(classes, targets, 1)
    switch objective {
    case .classes where classes < 2: throw try parameters.member("num_class").mismatch("2 classes or more")
    case .classes where targets > 1, .identity where classes > 1, .logistic where columns > 1:
      throw parameters.unsupported("one column of labels for classes", "\(classes) classes and \(targets) targets")
    default: break
    }
    let bases = try Self.baseMargins(try parameters.member("base_score"), columns: columns, objective)
    let model = try booster.member("model")
    let treesField = try model.member("trees")
    let documents = try treesField.elements()
    let info = try model.member("tree_info").integers(documents.count)
    var trees: [DecisionTree] = []
    trees.reserveCapacity(documents.count)
    for (index, document) in documents.enumerated() {
      guard (0..<Int32(columns)).contains(info[index]) else {
        throw BoostedTreesError(
          "model", subject: "\(model.path).tree_info[\(index)]", expected: "a column in 0 ..< \(columns)", found: "\(info[index])")
      }
      trees.append(
        try DecisionTree(xgboost: treesField.element(index, document), featureCount: featureCount, target: Int(info[index])))
    }
    let outputs: [XGBoostObjective: Output] = [.classes: .classes, .logistic: .binary, .identity: .numbers]
    self.init(featureCount: featureCount, output: outputs[objective] ?? .numbers, baseMargins: bases, trees: trees)
  }

  /// The base score, which stands before the link, as a margin: one for all columns, or since version 3.1 one for each.
  private static func baseMargins(
    _ field: ModelField, columns: Int, _ objective: XGBoostObjective
  ) throws(BoostedTreesError) -> [Float] {
    let words = try field.text().split { "[], ".contains($0) }
    guard words.count == 1 || words.count == columns else { throw field.mismatch("a number, or one for each of \(columns) columns") }
    var margins: [Float] = []
    for word in words {
      guard let score = Float(word), score.isFinite else { throw field.mismatch("a finite number") }
      guard objective == .logistic else {
        margins.append(score)
        continue
      }
      guard score > 0, score < 1 else { throw field.mismatch("a probability above 0 and below 1") }
      margins.append(-logf(1 / score - 1))
    }
    return margins.count == columns ? margins : [Float](repeating: margins[0], count: columns)
  }
}

extension DecisionTree {
  /// Nodes are kept in arrays; a leaf has no child and its value in `split_conditions`. Nodes that pruning left behind
  /// are not reached from the root, which is node 0.
  fileprivate init(xgboost field: ModelField, featureCount: Int, target: Int) throws(BoostedTreesError) {
    let parameters = try field.member("tree_param")
    let count = try parameters.member("num_nodes").integer(in: 1...Int(Int32.max))
    if let size = try parameters.optional("size_leaf_vector"), try size.integer(in: 0...Int(Int32.max)) > 1 {
      throw size.unsupported("a number in each leaf", size.value.kind)
    }
    let lefts = try field.member("left_children").integers(count)
    let rights = try field.member("right_children").integers(count)
    let features = try field.member("split_indices").integers(count)
    let conditions = try field.member("split_conditions").floats(count)
    let defaultsLeft = try field.member("default_left").integers(count)
    let types = try field.optional("split_type")?.integers(count)
    func wrong(_ node: Int32, _ expected: String, _ found: String) -> BoostedTreesError {
      BoostedTreesError("model", subject: "\(field.path), node \(node)", expected: expected, found: found)
    }

    self.init(splits: [], leaves: [], root: 0, target: target)
    var isReached = [Bool](repeating: false, count: count)
    // Where each node that waits is to be noted: of which split, and on which side.
    var waiting: [(node: Int32, split: Int?, isTrue: Bool)] = [(0, nil, true)]
    while let (node, split, isTrue) = waiting.popLast() {
      let at = Int(node)
      guard !isReached[at] else { throw wrong(node, "a single path from the root", "another") }
      isReached[at] = true
      let (left, right) = (lefts[at], rights[at])
      let place: Int32
      if left == -1 {
        place = -1 - Int32(leaves.count)
        leaves.append(conditions[at])
      } else {
        guard (0..<Int32(count)).contains(left), (0..<Int32(count)).contains(right) else {
          throw wrong(node, "children in 0 ..< \(count)", "\(left) and \(right)")
        }
        guard (0..<Int32(featureCount)).contains(features[at]) else {
          throw wrong(node, "a feature in 0 ..< \(featureCount)", "\(features[at])")
        }
        if let types, types[at] != 0 {
          throw BoostedTreesError(
            "unsupported", subject: "\(field.path), node \(node)", expected: "a split by a number", found: "one by categories")
        }
        place = Int32(splits.count)
        splits.append(
          Split(
            feature: features[at], comparison: .less, threshold: conditions[at], missingIsTrue: defaultsLeft[at] != 0,
            trueBranch: 0, falseBranch: 0))
        waiting.append((right, splits.count - 1, false))
        waiting.append((left, splits.count - 1, true))
      }
      if let split {
        if isTrue { splits[split].trueBranch = place } else { splits[split].falseBranch = place }
      } else {
        root = place
      }
    }
  }
}
