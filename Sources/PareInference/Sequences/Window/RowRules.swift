import PareGraph
import PareTensor

/// For each value of a graph that depends on its input, which of its rows depend on the newest row, and how rows are
/// computed by themselves. Found along the graph, from what each operator does with the axis of time; an operator that
/// is not known to leave rows apart is taken to need all of its inputs for all of its output.
struct RowRules {
  let graph: Graph
  private(set) var types: [String: TensorType]
  private(set) var dependence: [String: RowDependence] = [:]
  /// In the order in which values are made.
  private(set) var all: [(value: String, rule: RowRule)] = []
  let steps: StepwiseOperators
  private let producers: [String: Node]
  private let read: Set<String>

  /// - Parameters:
  ///   - graph: of known extents, with one input.
  ///   - axis: the input's axis of time.
  init(_ graph: Graph, types: [String: TensorType], axis: Int) throws {
    (self.graph, self.types) = (graph, types)
    var producers: [String: Node] = [:]
    for node in graph.nodes { for output in node.outputs where !output.isEmpty { producers[output] = node } }
    self.producers = producers
    read = Set(graph.nodes.flatMap(\.inputs)).union(graph.outputs.map(\.name))
    steps = StepwiseOperators(extents: types.mapValues(\.shape.dimensions), graph: graph)
    let input = graph.inputs[0].name
    let count = types[input]?.shape.dimensions[axis] ?? 1
    dependence[input] = RowDependence(axis: axis, count: count, fresh: count - 1, entering: count - 2, settled: 0)
    for node in graph.nodes { try visit(node) }
  }

  /// How many values have rows that come from rows: how far the axis of time goes.
  var timedCount: Int { all.count { $0.rule.dependence.axis != nil } }

  /// The input's axis of time where it is the last, features before it.
  var lastAxisOfTime: Int? {
    let input = graph.inputs[0].name
    return dependence[input]?.axis.flatMap { $0 == extents(input).count - 1 ? $0 : nil }
  }

  private mutating func visit(_ node: Node) throws {
    let outputs = node.outputs.filter { !$0.isEmpty }
    if node.inputs.contains(where: { dependence[$0]?.axis != nil }) {
      if node.operatorName == "Split", let rules = try splitRules(node) {
        for (value, rule) in rules { add(value, rule) }
        return
      }
      if let rules = try recurrentRules(node) {
        for (value, rule) in rules { add(value, rule) }
        return
      }
      if outputs.count == 1 {
        for (value, rule) in try productRules(node) ?? meanRules(node) ?? [] { add(value, rule) }
        if dependence[outputs[0]] != nil { return }
        if let rule = try stepwiseRule(node) ?? windowRule(node) ?? shiftRule(node) ?? attentionRule(node) {
          add(outputs[0], rule)
          return
        }
      }
    }
    for output in outputs { add(output, wholeRule(node, output)) }
  }

  private mutating func add(_ value: String, _ rule: RowRule) {
    dependence[value] = rule.dependence
    if let type = rule.type { types[value] = type }
    all.append((value, rule))
  }

  /// All of the inputs for all of the output.
  private func wholeRule(_ node: Node, _ output: String) -> RowRule {
    let inputs = node.inputs.filter { dependence[$0] != nil }
    let counts = inputs.map { dependence[$0]?.count ?? 1 }
    return RowRule(
      dependence: .whole(isFresh: inputs.contains { dependence[$0]?.isOlder == false }),
      form: .init(
        inputs: inputs, needed: { 0..<counts[$1] },
        emit: { _, names, pieces in
          if !pieces.has(output) {
            let renamed = Dictionary(zip(inputs, names)) { first, _ in first }
            var copy = node
            copy.inputs = try node.inputs.map { try $0.isEmpty ? "" : renamed[$0] ?? pieces.constant($0) }
            try pieces.append(copy)
          }
          return output
        }))
  }

  // MARK: what rules are found by

  func extents(_ value: String) -> [Int] { types[value]?.shape.dimensions ?? [] }
  func producer(of value: String) -> Node? { producers[value] }
  /// Whether anything needs a value.
  func isRead(_ value: String) -> Bool { read.contains(value) }
  func isConstant(_ value: String) -> Bool { graph.parameters[value] != nil }
  func tensor(_ value: String?) -> Tensor? { value.flatMap { graph.parameters[$0]?.storage.decoded() } }
  func integers(_ value: String?) -> [Int]? { steps.integers(value) }
  func isFloat32(_ value: String) -> Bool { types[value]?.elementType == .float32 }

  /// Whether all inputs but the first are constant or not given.
  func readsFirstAlone(_ node: Node) -> Bool { node.inputs.dropFirst().allSatisfy { $0.isEmpty || isConstant($0) } }
}
