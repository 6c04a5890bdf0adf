import PareGraph
import PareTensor

/// TreeEnsembleClassifier, with the special cases that onnxruntime makes of two classes.
///
/// | classes | weights name | scores | label |
/// | --- | --- | --- | --- |
/// | 1 | class 0 | s | s > 0 |
/// | 2 | class 0 alone | both from s, base value added (`PostTransform.applyToOneOfTwo`) | s > ½ where no weight is below 0, else s > 0 |
/// | 2 | class 0 alone, two base values | s plus the first, and 0 | the same |
/// | 2 | class 1 alone | 0 and s | the same |
/// | 2 | both | each its own, one base value goes to the first; with two, −s and s of s = the first's sum plus the second base value | 1 or 0 for s₁ > 0 |
/// | 3 or more | any | each its own | the highest of those that weights name, or of all where there are base values |
///
/// A class that some leaves of a row do not weigh counts as 0.
enum TreeEnsembleClassifierImport: NodeImport {
  static let operatorName: OperatorName = "ai.onnx.ml.TreeEnsembleClassifier"
  static let opsets = 1...5

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    let x = try context.floatingPointInput(of: node)
    let labels = try ClassLabels(node, integers: "classlabels_int64s")
    let trees = try TreeArrays(node, entries: "class")
    let transform = try PostTransform(node)
    let weighed = Set(trees.targets)
    let isProbability = trees.weights.allSatisfy { $0 >= 0 }
    // Of two classes the second often has no weights and no score of its own.
    let baseCount = try node.baseValues.count
    let isSingle = labels.count == 2 && !weighed.contains(1) && baseCount < 2
    let targetCount = isSingle ? 1 : labels.count
    let sums = try trees.write(x, targetCount: targetCount, aggregate: .sum, for: node, in: &context)
    guard labels.count <= 2 else {
      let scores = try context.cast(context.addBaseValues(to: sums, counts: [labels.count], for: node), to: .float32, for: node)
      let candidates = try node.baseValues.isEmpty ? weighed.sorted() : (0..<Int32(labels.count)).map { $0 }
      let winner = try context.highest(scores, among: candidates, count: labels.count, for: node)
      try labels.writeLabel(winner, output: 0, of: node, in: &context)
      let transformed = try transform.apply(scores, count: labels.count, for: node, in: &context)
      return try context.finish(transformed, as: 1, of: node)
    }
    if labels.count == 1 {
      let score = try context.cast(context.addBaseValues(to: sums, counts: [1], for: node), to: .float32, for: node)
      try finishLabel(try context.isAbove(0, score, for: node), isIndex: false, labels, node, &context)
      return try context.finish(transform.apply(score, count: 1, for: node, in: &context), as: 1, of: node)
    }
    try convertTwo(node, sums, labels, transform, weighed: weighed, isProbability: isProbability, in: &context)
  }

  private static func convertTwo(
    _ node: ONNXNode, _ sums: String, _ labels: ClassLabels, _ transform: PostTransform, weighed: Set<Int32>,
    isProbability: Bool, in context: inout ImportContext
  ) throws {
    let base = try node.baseValues
    guard base.count <= 2 else { throw node.attributeError("base_values to be none, 1 or 2", found: "\(base.count)") }
    func column(_ index: Int, plus value: Double?) throws -> String {
      var result = sums
      if try context.builder.type(of: sums).dimensions[1] != 1 {
        let position = try context.constant(Tensor([Int64(index)]), "column", for: node)
        result = try context.apply("Gather", [sums, position], ["axis": .int(1)], for: node)
      }
      if let value {
        result = try context.apply("Add", [result, context.number(value, like: result, "base_value", for: node)], for: node)
      }
      return try context.cast(result, to: .float32, for: node)
    }
    let limit = isProbability ? 0.5 : 0
    let (positive, scores): (String, [String]?)
    switch (weighed.contains(0), weighed.contains(1)) {
    case (_, false):
      positive = try column(0, plus: base.first)
      scores = base.count == 2 ? [positive, try column(1, plus: nil)] : nil
    case (false, true):
      guard base.count < 2 else {
        throw node.attributeError("at most one base value where weights name the second class alone", found: "2")
      }
      positive = try column(1, plus: nil)
      scores = [try column(0, plus: nil), positive]
    case (true, true) where base.count == 2:
      positive = try column(0, plus: base[1])
      scores = [try context.apply("Neg", [positive], for: node), positive]
    case (true, true):
      positive = try column(1, plus: nil)
      scores = [try column(0, plus: base.first), positive]
    }
    let hasBoth = weighed.count == 2
    try finishLabel(try context.isAbove(hasBoth ? 0 : limit, positive, for: node), isIndex: !hasBoth, labels, node, &context)
    let probabilities: String
    if let scores {
      let both = try context.apply("Concat", scores, ["axis": .int(1)], for: node)
      probabilities = try transform.apply(both, count: 2, for: node, in: &context)
    } else {
      probabilities = try transform.applyToOneOfTwo(positive, isProbability: isProbability, for: node, in: &context)
    }
    try context.finish(probabilities, as: 1, of: node)
  }

  /// - Parameter isIndex: whether 0 and 1 are indices of classes, or labels themselves.
  private static func finishLabel(
    _ value: String, isIndex: Bool, _ labels: ClassLabels, _ node: ONNXNode, _ context: inout ImportContext
  ) throws {
    if isIndex { return try labels.writeLabel(value, output: 0, of: node, in: &context) }
    context.metadata["classes"] = labels.names
    try context.finish(value, as: 0, of: node)
  }
}

extension ImportContext {
  /// 1 where a score lies above a limit and 0 elsewhere: `[rows, 1]` → int64 `[rows]`.
  mutating func isAbove(_ limit: Double, _ score: String, for node: ONNXNode) throws -> String {
    let bound = try number(limit, like: score, "limit", for: node)
    let flags = try cast(apply("Greater", [score, bound], for: node), to: .int64, for: node)
    return try apply("Squeeze", [flags, axes(1, for: node)], for: node)
  }

  /// The index of the highest score of each row, the first of several: `[rows, count]` → int64 `[rows]`.
  mutating func highest(_ scores: String, among candidates: [Int32], count: Int, for node: ONNXNode) throws -> String {
    let arguments = ["axis": Attribute.int(1), "keepdims": .int(0)]
    guard candidates.count < count, !candidates.isEmpty else { return try apply("ArgMax", [scores], arguments, for: node) }
    let columns = try constant(Tensor(candidates.map(Int64.init)), "weighed", for: node)
    let chosen = try apply("Gather", [scores, columns], ["axis": .int(1)], for: node)
    return try apply("Gather", [columns, apply("ArgMax", [chosen], arguments, for: node)], for: node)
  }
}
