import PareGraph
import PareTensor

/// A graph whose shapes are known, as the kinds of steps read it.
struct StepGraph {
  let graph: Graph
  let types: [String: TensorType]
  private let consumers: [String: [Node]]
  private let outputs: Set<String>
  /// The nodes that take one row and keep a state to the next run; nil in a plan for whole inputs.
  private let streamed: Set<String>?

  init(_ graph: Graph, types: [String: TensorType], streamed: Set<String>? = nil) {
    self.graph = graph
    self.streamed = streamed
    self.types = types
    var consumers: [String: [Node]] = [:]
    for node in graph.nodes {
      for input in Set(node.inputs) { consumers[input, default: []].append(node) }
    }
    self.consumers = consumers
    outputs = Set(graph.outputs.map(\.name))
  }

  /// Whether a node keeps a state from row to row.
  func isStreamed(_ node: Node) -> Bool { streamed?.contains(node.name) ?? false }

  /// The only node that uses a value, which is no output of the graph.
  func soleConsumer(of value: String) -> Node? {
    guard !outputs.contains(value), let users = consumers[value], users.count == 1,
      users[0].inputs.filter({ $0 == value }).count == 1
    else { return nil }
    return users[0]
  }

  /// A Float32 row by itself, `[1, n]`.
  func isRow(_ value: String) -> Bool {
    guard let type = types[value] else { return false }
    return type.elementType == .float32 && type.shape.rank == 2 && type.shape[0] == 1
  }

  /// The type of Float32 rows `[rows, n]` that are computed.
  func rows(_ value: String) -> TensorType? {
    guard let type = types[value], type.elementType == .float32, type.shape.rank == 2, type.shape[0] > 0,
      !isParameter(value)
    else { return nil }
    return type
  }

  func isParameter(_ value: String) -> Bool { graph.parameters[value] != nil }

  func constant(_ name: String) -> Tensor? { graph.parameters[name]?.storage.decoded() }

  /// A Float32 parameter of `count` elements along its last axis, or one element repeated.
  func row(_ name: String, count: Int) -> [Float]? {
    guard let tensor = constant(name), tensor.elementType == .float32 else { return nil }
    let values = tensor.values(as: Float.self)
    if values.count == 1 { return [Float](repeating: values[0], count: count) }
    return values.count == count && tensor.shape.dimensions.last == count ? values : nil
  }

  /// A Float32 parameter that broadcasts over the trailing axes of `shape`, written out.
  func repeated(_ name: String, over shape: Shape) -> [Float]? {
    guard let tensor = constant(name), tensor.elementType == .float32 else { return nil }
    let own = Array(tensor.shape.dimensions.drop { $0 == 1 })
    guard tensor.elementCount > 0, own.count <= shape.rank, tensor.shape.rank <= shape.rank,
      own == Array(shape.dimensions.suffix(own.count))
    else { return nil }
    let values = tensor.values(as: Float.self)
    return (0..<shape.elementCount / values.count).flatMap { _ in values }
  }

  /// A Float32 parameter of one element, or `value` where the input is not given.
  func scalar(_ name: String?, default value: Float) -> Float? {
    guard let name else { return value }
    return row(name, count: 1)?[0]
  }

  /// Whether all of these are Float32.
  func areFloat32(_ values: [String]) -> Bool { values.allSatisfy { types[$0]?.elementType == .float32 } }

  func shape(_ value: String) -> Shape { types[value]?.shape ?? [] }

  func preparation(_ node: Node) -> PreparationContext {
    PreparationContext(
      node: node, inputs: node.inputs.map { types[$0] }, outputs: node.outputs.compactMap { types[$0] },
      constants: node.inputs.map { name in
        graph.parameters[name].flatMap { $0.isTrainable ? nil : $0.storage.decoded() }
      })
  }

  /// The step that evaluates a node by its reference.
  func reference(_ node: Node) throws -> PlannedStep {
    PlannedStep(
      nodes: [node.name], inputs: node.inputs, outputs: node.outputs,
      body: .reference(try ReferenceStep(preparation(node))))
  }
}
