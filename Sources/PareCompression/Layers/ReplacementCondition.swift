import PareGraph
import PareInference

/// When a layer's replacement by several smaller ones is worth it.
public enum ReplacementCondition: String, RecipeWord {
  /// Where the plan is expected to be faster by this processor's cost table; where the table does not know, as `smaller`.
  case faster
  /// Where there are fewer multiply-adds.
  case smaller

  /// - Returns: nil where the replacement is worth it, else why not, in words.
  func objection(to replacement: Graph, of original: Graph) throws -> String? {
    let (before, after) = (try original.multiplyAdds(), try replacement.multiplyAdds())
    guard after < before else { return "\(after) multiply-adds for \(before)" }
    guard self == .faster else { return nil }
    let (slow, fast) = (try ExecutionPlan(Model(graph: original)).estimate, try ExecutionPlan(Model(graph: replacement)).estimate)
    guard let slow, let fast, fast >= slow else { return nil }
    return "\(rounded(fast)) ns for \(rounded(slow)) ns by the cost table, with \(after) multiply-adds for \(before)"
  }

  private func rounded(_ nanoseconds: Double) -> Double { (nanoseconds * 10).rounded() / 10 }
}
