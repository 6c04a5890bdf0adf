import PareBoostedTrees
import PareGraph
import PareTensor
import Testing

/// XGBoost's files, without its library.
@Suite struct XGBoostImportTests {
  private func logits(_ file: [UInt8], _ rows: [[Float]]) throws -> [Float] {
    let graph = try BoostedTrees(modelFile: file, name: "model.json").graph()
    return try TreeSamples.values("logits", of: graph, Tensor(rows.flatMap { $0 }, shape: [rows.count, 3])).plan
  }

  @Test func aHandMadeModelDecidesAsItSays() throws {
    // x0 < 0.5 or missing: −1.5; else x2 < 0.25: 0.75; else 2. And 0.125.
    let rows: [[Float]] = [[0.4, 0, 0], [0.5, 0, 0.2], [0.5, 0, 0.25], [.nan, 0, 0], [1, 0, .nan], [1, .nan, -1]]
    let expected: [Float] = [-1.375, 0.875, 2.125, -1.375, 2.125, 0.875]
    let found = try logits(Array(TreeSamples.xgboost.utf8), rows)
    #expect(stride(from: 1, to: found.count, by: 2).map { found[$0] } == expected)
    #expect(stride(from: 0, to: found.count, by: 2).allSatisfy { found[$0] == 0 })
  }

  @Test func theBaseScoreBeginsEachSum() throws {
    let text = TreeSamples.xgboost.replacing(#""base_score":"5E-1""#, with: #""base_score":"[7.310586E-1]""#)
    let trees = try BoostedTrees(modelFile: Array(text.utf8), name: "m")
    #expect((trees.baseMargins[0] - 1).magnitude < 1e-6)
    let found = try logits(Array(text.utf8), [[0, 0, 0]])
    #expect(found[1] == trees.baseMargins[0] + -1.5 + 0.125)
  }

  @Test func aColumnWithoutTreesIsItsBase() throws {
    let trees = BoostedTrees(featureCount: 2, output: .numbers, baseMargins: [3, 0, -2], trees: [
      DecisionTree(splits: [], leaves: [0.5], root: -1, target: 1)
    ])
    #expect(try TreeSamples.values("prediction", of: trees.graph(), Tensor([0, 0] as [Float], shape: [1, 2])).plan == [3, 0.5, -2])
  }

  @Test(arguments: [
    (#""name":"gbtree""#, #""name":"dart""#, "unsupported"),
    (#""name":"binary:logistic""#, #""name":"count:poisson""#, "unsupported"),
    (#""split_type":[0,"#, #""split_type":[1,"#, "unsupported"),
    (#""size_leaf_vector":"0"}},"#, #""size_leaf_vector":"3"}},"#, "unsupported"),
    (#""base_score":"5E-1""#, #""base_score":"1""#, "model"),
    (#""base_score":"5E-1""#, #""base_score":"nan""#, "model"),
    (#""num_feature":"3""#, #""num_feature":"2""#, "model"),
    (#""num_feature":"3""#, #""num_feature":"-3""#, "model"),
    (#""num_class":"0""#, #""num_class":"99999999""#, "model"),
    (#""tree_info":[0,0]"#, #""tree_info":[0]"#, "model"),
    (#""tree_info":[0,0]"#, #""tree_info":[0,1]"#, "model"),
    (#""left_children":[1,-1,3"#, #""left_children":[1,-1,0"#, "model"),
    (#""left_children":[1,-1,3"#, #""left_children":[1,-1,4"#, "model"),
    (#""left_children":[1,-1,3"#, #""left_children":[1,-1,5"#, "model"),
    (#""left_children":[1,-1,3"#, #""left_children":[1,-1,99999999999"#, "model"),
    (#""right_children":[2"#, #""right_children":[-1"#, "model"),
    (#""split_conditions":[5E-1"#, #""split_conditions":[1E99"#, "model"),
    (#""split_conditions":[5E-1"#, #""split_conditions":["5""#, "model"),
    (#""num_nodes":"5""#, #""num_nodes":"4""#, "model"),
    (#""num_nodes":"5""#, #""num_nodes":"4000000000""#, "model"),
    (#","version":[1,7,4]}"#, "", "format"),
  ])
  func whatDoesNotFitIsRefused(part: String, replacement: String, code: String) throws {
    let text = TreeSamples.xgboost.replacing(part, with: replacement)
    #expect(text != TreeSamples.xgboost)
    let error = #expect(throws: BoostedTreesError.self) { try BoostedTrees(modelFile: Array(text.utf8), name: "model.json") }
    #expect(error?.code == "boosted-trees." + code && error?.category == .badData, "\(error?.description ?? "")")
    #expect(error?.subject.hasPrefix("model.json") == true)
  }
}
