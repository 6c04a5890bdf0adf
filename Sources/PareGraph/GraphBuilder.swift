import PareTensor

/// Builds a graph value by value, inferring types as it goes, so that a mistake is an error where it is made.
public struct GraphBuilder: Sendable {
  public private(set) var graph: Graph
  private var inference = TypeInference()
  private var counters: [String: Int] = [:]
  private var names: Set<String> = []
  private var reserved: Set<String> = []

  public init(name: String) {
    graph = Graph(name: name)
  }

  /// Goes on with a graph that exists. Its outputs stay.
  public init(_ graph: Graph) throws {
    self.graph = graph
    for input in graph.inputs { try inference.declare(input.name, input.type) }
    for (name, parameter) in graph.parameters { try inference.declare(name, parameter) }
    for node in graph.nodes { try admit(node) }
  }

  public func type(of value: String) throws -> ValueType {
    guard let type = inference.types[value] else {
      throw GraphError("missing-value", subject: "value '\(value)'", expected: "a value of the graph", found: "none")
    }
    return type
  }

  /// What is known of a value before the graph runs; nil where that is nothing, or where there is no such value.
  package func known(_ value: String) -> KnownValue? { inference.known[value] }

  /// Whether a value of that name exists.
  package func has(_ value: String) -> Bool { inference.types[value] != nil }

  /// Whether a node of that name exists.
  package func hasNode(named name: String) -> Bool { names.contains(name) }

  /// Keeps names from being given to fresh values and nodes; whoever names a value or node may still use them.
  package mutating func reserve(_ names: some Sequence<String>) { reserved.formUnion(names) }

  public mutating func input(_ name: String, _ type: ValueType) throws -> String {
    try inference.declare(name, type)
    graph.inputs.append(ValueInfo(name, type))
    return name
  }

  public mutating func parameter(_ name: String, _ tensor: Tensor, isTrainable: Bool) throws -> String {
    try parameter(name, Parameter(ParameterStorage(tensor), isTrainable: isTrainable))
  }

  public mutating func parameter(_ name: String, _ parameter: Parameter) throws -> String {
    try inference.declare(name, parameter)
    graph.parameters[name] = parameter
    return name
  }

  /// A parameter that nothing changes, under a fresh name.
  public mutating func constant(_ tensor: Tensor, named stem: String = "constant") throws -> String {
    try parameter(freshValueName(stem), tensor, isTrainable: false)
  }

  /// Adds a node with one output.
  ///
  /// - Parameters:
  ///   - name: the node's; by default its type in lower case with a number. Its output has the same name unless
  ///     `output` says otherwise.
  /// - Returns: the name of the output.
  public mutating func apply(
    _ operatorName: OperatorName, _ inputs: [String], attributes: [String: Attribute] = [:],
    name: String? = nil, output: String? = nil
  ) throws -> String {
    let nodeName = name ?? freshNodeName(operatorName.type.lowercased())
    let node = Node(
      operatorName, name: nodeName, inputs: inputs, outputs: [output ?? freshValueName(nodeName)], attributes: attributes)
    try append(node)
    return node.outputs[0]
  }

  /// Adds a node as it is.
  public mutating func append(_ node: Node) throws {
    try admit(node)
    graph.nodes.append(node)
  }

  private mutating func admit(_ node: Node) throws {
    guard !names.contains(node.name) else {
      throw GraphError("duplicate-node", node: node, expected: "a name used once", found: "a second node of that name")
    }
    try inference.infer(node)
    names.insert(node.name)
  }

  /// Makes a value an output of the graph.
  public mutating func output(_ value: String) throws {
    graph.outputs.append(ValueInfo(value, try type(of: value)))
  }

  /// A value name not yet taken, from a stem.
  public mutating func freshValueName(_ stem: String) -> String {
    var candidate = stem
    while inference.types[candidate] != nil || reserved.contains(candidate) { candidate = nextCandidate(stem) }
    return candidate
  }

  /// A node name not yet taken, by a node or a value, from a stem.
  public mutating func freshNodeName(_ stem: String) -> String {
    var candidate = stem
    while names.contains(candidate) || inference.types[candidate] != nil || reserved.contains(candidate) {
      candidate = nextCandidate(stem)
    }
    return candidate
  }

  private mutating func nextCandidate(_ stem: String) -> String {
    counters[stem, default: 0] += 1
    return "\(stem)_\(counters[stem, default: 0])"
  }
}
