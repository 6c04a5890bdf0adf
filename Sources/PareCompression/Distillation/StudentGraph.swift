import PareGraph
import PareModels
import PareTensor

/// Puts a student into a model, between what normalizes its features and what makes decisions of its logits.
enum StudentGraph {
  /// The value that a student ends in.
  static let logits = "logits"
  /// The value that a student starts from; the model's only input where it has no normalizer.
  static let normalized = "normalized"

  /// - Returns: the model's graph with an untrained student in place of its own layers.
  /// - Throws: `CompressionError` `compression.no-student` where the model has no logits `[batch, K]`, or nothing with a
  ///   known width for a student to start from.
  static func graph(of student: StudentArchitecture, inPlaceOf graph: Graph, seed: UInt64) throws -> Graph {
    let types = try graph.inferredTypes()
    let start = types[normalized] != nil ? normalized : graph.inputs.count == 1 ? graph.inputs[0].name : normalized
    let row = types[start]?.dimensions.dropFirst().map(\.fixedValue) ?? []
    guard !row.isEmpty, !row.contains(nil), let width = Shape.checkedElementCount(row.compactMap { $0 }), width > 0 else {
      throw CompressionError(
        "no-student", subject: "model '\(graph.name)'",
        expected: "a value '\(normalized)', or a single input, of [batch, …]", found: types[start].map { "\($0)" } ?? "none")
    }
    guard let classes = types[logits]?.dimensions.last?.fixedValue, types[logits]?.rank == 2 else {
      throw CompressionError(
        "no-student", subject: "model '\(graph.name)'", expected: "a value '\(logits)' of [batch, classes]",
        found: types[logits].map { "\($0)" } ?? "none")
    }
    let body = try Self.body(of: student, rowShape: row.compactMap { $0 }, width: width, outputs: classes, seed: seed)
      .readingInput(from: start)
    let front = graph.pruned(to: [start])
    let back = graph.nodes(dependingOn: logits)
    let backInputs = Set(back.flatMap { $0.inputs })
    var result = graph
    result.nodes = front.nodes + body.nodes + back
    result.parameters = graph.parameters.filter { front.parameters[$0.key] != nil || backInputs.contains($0.key) }
    result.parameters.merge(body.parameters) { _, new in new }
    _ = try result.inferredTypes()
    return result
  }

  /// The student from its input to its logits.
  private static func body(
    of student: StudentArchitecture, rowShape: [Int], width: Int, outputs: Int, seed: UInt64
  ) throws -> Graph {
    switch student {
    case .mlp(let hidden):
      try MultilayerPerceptron(inputs: width, hidden: hidden, outputs: outputs)
        .graph(seed: seed, rowShape: rowShape).pruned(to: [logits])
    }
  }
}

extension Graph {
  /// The graph with another value in place of its only input.
  fileprivate func readingInput(from value: String) -> Graph {
    guard let input = inputs.first?.name else { return self }
    var graph = self
    for index in graph.nodes.indices {
      graph.nodes[index].inputs = graph.nodes[index].inputs.map { $0 == input ? value : $0 }
    }
    return graph
  }

  /// The nodes that a value leads to, in order.
  fileprivate func nodes(dependingOn value: String) -> [Node] {
    var reached: Set<String> = [value]
    return nodes.filter { node in
      guard node.inputs.contains(where: reached.contains) else { return false }
      reached.formUnion(node.outputs)
      return true
    }
  }
}
