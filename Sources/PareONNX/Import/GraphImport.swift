import PareGraph
import PareTensor

/// Turns the nodes of a file into nodes of a graph, body by body: the main graph, functions where they are called, and
/// the branch of an `If` that is taken.
struct GraphImport {
  private(set) var context: ImportContext
  private let reading: TensorReading
  private let functions: [FunctionKey: WireFunction]
  /// The bodies under way, innermost last.
  private var scopes: [Scope]
  /// How many nodes may still be added: functions that call functions can stand for more than memory holds.
  private var remaining = Self.mostNodes

  private static let mostNodes = 1 << 16
  private static let deepestCall = 32

  /// The names that a body's nodes see.
  private struct Scope {
    /// Names in the file to names in the graph; empty where an optional argument of a function is not given.
    var values: [String: String] = [:]
    /// The graph's names for what the body yields; other values get fresh ones.
    var wanted: [String: String] = [:]
    var opsets: [String: Int]
    /// The attributes of the call, inside a function.
    var environment: [String: WireAttribute] = [:]
    /// A function sees nothing of what is around it.
    var isFunction = false
  }

  private struct FunctionKey: Hashable {
    let name: OperatorName
    let overload: String
  }

  /// - Parameters:
  ///   - builder: holds the inputs that the graph keeps, under their names.
  ///   - values: what the main graph's nodes find: inputs and initializers.
  init(
    _ builder: GraphBuilder, functions: [WireFunction], opsets: [String: Int], values: Set<String>, reading: TensorReading
  ) throws {
    context = ImportContext(builder: builder)
    self.reading = reading
    self.functions = try Dictionary(
      functions.map { function in
        let domain = function.domain == "ai.onnx" ? "" : function.domain
        return (FunctionKey(name: OperatorName(function.name, domain: domain), overload: function.overload), function)
      },
      uniquingKeysWith: { first, _ in
        throw GraphError(
          "duplicate-function", subject: "function \(quoted(first.name))", expected: "a name used once", found: "a second one")
      })
    scopes = [Scope(values: Dictionary(uniqueKeysWithValues: values.map { ($0, $0) }), opsets: opsets)]
  }

  /// Marks a value of the main graph as strings, which no graph has.
  mutating func leaveOut(_ value: String, texts: [String]?) {
    context.unrepresented[value] = "a tensor of strings"
    context.texts[value] = texts
  }

  /// Adds the nodes of the main graph on which the outputs depend.
  mutating func add(_ nodes: [WireNode], outputs: [String]) throws {
    try addBody(nodes, outputs: outputs, declared: Set(scopes[0].values.keys))
  }

  /// What the graph calls a value that the current body sees by a name.
  func resolve(_ name: String) -> String? {
    for scope in scopes.reversed() {
      if let value = scope.values[name] { return value }
      if scope.isFunction { return nil }
    }
    return nil
  }

  private mutating func addBody(_ nodes: [WireNode], outputs: [String], declared: Set<String>) throws {
    let order = try NodeOrder(nodes, outputs: outputs, declared: declared) { resolve($0) != nil }
    for position in order.positions { try add(nodes[position], used: order.used) }
  }

  private mutating func add(_ node: WireNode, used: Set<String>) throws {
    remaining -= 1
    guard remaining >= 0 else {
      throw GraphError("too-large", node: node.outline, expected: "at most \(Self.mostNodes) nodes, functions written out", found: "more")
    }
    let name = node.qualifiedOperator
    let inputs = node.inputs.map { $0.isEmpty ? "" : resolve($0) ?? "" }
    let takesTexts = ImportCatalogue.takesTexts(name)
    let reasons = inputs.compactMap { takesTexts && context.texts[$0] != nil ? nil : context.unrepresented[$0] }
    if let reason = reasons.first { return leaveOut(node, because: reason) }
    if let function = functions[FunctionKey(name: name, overload: node.overload)] {
      return try call(function, node, inputs, used: used)
    }
    let attributes = try AttributeReading(node, environment: scopes[scopes.count - 1].environment, reading: reading)
    if let reason = attributes.unrepresented.values.first { return leaveOut(node, because: reason) }
    switch name {
    case "If": try addBranch(of: node, inputs, attributes.graphs)
    case "Constant": try addConstant(node, attributes)
    case "Identity" where inputs.count == 1 && node.outputs.count == 1: bind(node.outputs[0], to: inputs[0])
    default: try addOperator(node, name, inputs, attributes, used: used)
    }
  }

  private mutating func addOperator(
    _ node: WireNode, _ name: OperatorName, _ inputs: [String], _ attributes: AttributeReading, used: Set<String>
  ) throws {
    guard let opset = scopes[scopes.count - 1].opsets[name.domain] else {
      throw GraphError("opset", node: node.outline, expected: "the file to say which opset of '\(name.domain)' it uses", found: "none")
    }
    guard OpsetReading.isUnderstood(name, opset: opset) else {
      throw GraphError(
        "opset", node: node.outline, expected: "opset \(OpsetReading.complete) to 28 for the operator", found: "opset \(opset)")
    }
    let conversion = ImportCatalogue.conversion(of: name, opset: opset)
    let definition = OperatorCatalogue.definition(named: name)
    guard conversion != nil || definition != nil else {
      throw GraphError(
        "unknown-operator", node: node.outline,
        expected: "one of the operators " + ImportCatalogue.supportedOperators.joined(separator: ", "),
        found: "\(name.type) of opset \(opset) of \(name.domain.isEmpty ? "ai.onnx" : name.domain)")
    }
    guard attributes.graphs.isEmpty else {
      throw GraphError(
        "attribute", node: node.outline, expected: "no graphs as attributes", found: quoted(attributes.graphs.keys.sorted()[0]))
    }
    // Outputs that nobody uses are left out from the end, where the operator's last outputs are optional.
    let areOptional = conversion == nil && definition.map { $0.outputCount.upperBound != .max } ?? false
    var outputs = node.outputs
    while outputs.count > 1, let last = outputs.last, last.isEmpty || areOptional && !used.contains(last) { outputs.removeLast() }
    let nodeName = freshNodeName(for: node)
    let targets = outputs.enumerated().map { index, output in
      output.isEmpty ? context.builder.freshValueName("\(nodeName).unused.\(index)") : target(for: output)
    }
    var converted = ONNXNode(
      name: nodeName, operatorName: name, opset: opset, inputs: inputs, outputs: targets, attributes: attributes.values,
      tensors: attributes.tensors)
    while converted.inputs.last == "" { converted.inputs.removeLast() }
    if let conversion {
      try conversion.convert(converted, in: &context)
    } else {
      if let tensor = attributes.tensors.keys.min() {
        throw GraphError("attribute", node: node.outline, expected: "no tensors as attributes", found: quoted(tensor))
      }
      converted.dropDefaults(notAmong: definition?.attributeNames ?? [])
      try context.builder.append(converted.node)
    }
    for (output, value) in zip(outputs, targets) where !output.isEmpty { bind(output, to: value) }
  }

  // MARK: - Names

  private mutating func bind(_ output: String, to value: String) { scopes[scopes.count - 1].values[output] = value }

  /// What the graph calls a value that a node of the current body makes.
  private mutating func target(for output: String) -> String {
    if scopes.count == 1 { return output }
    if let wanted = scopes[scopes.count - 1].wanted[output] { return wanted }
    let fresh = context.builder.freshValueName(output)
    context.builder.reserve([fresh])
    return fresh
  }

  /// ONNX lets nodes have no name, or the same one.
  private mutating func freshNodeName(for node: WireNode) -> String {
    let stem = node.name.isEmpty ? node.outputs.first { !$0.isEmpty } ?? node.operatorName.lowercased() : node.name
    return context.builder.hasNode(named: stem) ? context.builder.freshNodeName(stem) : stem
  }

  private mutating func leaveOut(_ node: WireNode, because reason: String) {
    for output in node.outputs where !output.isEmpty {
      let value = target(for: output)
      context.unrepresented[value] = reason
      bind(output, to: value)
    }
  }

  // MARK: - What stands for other nodes

  private mutating func addConstant(_ node: WireNode, _ attributes: AttributeReading) throws {
    guard let output = node.outputs.first, !output.isEmpty else { return }
    switch attributes.values["value_strings"] ?? attributes.values["value_string"] {
    case .strings(let texts):
      leaveOut(node, because: "a tensor of strings")
      if let value = resolve(output) { context.texts[value] = texts }
      return
    case .string: return leaveOut(node, because: "a string")
    default: break
    }
    guard let tensor = attributes.constant else {
      throw GraphError(
        "attribute", node: node.outline, expected: "one of value, value_float, value_floats, value_int, value_ints", found: "none")
    }
    let value = target(for: output)
    _ = try context.builder.parameter(value, tensor, isTrainable: false)
    bind(output, to: value)
  }

  /// Writes a function out where it is called.
  private mutating func call(_ function: WireFunction, _ node: WireNode, _ inputs: [String], used: Set<String>) throws {
    guard scopes.count < Self.deepestCall else {
      throw GraphError("function-depth", node: node.outline, expected: "calls at most \(Self.deepestCall) deep", found: "deeper ones")
    }
    guard inputs.count <= function.inputs.count, node.outputs.count <= function.outputs.count else {
      throw GraphError(
        "input-count", node: node.outline,
        expected: "at most \(function.inputs.count) inputs and \(function.outputs.count) outputs",
        found: "\(inputs.count) and \(node.outputs.count)")
    }
    let outer = scopes[scopes.count - 1]
    var scope = Scope(opsets: outer.opsets, isFunction: true)
    for (domain, version) in try OpsetReading.opsets(function.opsetImport) { scope.opsets[domain] = version }
    for (index, formal) in function.inputs.enumerated() { scope.values[formal] = index < inputs.count ? inputs[index] : "" }
    for attribute in function.defaults { scope.environment[attribute.name] = attribute }
    for attribute in node.attributes {
      var given = attribute
      if !attribute.reference.isEmpty {
        guard let referred = outer.environment[attribute.reference] else { continue }
        given = referred
      }
      scope.environment[attribute.name] = given
    }
    let pairs = zip(function.outputs, node.outputs).filter { !$1.isEmpty && used.contains($1) }
    for (formal, actual) in pairs { scope.wanted[formal] = target(for: actual) }
    try addNested(scope, function.nodes, outputs: pairs)
  }

  /// Writes out the branch of an `If` whose condition is known.
  private mutating func addBranch(of node: WireNode, _ inputs: [String], _ graphs: [String: WireGraph]) throws {
    guard scopes.count < Self.deepestCall else {
      throw GraphError("function-depth", node: node.outline, expected: "branches at most \(Self.deepestCall) deep", found: "deeper ones")
    }
    guard let condition = inputs.first, let known = context.builder.known(condition)?.tensor, known.elementType == .bool,
      known.elementCount == 1
    else {
      throw GraphError(
        "constant", node: node.outline, expected: "the condition as a constant",
        found: "'\(inputs.first ?? "")', which is known only when run")
    }
    guard let graph = graphs[known.values(as: Bool.self)[0] ? "then_branch" : "else_branch"],
      graph.outputs.count == node.outputs.count, graph.sparseInitializers.isEmpty
    else {
      throw GraphError("attribute", node: node.outline, expected: "two branches with \(node.outputs.count) outputs each", found: "others")
    }
    var scope = Scope(opsets: scopes[scopes.count - 1].opsets, environment: scopes[scopes.count - 1].environment)
    for initializer in graph.initializers {
      let fresh = context.builder.freshValueName(initializer.name.isEmpty ? "initializer" : initializer.name)
      let tensor = try reading.read(initializer, of: "an initializer of node '\(node.outline.name)'")
      scope.values[initializer.name] = try context.builder.parameter(fresh, tensor, isTrainable: false)
    }
    let pairs = zip(graph.outputs.map(\.name), node.outputs).filter { !$1.isEmpty }
    for (inner, outer) in pairs where scope.values[inner] == nil { scope.wanted[inner] = target(for: outer) }
    try addNested(scope, graph.nodes, outputs: pairs)
  }

  /// - Parameter outputs: what the body calls a value and what the body around it does.
  private mutating func addNested(_ scope: Scope, _ nodes: [WireNode], outputs: [(inner: String, outer: String)]) throws {
    scopes.append(scope)
    try addBody(nodes, outputs: outputs.map(\.inner), declared: Set(scope.values.keys))
    let values = outputs.map { resolve($0.inner) }
    scopes.removeLast()
    for (output, value) in zip(outputs, values) { if let value { bind(output.outer, to: value) } }
  }
}

extension AttributeReading {
  /// What a `Constant` yields.
  fileprivate var constant: Tensor? {
    if let tensor = tensors["value"] { return tensor }
    if case .float(let value)? = values["value_float"] { return Tensor(scalar: Float(value)) }
    if case .int(let value)? = values["value_int"] { return Tensor(scalar: Int64(value)) }
    if case .floats(let list)? = values["value_floats"] { return Tensor(list.map { Float($0) }) }
    if case .ints(let list)? = values["value_ints"] { return Tensor(list.map { Int64($0) }) }
    return nil
  }
}
