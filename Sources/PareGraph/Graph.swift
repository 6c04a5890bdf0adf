import OrderedCollections
import PareTensor

/// A named value that enters or leaves a graph.
public struct ValueInfo: Sendable, Hashable {
  public var name: String
  public var type: ValueType

  public init(_ name: String, _ type: ValueType) {
    self.name = name
    self.type = type
  }
}

/// A tensor that belongs to a graph: a weight, a bias, a scale, a shape.
public struct Parameter: Sendable, Equatable {
  public var storage: ParameterStorage
  /// Whether training changes it. What is fitted once (a normalizer, a quantization scale) and what is structure
  /// (a shape) is not.
  public var isTrainable: Bool

  public init(_ storage: ParameterStorage, isTrainable: Bool) {
    self.storage = storage
    self.isTrainable = isTrainable
  }
}

/// A model's computation: operators with ONNX's names, attributes and semantics (opset 21), in an order in which each
/// value is made before it is used.
public struct Graph: Sendable {
  /// The version of ONNX's standard operators whose semantics a graph has.
  public static let opset = 21

  public var name: String
  public var inputs: [ValueInfo]
  /// What the graph yields; types as inferred.
  public var outputs: [ValueInfo]
  public var nodes: [Node]
  public var parameters: OrderedDictionary<String, Parameter>

  public init(
    name: String, inputs: [ValueInfo] = [], outputs: [ValueInfo] = [], nodes: [Node] = [],
    parameters: OrderedDictionary<String, Parameter> = [:]
  ) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.nodes = nodes
    self.parameters = parameters
  }

  /// The node that makes a value; nil for inputs and parameters.
  public func producer(of value: String) -> Node? {
    nodes.first { $0.outputs.contains(value) }
  }

  /// The nodes that use a value, in order.
  public func consumers(of value: String) -> [Node] {
    nodes.filter { $0.inputs.contains(value) }
  }

  /// Numbers in trainable parameters, zeros included: what is usually called the number of parameters.
  public var trainableElementCount: Int {
    parameters.values.reduce(0) { $0 + ($1.isTrainable ? $1.storage.shape.elementCount : 0) }
  }

  /// The type of every value, from the inputs on. Checks names, order, operators and shapes on the way.
  ///
  /// - Throws: `GraphError` that names the node, with what it expected and what it found.
  public func inferredTypes() throws -> [String: ValueType] {
    let inference = try inference()
    for output in outputs {
      guard let type = inference.types[output.name] else {
        throw GraphError("missing-value", subject: "output '\(output.name)'", expected: "a value of the graph", found: "none")
      }
      guard type == output.type else {
        throw GraphError(
          "output-type", subject: "output '\(output.name)'", expected: "\(output.type)", found: "\(type)")
      }
    }
    return inference.types
  }

  /// The types of all values and what is known of them, outputs as declared left aside.
  func inference() throws -> TypeInference {
    var inference = TypeInference()
    for input in inputs { try inference.declare(input.name, input.type) }
    for (name, parameter) in parameters { try inference.declare(name, parameter) }
    var names: Set<String> = []
    for node in nodes {
      guard names.insert(node.name).inserted else {
        throw GraphError("duplicate-node", node: node, expected: "a name used once", found: "a second node of that name")
      }
      try inference.infer(node)
    }
    return inference
  }

  /// The graph without nodes and parameters that no output depends on.
  public func pruned(to wanted: [String]? = nil) -> Graph {
    var needed = Set(wanted ?? outputs.map(\.name))
    var kept: [Node] = []
    for node in nodes.reversed() where node.outputs.contains(where: needed.contains) {
      kept.append(node)
      needed.formUnion(node.inputs.filter { !$0.isEmpty })
    }
    var result = self
    result.nodes = kept.reversed()
    result.parameters = parameters.filter { needed.contains($0.key) }
    result.outputs = outputs.filter { needed.contains($0.name) }
    return result
  }
}

/// A graph with what belongs to it but is none of its business: named sections that other layers encode and join
/// (the feature schema, the label, the recipe, where the data came from). Each is a JSON text.
public struct Model: Sendable {
  public var graph: Graph
  public var sections: OrderedDictionary<String, String>
  /// Whether its artifact is stored under one code as a whole, header included. It is the same model, and takes longer to load.
  public var isPacked: Bool

  public init(graph: Graph, sections: OrderedDictionary<String, String> = [:], isPacked: Bool = false) {
    self.graph = graph
    self.sections = sections
    self.isPacked = isPacked
  }
}
