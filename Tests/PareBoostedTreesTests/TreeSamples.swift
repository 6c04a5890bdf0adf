import PareBoostedTrees
import PareGraph
import PareInference
import PareTensor
import Testing

/// Rows, files and evaluations that several tests use.
enum TreeSamples {
  static let features = 8

  /// Standard normal features, one in twelve of them missing.
  static func rows(_ count: Int, seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return Tensor(
      (0..<count * features).map { _ in generator.below(12) == 0 ? .nan : Float(generator.normal()) }, shape: [count, features])
  }

  /// A number for each row that trees can find out.
  static func scores(_ rows: Tensor) -> [Float] {
    let values = rows.values(as: Float.self)
    return (0..<rows.shape[0]).map { row in
      let x = values[row * features..<(row + 1) * features].map { $0.isNaN ? 0.5 : $0 }
      return x[0] + x[1] * x[2] + (x[3] > 0 ? 1 : -1)
    }
  }

  static func classes(_ rows: Tensor, count: Int) -> BoostingData.Labels {
    let limits: [Float] = count == 2 ? [0] : [-0.7, 0.7]
    return .classes(scores(rows).map { score in Int64(limits.count { score > $0 }) }, count: count)
  }

  static func data(_ count: Int, classes: Int?, seed: UInt64) throws -> BoostingData {
    let rows = rows(count, seed: seed)
    return try BoostingData(
      features: rows, labels: classes.map { self.classes(rows, count: $0) } ?? .numbers(Tensor(scores(rows))))
  }

  /// What the reference and the execution plan make of rows; the plan row by row.
  static func values(_ name: String, of graph: Graph, _ rows: Tensor) throws -> (reference: [Float], plan: [Float]) {
    let (count, width) = (rows.shape[0], rows.shape[1])
    let found = try ReferenceEvaluator(graph, binding: ["batch": count]).run([graph.inputs[0].name: rows])[name]
    let reference = try #require(found).values(as: Float.self)
    let plan = try ExecutionPlan(graph)
    #expect(plan.steps.contains { $0.kernel.hasPrefix("tree_ensemble/") })
    let context = plan.makeContext()
    var planned: [Float] = []
    try rows.withUnsafeElements(as: Float.self) { values in
      for row in 0..<count {
        guard let base = values.baseAddress else { return }
        _ = try context.run(features: base + row * width)
        planned += try #require(context.output(name, as: Float.self))
      }
    }
    return (reference, planned)
  }

  /// An XGBoost file of two trees over three features: the first splits twice, the second is a leaf. Of two classes.
  static let xgboost = """
    {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{"num_trees":"2"},\
    "tree_info":[0,0],"trees":[{"base_weights":[0,0,0,0,0],"default_left":[1,0,0,0,0],"id":0,\
    "left_children":[1,-1,3,-1,-1],"right_children":[2,-1,4,-1,-1],"parents":[2147483647,0,0,2,2],\
    "split_conditions":[5E-1,-1.5E0,2.5E-1,7.5E-1,2E0],"split_indices":[0,0,2,0,0],"split_type":[0,0,0,0,0],\
    "tree_param":{"num_deleted":"0","num_feature":"3","num_nodes":"5","size_leaf_vector":"0"}},\
    {"default_left":[0],"left_children":[-1],"right_children":[-1],"split_conditions":[1.25E-1],"split_indices":[0],\
    "tree_param":{"num_nodes":"1","size_leaf_vector":"0"}}]},"name":"gbtree"},\
    "learner_model_param":{"base_score":"5E-1","num_class":"0","num_feature":"3","num_target":"1"},\
    "objective":{"name":"binary:logistic","reg_loss_param":{"scale_pos_weight":"1"}}},"version":[1,7,4]}
    """
}
