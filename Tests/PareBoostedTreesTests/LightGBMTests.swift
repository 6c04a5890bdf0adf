import PareBoostedTrees
import PareGraph
import PareTensor
import Testing

/// LightGBM's text, by models whose answers are worked out by hand.
@Suite struct LightGBMTests {
  /// One tree of one split of feature 0, leaves −1 and 1.
  private static func text(_ threshold: String, _ type: Int, objective: String = "regression") -> String {
    """
    tree
    version=v4
    num_class=1
    num_tree_per_iteration=1
    label_index=0
    max_feature_idx=0
    objective=\(objective)
    feature_names=x
    feature_infos=[-3:3]
    tree_sizes=100

    Tree=0
    num_leaves=2
    num_cat=0
    split_feature=0
    split_gain=1
    threshold=\(threshold)
    decision_type=\(type)
    left_child=-1
    right_child=-2
    leaf_value=-1 1
    is_linear=0
    shrinkage=1


    end of trees

    parameters:
    [boosting: gbdt]
    end of parameters
    """
  }

  private func values(_ text: String, _ rows: [Float], features: Int = 1, value: String = "prediction") throws -> [Float] {
    let graph = try BoostedTrees(modelFile: Array(text.utf8), name: "model.txt").graph()
    let found = try TreeSamples.values(value, of: graph, Tensor(rows, shape: [rows.count / features, features]))
    #expect(found.reference == found.plan)
    return found.plan
  }

  /// Rows: −2, −10⁻³⁵, 0, 10⁻³⁵, 0.5, 2, NaN. Left is −1.
  @Test(arguments: [
    // Nothing is missing: NaN is 0.
    ("1", 0, [-1, -1, -1, -1, -1, 1, -1]), ("-1", 0, [-1, 1, 1, 1, 1, 1, 1]), ("-1", 2, [-1, 1, 1, 1, 1, 1, 1]),
    ("0", 0, [-1, -1, -1, 1, 1, 1, -1]),
    // Zero is missing, and so is NaN; it goes to the right, or (2) to the left.
    ("1", 4, [-1, 1, 1, 1, -1, 1, 1]), ("0", 4, [-1, 1, 1, 1, 1, 1, 1]), ("-1", 4, [-1, 1, 1, 1, 1, 1, 1]),
    ("1", 6, [-1, -1, -1, -1, -1, 1, -1]), ("0", 6, [-1, -1, -1, -1, 1, 1, -1]), ("-1", 6, [-1, -1, -1, -1, 1, 1, -1]),
    // NaN is missing.
    ("1", 8, [-1, -1, -1, -1, -1, 1, 1]), ("1", 10, [-1, -1, -1, -1, -1, 1, -1]), ("-1", 10, [-1, 1, 1, 1, 1, 1, -1]),
    ("1e300", 8, [-1, -1, -1, -1, -1, -1, 1]), ("-1e300", 8, [1, 1, 1, 1, 1, 1, 1]),
  ] as [(String, Int, [Float])])
  func everyKindOfDecisionGoesItsWay(threshold: String, type: Int, expected: [Float]) throws {
    #expect(try values(Self.text(threshold, type), [-2, -1e-35, 0, 1e-35, 0.5, 2, .nan]) == expected)
  }

  @Test func aThresholdBetweenTwoFeaturesOfFloat32PartsThem() throws {
    let below: Float = 0.1
    // Float(0.1) is above the Float64 0.1.
    #expect(try values(Self.text("0.1", 8), [below.nextDown, below]) == [-1, 1])
    #expect(try values(Self.text("0.10000000149011612", 8), [below, below.nextUp]) == [-1, 1])
  }

  @Test func theSigmoidsFactorScalesTheMargin() throws {
    let logits = try values(Self.text("1", 8, objective: "binary sigmoid:2.5"), [0, 2], value: "logits")
    #expect(logits == [0, -2.5, 0, 2.5])
  }

  @Test func aMeanOfTreesIsOneOverRounds() throws {
    let one = Self.text("1", 8).replacing("objective=", with: "average_output\nobjective=")
    let second = one.components("Tree=0")[1].components("end of trees")[0]
    let two = one.replacing("tree_sizes=100", with: "tree_sizes=100 100").replacing(
      "\nend of trees", with: "\nTree=1" + second.replacing("leaf_value=-1 1", with: "leaf_value=3 5") + "\nend of trees")
    #expect(try values(two, [0, 2]) == [1, 3])
  }

  /// Classes take turns; the second tree is a chain of three splits over two features.
  @Test func severalClassesTakeTurns() throws {
    let text = """
      tree
      version=v4
      num_class=3
      num_tree_per_iteration=3
      max_feature_idx=1
      objective=multiclass num_class:3
      tree_sizes=1 1 1

      Tree=0
      num_leaves=1
      num_cat=0
      leaf_value=0.25

      Tree=1
      num_leaves=4
      num_cat=0
      split_feature=0 1 0
      threshold=0 0.5 -1
      decision_type=10 8 8
      left_child=2 -2 -1
      right_child=1 -3 -4
      leaf_value=1 2 3 4

      Tree=2
      num_leaves=2
      num_cat=0
      split_feature=1
      threshold=0
      decision_type=2
      left_child=-1
      right_child=-2
      leaf_value=-0.5 0.5

      end of trees
      """
    let rows: [Float] = [-2, 0, -0.5, 1, 1, 0.25, 1, 0.75, .nan, .nan]
    #expect(
      try values(text, rows, features: 2, value: "logits") == [
        0.25, 1, -0.5, 0.25, 4, 0.5, 0.25, 2, 0.5, 0.25, 3, 0.5, 0.25, 4, -0.5,
      ])
  }

  @Test(arguments: [
    ("decision_type=8", "decision_type=1", "unsupported"), ("num_cat=0", "num_cat=1", "unsupported"),
    ("is_linear=0", "is_linear=1", "unsupported"), ("objective=regression", "objective=poisson", "unsupported"),
    ("objective=regression", "objective=regression sqrt", "unsupported"),
    ("objective=regression", "objective=multiclassova num_class:3 sigmoid:1", "unsupported"),
    ("objective=regression", "objective=binary sigmoid:0", "model"), ("decision_type=8", "decision_type=12", "unsupported"),
    ("decision_type=8", "decision_type=-8", "unsupported"), ("threshold=1", "threshold=nan", "model"),
    ("threshold=1", "threshold=1 2", "model"), ("split_feature=0", "split_feature=1", "model"),
    ("left_child=-1", "left_child=0", "model"), ("left_child=-1", "left_child=-2", "model"),
    ("left_child=-1", "left_child=-2147483648", "model"), ("left_child=-1", "left_child=7", "model"),
    ("num_leaves=2", "num_leaves=3", "model"), ("num_leaves=2", "num_leaves=0", "model"),
    ("num_leaves=2", "num_leaves=2000000000", "model"), ("leaf_value=-1 1", "leaf_value=-1 inf", "model"),
    ("leaf_value=-1 1", "leaf_value=-1 1e60", "model"), ("num_tree_per_iteration=1", "num_tree_per_iteration=2", "model"),
    ("max_feature_idx=0", "max_feature_idx=99999999999", "model"), ("tree_sizes=100", "tree_sizes=100 100", "model"),
    ("Tree=0", "Tree=1", "format"), ("end of trees", "end", "format"), ("shrinkage=1", "num_leaves=2", "format"),
  ])
  func whatDoesNotFitIsRefused(part: String, replacement: String, code: String) {
    let text = Self.text("1", 8).replacing(part, with: replacement)
    let error = #expect(throws: BoostedTreesError.self) { try BoostedTrees(modelFile: Array(text.utf8), name: "model.txt") }
    #expect(error?.code == "boosted-trees." + code, "\(error?.description ?? "")")
  }
}

extension String {
  fileprivate func components(_ separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }
}
