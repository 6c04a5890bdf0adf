import OrderedCollections
import PareGraph
import PareTensor

/// What an operator's standard form is written with.
package struct ExportContext {
  /// The types of the graph's values.
  package let types: [String: ValueType]
  /// The graph's parameters, for standard forms that hold them as attributes.
  package let parameters: OrderedDictionary<String, Parameter>
  /// The version of each domain that the nodes need at least.
  package private(set) var opsets: [String: Int] = ["": 21]
  private(set) var nodes: [WireNode] = []
  private(set) var constants: [(name: String, tensor: Tensor)] = []
  private var values: Set<String>
  private var nodeNames: Set<String>

  init(_ graph: Graph, types: [String: ValueType]) {
    self.types = types
    parameters = graph.parameters
    values = Set(types.keys)
    nodeNames = Set(graph.nodes.map(\.name))
  }

  package func type(of value: String) throws -> ValueType {
    guard let type = types[value] else {
      throw GraphError("missing-value", subject: "value '\(value)'", expected: "a value of the graph", found: "none")
    }
    return type
  }

  /// Says that the file needs at least a version of a domain's operators.
  package mutating func require(_ domain: String, opset: Int) { opsets[domain] = max(opsets[domain] ?? opset, opset) }

  /// Adds a constant and names it.
  package mutating func constant(_ tensor: Tensor, named stem: String) -> String {
    let name = Self.fresh(stem, &values)
    constants.append((name, tensor))
    return name
  }

  /// Adds a node of a standard operator as it is.
  package mutating func append(_ node: Node, tensors: [String: Tensor] = [:], graphs: [String: StepGraph] = [:]) {
    if node.operatorName.domain.isEmpty, let first = OperatorOpsets.first(of: node) { require("", opset: first) }
    for inner in graphs.values.flatMap(\.nodes) {
      if let first = OperatorOpsets.first(of: inner) { require("", opset: first) }
    }
    nodes.append(Self.wire(node, tensors: tensors, graphs: graphs))
  }

  private static func wire(_ node: Node, tensors: [String: Tensor] = [:], graphs: [String: StepGraph] = [:]) -> WireNode {
    var wire = WireNode()
    wire.name = node.name
    wire.operatorName = node.operatorName.type
    if !node.operatorName.domain.isEmpty { wire.domain = node.operatorName.domain }
    wire.inputs = node.inputs
    wire.outputs = node.outputs
    wire.attributes = (node.attributes.map { WireAttribute($0.key, $0.value) } + tensors.map { WireAttribute($0.key, $0.value) })
    for (name, graph) in graphs {
      var inner = WireGraph()
      inner.name = graph.name
      inner.nodes = graph.nodes.map { Self.wire($0) }
      inner.inputs = graph.inputs.map { WireValueInfo($0) }
      inner.outputs = graph.outputs.map { WireValueInfo($0) }
      var attribute = WireAttribute()
      (attribute.name, attribute.kind, attribute.graph) = (name, .graph, inner)
      wire.attributes.append(attribute)
    }
    wire.attributes.sort { $0.name < $1.name }
    return wire
  }

  /// A name for a value that no value has yet.
  package mutating func value(_ stem: String) -> String { Self.fresh(stem, &values) }

  /// Adds a node with one output, by default a fresh value, and names the output. Names begin with that of the node
  /// whose standard form is being written.
  package mutating func apply(
    _ operatorName: OperatorName, _ inputs: [String], _ attributes: [String: Attribute] = [:], for node: Node,
    output: String? = nil
  ) -> String {
    let name = output == nil ? Self.fresh("\(node.name)/\(operatorName.type)", &nodeNames) : node.name
    let value = output ?? Self.fresh(name, &values)
    append(Node(operatorName, name: name, inputs: inputs, outputs: [value], attributes: attributes))
    return value
  }

  private static func fresh(_ stem: String, _ taken: inout Set<String>) -> String {
    var candidate = stem
    var number = 0
    while !taken.insert(candidate).inserted {
      number += 1
      candidate = "\(stem)_\(number)"
    }
    return candidate
  }
}

/// A graph within a node.
package struct StepGraph {
  let name: String
  let nodes: [Node]
  let inputs: [ValueInfo]
  let outputs: [ValueInfo]
}

/// How an operator that ONNX does not have, or that other runtimes want spelt out, is written with those that it has.
package protocol NodeExport: Sendable {
  static var operatorName: OperatorName { get }
  /// Adds nodes that make the node's outputs, under their names.
  ///
  /// - Throws: `GraphError` that names the node.
  static func export(_ node: Node, in context: inout ExportContext) throws
}

/// Every operator of Pare's own that a model may have when it is written, and those that are written in another way.
package enum ExportCatalogue {
  package static let all: [any NodeExport.Type] = [
    DecideExport.self, DequantizeLinearExport.self, QuantizeByReciprocalExport.self, SelectiveScanExport.self, TreeEnsembleExport.self,
  ]

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.operatorName, $0) })

  package static func standardForm(of name: OperatorName) -> (any NodeExport.Type)? { byName[name] }
}

/// From which opset the standard domain has an operator, where that is after 21.
enum OperatorOpsets {
  private static let first = [
    "Attention": 23, "RMSNormalization": 23, "RotaryEmbedding": 23, "Swish": 24, "TensorScatter": 24, "BitCast": 26,
    "CumProd": 26,
  ]

  static func first(of node: Node) -> Int? {
    guard node.operatorName == "Attention" else { return first[node.operatorName.type] }
    let hasWindow = node.attributes["left_window_size"] != nil || node.attributes["right_window_size"] != nil
    return hasWindow ? 25 : node.input(6) != nil ? 24 : 23
  }
}
