import PareGraph
import PareTensor

/// Puts quantized weights and inputs in the place of real ones in a graph.
struct QuantizationRewrite {
  private(set) var graph: Graph
  var names: NameScope
  /// For each real value that was quantized, the value that stands for it behind its DequantizeLinear.
  private var dequantized: [String: String] = [:]
  /// Nodes to put before the node of a name.
  private var insertions: [String: [Node]] = [:]

  private let types: [String: ValueType]

  init(_ graph: Graph) throws {
    self.graph = graph
    names = NameScope(graph)
    types = try graph.inferredTypes()
  }

  /// The axes of a value; 0 where it is not known.
  func rank(of value: String) -> Int { types[value]?.rank ?? 0 }

  // MARK: inputs

  /// Lets a layer read its input through QuantizeLinear and DequantizeLinear; layers that read the same value by the same map
  /// share the pair, which stands before the first that is given, so give them in the order of evaluation.
  mutating func quantizeInput(of layer: ProductLayer, by map: AffineMap) {
    readInput(of: layer, as: "\(map.scale) \(map.zeroPoint)") { rewrite in
      let scale = rewrite.constant(Tensor(scalar: map.scale), "\(layer.input).scale")
      let zeroPoint = rewrite.constant(Tensor(scalar: UInt8(clamping: map.zeroPoint)), "\(layer.input).zero")
      let integer = rewrite.names.fresh("\(layer.input).q")
      let real = rewrite.names.fresh("\(layer.input).dq")
      return [
        Node("QuantizeLinear", name: integer, inputs: [layer.input, scale, zeroPoint], outputs: [integer]),
        Node("DequantizeLinear", name: real, inputs: [integer, scale, zeroPoint], outputs: [real]),
      ]
    }
  }

  /// The same with a scale and zero point that follow from the values at hand.
  mutating func quantizeInputDynamically(of layer: ProductLayer) {
    readInput(of: layer, as: "dynamic") { rewrite in
      let integer = rewrite.names.fresh("\(layer.input).q")
      let scale = rewrite.names.fresh("\(layer.input).scale")
      let zeroPoint = rewrite.names.fresh("\(layer.input).zero")
      let real = rewrite.names.fresh("\(layer.input).dq")
      return [
        Node("DynamicQuantizeLinear", name: integer, inputs: [layer.input], outputs: [integer, scale, zeroPoint]),
        Node("DequantizeLinear", name: real, inputs: [integer, scale, zeroPoint], outputs: [real]),
      ]
    }
  }

  /// - Parameters:
  ///   - kind: what tells this pair from others of the same value.
  ///   - nodes: make the value that is read, the last one's output.
  private mutating func readInput(
    of layer: ProductLayer, as kind: String, _ nodes: (inout QuantizationRewrite) -> [Node]
  ) {
    let key = "\(kind) \(layer.input)"
    if dequantized[key] == nil {
      let made = nodes(&self)
      insert(made, before: layer.name)
      dequantized[key] = made.last?.outputs.first
    }
    if let real = dequantized[key] { update(layer.name) { $0.inputs[0] = real } }
  }

  /// Lets some nodes read a value through QuantizeLinear and DequantizeLinear, which all who read it by the same map share.
  ///
  /// - Parameter users: in the order of evaluation, and behind those that were given before.
  mutating func quantize(_ value: String, readBy users: [String], by map: AffineMap) {
    guard let first = users.first else { return }
    let key = "\(map.scale) \(map.zeroPoint) \(value)"
    if dequantized[key] == nil {
      let scale = constant(Tensor(scalar: map.scale), "\(value).scale")
      let zeroPoint = constant(Tensor(scalar: UInt8(clamping: map.zeroPoint)), "\(value).zero")
      let (integer, real) = (names.fresh("\(value).q"), names.fresh("\(value).dq"))
      insert(
        [
          Node("QuantizeLinear", name: integer, inputs: [value, scale, zeroPoint], outputs: [integer]),
          Node("DequantizeLinear", name: real, inputs: [integer, scale, zeroPoint], outputs: [real]),
        ], before: first)
      dequantized[key] = real
    }
    if let real = dequantized[key] { replaceUses(of: value, in: users, by: real) }
  }

  mutating func setAttribute(_ attribute: String, of name: String, to value: Attribute) {
    update(name) { $0.attributes[attribute] = value }
  }

  // MARK: weights

  /// Stores the weight that layers share as integers behind a DequantizeLinear. It keeps its name where no other node uses
  /// the real weight.
  ///
  /// Integer arithmetic is defined for Gemm with weights `[out, in]`, so a product of two matrices in another form is
  /// brought into that one.
  ///
  /// - Returns: how the integers are stored.
  mutating func replaceWeight(of layers: [ProductLayer], by quantized: IntegerWeights) -> ParameterStorage {
    guard let shared = layers.first else { return ParameterStorage(Tensor([Int8]())) }
    let turns = shared.outputAxis == 1 && layers.allSatisfy { rank(of: $0.input) == 2 }
    let order = turns || shared.outputAxis == 0 ? IntegerOrder.byOutput : .byInput
    let shape = turns ? Shape([shared.outputCount, shared.inputCount]) : shared.shape
    let (storage, real) = store(quantized, shape: shape, order: order, weight: shared.weight, of: layers.map(\.name))
    for layer in layers {
      update(layer.name) { node in
        node.inputs[1] = real
        guard turns else { return }
        node.operatorName = "Gemm"
        node.attributes["transB"] = .int(1)
      }
    }
    return storage
  }

  /// The same for weights of a recurrent layer, `[directions, rows, inputs]`.
  mutating func replaceWeight(of tensor: WeightTensor, by quantized: IntegerWeights) -> ParameterStorage {
    let (storage, real) = store(
      quantized, shape: tensor.shape, order: .byDirection, weight: tensor.weight, of: [tensor.name])
    replaceUses(of: tensor.weight, in: [tensor.name], by: real)
    return storage
  }

  /// Stores a weight in another form, and lets the nodes given read the numbers that it stands for.
  ///
  /// - Parameter nodes: what makes the numbers of the parameter whose name it is given; none where they are its own.
  mutating func replaceWeight(
    _ weight: String, of users: [String], by storage: ParameterStorage,
    reading nodes: (inout QuantizationRewrite, String) -> [Node] = { _, _ in [] }
  ) {
    let name = claim(weight, for: users)
    let isTrainable = graph.parameters[weight]?.isTrainable ?? false
    let made = nodes(&self, name)
    // Levels stay the layer's weights, which can be trained on.
    graph.parameters[name] = Parameter(storage, isTrainable: isTrainable && made.isEmpty && storage.element != .sign)
    if let first = users.first { insert(made, before: first) }
    replaceUses(of: weight, in: users, by: made.last?.outputs.first ?? name)
  }

  /// The name under which what is stored for a weight goes: its own where no other node reads it.
  private mutating func claim(_ weight: String, for users: [String]) -> String {
    let isFree = graph.nodes.allSatisfy { !$0.inputs.contains(weight) || users.contains($0.name) }
      && !graph.outputs.contains { $0.name == weight }
    return isFree ? weight : names.fresh("\(weight).quantized")
  }

  private mutating func store(
    _ quantized: IntegerWeights, shape: Shape, order: IntegerOrder, weight: String, of users: [String]
  ) -> (ParameterStorage, String) {
    let name = claim(weight, for: users)
    let form = IntegerForm(quantized, shape: shape, order: order)
    graph.parameters[name] = Parameter(form.storage, isTrainable: false)
    let (nodes, real) = form.nodes(reading: name, weight: weight, in: &self)
    if let first = users.first { insert(nodes, before: first) }
    return (form.storage, real)
  }

  /// Gives a layer a bias of its own; it has none, or one that is a constant row.
  mutating func replaceBias(of layer: ProductLayer, by bias: [Float]) {
    let name = constant(Tensor(bias), layer.bias.map { "\($0).corrected" } ?? "\(layer.name).bias")
    update(layer.name) { node in
      while node.inputs.count < 3 { node.inputs.append("") }
      node.inputs[2] = name
    }
    if let old = layer.bias, graph.nodes.allSatisfy({ !$0.inputs.contains(old) }) { graph.parameters[old] = nil }
  }

  // MARK: nodes

  /// Puts another node in the place of one; what it yields keeps its name.
  mutating func replace(_ name: String, by node: Node, after nodes: [Node] = []) {
    insert(nodes, before: name)
    update(name) { $0 = node }
  }

  /// A parameter that nothing changes, under a fresh name.
  mutating func constant(_ tensor: Tensor, _ stem: String) -> String {
    let name = names.fresh(stem)
    graph.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
    return name
  }

  mutating func removeUnused(_ parameters: [String]) { graph.removeUnused(parameters) }

  private mutating func insert(_ nodes: [Node], before name: String) {
    insertions[name, default: []] += nodes
  }

  private mutating func update(_ name: String, _ change: (inout Node) -> Void) {
    guard let position = graph.nodes.firstIndex(where: { $0.name == name }) else { return }
    change(&graph.nodes[position])
  }

  private mutating func replaceUses(of value: String, in users: [String], by other: String) {
    for user in users {
      update(user) { node in node.inputs = node.inputs.map { $0 == value ? other : $0 } }
    }
  }

  /// The graph, its names and shapes checked.
  consuming func finish() throws -> Graph {
    graph.nodes = graph.nodes.flatMap { (insertions[$0.name] ?? []) + [$0] }
    _ = try graph.inferredTypes()
    return graph
  }
}
