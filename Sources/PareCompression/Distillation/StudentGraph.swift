import PareBoostedTrees
import PareGraph
import PareModels
import PareTensor

/// Puts a student into a model, between what normalizes its features and what makes decisions of its scores.
enum StudentGraph {
  /// The value that a student starts from; the model's only input where it has no normalizer.
  static let normalized = "normalized"

  /// - Parameter scores: where the student ends.
  /// - Returns: the model's graph with an untrained student in place of its own layers.
  /// - Throws: `CompressionError` `compression.no-student` where the scores are no `[batch, K]`, there is nothing with a
  ///   known width for a student to start from, or an output of the model cannot be made from the scores.
  static func graph(
    of student: StudentArchitecture, inPlaceOf graph: Graph, scores: ModelScores, seed: UInt64
  ) throws -> Graph {
    switch (student, scores.kind) {
    case (_, .panel): return try panel(of: student, inPlaceOf: graph, seed: seed)
    case (.rows(let network), _):
      return try self.graph(inPlaceOf: graph, scores: scores) { rowShape, outputs in
        try network.graph(rowShape: rowShape, outputs: outputs, seed: seed)
      }
    case (.panel(let network), _):
      throw CompressionError(
        "no-student", subject: "model '\(graph.name)'", expected: "a model over panels, in whose place \(network.words) can stand",
        found: "one of rows", category: .usage)
    }
  }

  /// A student over panels: a network over them, or one of rows that sees each symbol's row of each step by itself.
  private static func panel(of student: StudentArchitecture, inPlaceOf graph: Graph, seed: UInt64) throws -> Graph {
    guard let features = graph.inputs.first(where: { $0.name != Graph.panelMask })?.type, features.rank == 4,
      let inputs = features.dimensions[3].fixedValue
    else {
      throw CompressionError(
        "no-student", subject: "model '\(graph.name)'", expected: "features [batch, steps, symbols, inputs] beside a mask",
        found: graph.inputs.map { "\($0.name): \($0.type)" }.joined(separator: ", "))
    }
    let shape = PanelShape(steps: features.dimensions[1].fixedValue, symbols: features.dimensions[2].fixedValue, inputs: inputs)
    switch student {
    case .panel(let network): return try network.graph(shape, seed: seed, name: graph.name)
    case .rows(let network):
      return try network.graph(rowShape: [inputs], outputs: 1, seed: seed).overPanels(score: logits, shape, name: graph.name)
    }
  }

  /// The same for a student of any kind.
  ///
  /// - Parameter student: makes a graph with one input of that row shape and a value `logits [batch, outputs]`.
  static func graph(
    inPlaceOf graph: Graph, scores: ModelScores, student: (_ rowShape: [Int], _ outputs: Int) throws -> Graph
  ) throws -> Graph {
    let types = try graph.inferredTypes()
    let start = start(of: graph, types)
    let row = types[start]?.dimensions.dropFirst().map(\.fixedValue) ?? []
    let rowShape = row.compactMap { $0 }
    guard !row.isEmpty, rowShape.count == row.count, let width = Shape.checkedElementCount(rowShape), width > 0 else {
      throw CompressionError(
        "no-student", subject: "model '\(graph.name)'",
        expected: "a value '\(normalized)', or a single input, of [batch, …]", found: types[start].map { "\($0)" } ?? "none")
    }
    guard scores.rowDimensions.count == 1, let outputs = scores.rowDimensions[0].fixedValue else {
      throw CompressionError(
        "no-student", subject: "value '\(scores.value)' of model '\(graph.name)'", expected: "scores [batch, K]",
        found: types[scores.value].map { "\($0)" } ?? "none")
    }
    let body = try student(rowShape, outputs).pruned(to: [logits]).connected(from: start, to: scores.value)
    let front = graph.pruned(to: [start])
    let back = graph.nodes(dependingOn: scores.value)
    let made = Set((front.nodes + body.nodes + back).flatMap(\.outputs))
    if let lost = graph.outputs.first(where: { !made.contains($0.name) }) {
      throw CompressionError(
        "no-student", subject: "output '\(lost.name)' of model '\(graph.name)'",
        expected: "outputs that follow from '\(scores.value)', which is what a student learns", found: "one that does not")
    }
    let backInputs = Set(back.flatMap { $0.inputs })
    var result = graph
    result.nodes = front.nodes + body.nodes + back
    result.parameters = graph.parameters.filter { front.parameters[$0.key] != nil || backInputs.contains($0.key) }
    result.parameters.merge(body.parameters) { _, new in new }
    _ = try result.inferredTypes()
    return result
  }

  /// The model with trees in place of its own layers.
  static func model(_ trees: BoostedTrees, inPlaceOf model: Model, scores: ModelScores) throws -> Model {
    let graph = try graph(inPlaceOf: model.graph, scores: scores) { rowShape, _ in
      var trees = trees
      // Numbers too end in a value that a student calls logits; what follows is the model's own.
      if trees.output == .numbers { trees.output = .classes }
      return try trees.graph(rowShape: rowShape)
    }
    return Model(graph: graph, sections: model.sections.filter { $0.key != AlongTime.section })
  }

  /// The value that a student of the graph starts from.
  static func start(of graph: Graph, _ types: [String: ValueType]) -> String {
    types[normalized] != nil ? normalized : graph.inputs.count == 1 ? graph.inputs[0].name : normalized
  }

  /// What a network calls its last value.
  fileprivate static let logits = "logits"
}

extension Graph {
  /// A network with other names for its only input and for its last value.
  fileprivate func connected(from start: String, to end: String) -> Graph {
    guard let input = inputs.first?.name else { return self }
    let names = [input: start, StudentGraph.logits: end]
    var graph = self
    for index in graph.nodes.indices {
      graph.nodes[index].inputs = graph.nodes[index].inputs.map { names[$0] ?? $0 }
      graph.nodes[index].outputs = graph.nodes[index].outputs.map { names[$0] ?? $0 }
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
