import PareGraph
import PareTensor

/// The classes of a classifier: integers, or texts, for which their index stands.
struct ClassLabels {
  let integers: [Int]
  let texts: [String]

  /// - Parameter integers: what the operator calls its list of integers; the texts are `classlabels_strings`.
  /// - Throws: where both are given, or neither.
  init(_ node: ONNXNode, integers name: String) throws {
    integers = try node.node.ints(name) ?? []
    texts = try node.strings("classlabels_strings")
    guard integers.isEmpty != texts.isEmpty else {
      throw node.attributeError("either \(name) or classlabels_strings", found: integers.isEmpty ? "neither" : "both")
    }
  }

  var count: Int { max(integers.count, texts.count) }

  /// The names of the classes, which are not part of a graph.
  var names: [String] { texts.isEmpty ? integers.map(String.init) : texts }

  /// Makes the output that holds the label from one that holds the index of the class, and notes the names.
  func writeLabel(_ index: String, output: Int, of node: ONNXNode, in context: inout ImportContext) throws {
    context.metadata["classes"] = names
    if !integers.isEmpty, integers != Array(0..<integers.count) {
      let values = try context.constant(Tensor(integers.map(Int64.init)), "labels", for: node)
      _ = try context.apply("Gather", [values, index], for: node, output: node.outputs[output])
    } else {
      try context.finish(index, as: output, of: node)
    }
  }
}
