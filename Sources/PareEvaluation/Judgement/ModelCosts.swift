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
