import PareArtifact
import PareCompression
import PareGraph
import PareInference
import PareTensor

extension Model {
  /// What the model weighs and what a decision should take: the bytes of its artifact, learned numbers that are not zero,
  /// multiply-adds of a row, and nanoseconds by the cost table where that knows every step.
  ///
  /// - Parameter plan: the model's, where it has one.
  func costs(_ plan: ExecutionPlan?) throws -> [String: Double] {
    var figures = [
      Figure.bytes: Double(try Artifact.encode(self).count), Figure.nonZeros: Double(try graph.learnedNonZeroCount()),
      Figure.multiplyAdds: Double(try graph.multiplyAdds()),
    ]
    figures[Figure.estimate] = plan?.estimate
    return figures
  }
}

extension Graph {
  /// The types of all values for one row: every open extent is 1.
  func typesOfOneRow() throws -> [String: TensorType] {
    try inferredTypes().mapValues { TensorType($0.elementType, Shape($0.dimensions.map { $0.fixedValue ?? 1 })) }
  }

  /// Multiply-adds of all nodes for one row; a sum that no Int holds stops at the greatest.
  func multiplyAdds() throws -> Int {
    let types = try typesOfOneRow()
    return nodes.reduce(0) { sum, node in
      let (total, overflows) = sum.addingReportingOverflow(node.multiplyAdds(types) ?? 0)
      return overflows ? .max : total
    }
  }
}
