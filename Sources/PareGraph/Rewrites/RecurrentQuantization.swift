import PareTensor

/// What the values around one recurrent layer reach: what its integers are chosen by.
public struct RecurrentRanges: Sendable, Hashable {
  /// Scale and zero point of X; not read where X is the output of a layer that is quantized too.
  public var inputScale: Float
  public var inputZeroPoint: UInt8
  /// The greatest magnitude of a cell: an LSTM's only. Beyond it the cell saturates.
  public var cell: Float
  /// The greatest magnitude of h, which is below 1 whatever the weights.
  public var state: Float
  /// What the integers of W and of R are multiplied by, where that is given; by default it is chosen by their magnitudes.
  public var inputWeights: RecurrentWeightScales?
  public var stateWeights: RecurrentWeightScales?

  public init(
    inputScale: Float, inputZeroPoint: UInt8, cell: Float = 15.9, state: Float = 1,
    inputWeights: RecurrentWeightScales? = nil, stateWeights: RecurrentWeightScales? = nil
  ) {
    (self.inputScale, self.inputZeroPoint, self.cell, self.state) = (inputScale, inputZeroPoint, cell, state)
    (self.inputWeights, self.stateWeights) = (inputWeights, stateWeights)
  }

  /// As many fractional bits as leave room for the cell.
  var cellBits: Int { GateArithmetic.cellBits.last { Double(cell) * Double(1 << $0) <= 32767 } ?? 7 }

  /// Steps of a byte of h from 0 to 1: `h = (q − 128) / stateLevels`.
  public var stateLevels: Int { min(max(Int((127.5 / Double(max(state, 0x1p-7))).rounded(.down)), 1), Int(Int16.max)) }
}

/// What the weights of a quantized recurrent layer become.
public enum RecurrentWeights: Sendable, Hashable {
  /// Eight bits, a scale to each row.
  case int8
  /// Four bits, a multiplier of eight bits to each block of 32, 64 or 128 inputs of a row: `docs/integer-arithmetic.md`, §15.
  case int4(blockSize: Int)
}

/// Puts `pare.QuantizedLSTM` and `pare.QuantizedGRU` in the place of Float32 layers: `docs/integer-arithmetic.md`, §12.
public enum RecurrentQuantization {
  /// Whether a node has an integer form: the standard functions without clipping, peepholes, coupled gates or lengths, the
  /// batch not first, parameters for weights.
  public static func applies(to node: Node, in graph: Graph) -> Bool { (try? FloatRecurrentLayer(node, graph)) != nil }

  /// The same interface with the layers that `ranges` names, by node, on integers.
  ///
  /// Nodes that only move elements keep the bytes of a layer before them, so that stacked layers hand bytes on.
  ///
  /// - Parameter weights: the form of all matrices of these layers.
  /// - Throws: `graph.not-quantizable` for a node without an integer form, `graph.quantization-scale` for an unusable
  ///   scale, `graph.attribute` for a size of blocks that no kernel has, what `GateProducts` refuses.
  public static func quantize(
    _ graph: Graph, _ ranges: [String: RecurrentRanges], weights: RecurrentWeights = .int8
  ) throws -> Graph {
    var rewrite = Rewrite(graph, weights)
    for node in graph.nodes { try rewrite.visit(node, ranges[node.name]) }
    if let missing = ranges.keys.sorted().first(where: { name in !graph.nodes.contains { $0.name == name } }) {
      throw GraphError("missing-node", subject: "node '\(missing)'", expected: "a node of the graph", found: "none")
    }
    rewrite.finish()
    let result = rewrite.result.pruned()
    _ = try result.inferredTypes()
    return result
  }
}

/// One run of the rewrite.
private struct Rewrite {
  /// The bytes that stand for a real value.
  struct Bytes {
    let name: String
    let scale: Float
    let zeroPoint: UInt8
  }

  let source: Graph
  let weights: RecurrentWeights
  var result: Graph
  private var names: Set<String>
  private var bytes: [String: Bytes] = [:]
  private var dequantized: Set<String> = []

  /// Operators that only move the elements of their first input.
  static let movers: Set<OperatorName> = [
    "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "Gather", "Slice",
  ]

  init(_ graph: Graph, _ weights: RecurrentWeights) {
    (source, self.weights) = (graph, weights)
    result = graph
    result.nodes = []
    names = Set(graph.nodes.flatMap { $0.outputs + [$0.name] }).union(graph.parameters.keys).union(graph.inputs.map(\.name))
  }

  mutating func visit(_ node: Node, _ ranges: RecurrentRanges?) throws {
    if let ranges {
      return try quantize(FloatRecurrentLayer(node, source), ranges)
    }
    if Self.movers.contains(node.operatorName), let x = bytes[node.inputs[0]] {
      var moved = node
      moved.inputs[0] = x.name
      moved.outputs[0] = fresh("\(node.outputs[0]).bytes")
      bytes[node.outputs[0]] = Bytes(name: moved.outputs[0], scale: x.scale, zeroPoint: x.zeroPoint)
      result.nodes.append(moved)
      return
    }
    for input in node.inputs { dequantize(input) }
    result.nodes.append(node)
  }

  /// What leaves the graph is real as before.
  mutating func finish() {
    for output in source.outputs { dequantize(output.name) }
  }

  /// Makes the real value under its old name, once.
  private mutating func dequantize(_ value: String) {
    guard let x = bytes[value], dequantized.insert(value).inserted else { return }
    let inputs = [x.name, constant(Tensor(scalar: x.scale), "\(value).scale"), constant(Tensor(scalar: x.zeroPoint), "\(value).zero_point")]
    result.nodes.append(Node("DequantizeLinear", name: fresh("\(value).dequantize"), inputs: inputs, outputs: [value]))
  }

  private mutating func quantize(_ layer: FloatRecurrentLayer, _ ranges: RecurrentRanges) throws {
    let node = layer.node
    let x = try bytes[node.inputs[0]] ?? quantized(node, ranges)
    let integers = try layer.integers(ranges, inputScale: x.scale, weights)
    func add(_ tensor: Tensor, _ stem: String) -> String { constant(tensor, "\(node.name).\(stem)") }
    let parts = [(integers.input, "input"), (integers.state, "state")]
    var inputs = [x.name, add(Tensor(scalar: x.zeroPoint), "input_zero_point")]
    inputs += [add(integers.input.weights, "W"), add(integers.state.weights, "R")]
    for (part, stem) in parts {
      inputs += [add(part.bias, "\(stem)_bias"), add(part.multiplier, "\(stem)_multiplier"), add(part.shift, "\(stem)_shift")]
    }
    inputs += try initialStates(layer, ranges)
    inputs += parts.map { part, stem in part.blockMultiplier.map { add($0, "\(stem)_block_multiplier") } ?? "" }
    while inputs.last == "" { inputs.removeLast() }
    var attributes: [String: Attribute] = ["state_levels": .int(ranges.stateLevels)]
    if case .int4(let blockSize) = weights { attributes["block_size"] = .int(blockSize) }
    if layer.isLSTM { attributes["cell_bits"] = .int(ranges.cellBits) }
    if layer.resetsFirst { attributes["linear_before_reset"] = .int(0) }
    if let direction = node.attributes["direction"] { attributes["direction"] = direction }
    let outputs = node.outputs.map { fresh("\($0.isEmpty ? node.name : $0).integers") }
    result.nodes.append(
      Node(
        layer.isLSTM ? QuantizedLSTM.name : QuantizedGRU.name, name: node.name, inputs: inputs, outputs: outputs,
        attributes: attributes))
    let h = Bytes(
      name: outputs[0], scale: 1 / Float(ranges.stateLevels), zeroPoint: QuantizedRecurrentLayer.stateZeroPoint)
    bytes[node.outputs[0]] = h
    if outputs.count > 1 {
      if layer.isLSTM {
        bytes[node.outputs[1]] = Bytes(name: outputs[1], scale: h.scale, zeroPoint: h.zeroPoint)
      } else {
        dequantizeState(outputs[1], 0x1p-15, as: node.outputs[1])
      }
    }
    if outputs.count > 2 { dequantizeState(outputs[2], Float(1 / Double(1 << ranges.cellBits)), as: node.outputs[2]) }
  }

  private mutating func dequantizeState(_ state: String, _ scale: Float, as value: String) {
    guard !value.isEmpty else { return }
    let inputs = [state, constant(Tensor(scalar: scale), "\(value).scale")]
    result.nodes.append(Node("DequantizeLinear", name: fresh("\(value).dequantize"), inputs: inputs, outputs: [value]))
  }

  private mutating func quantized(_ node: Node, _ ranges: RecurrentRanges) throws -> Bytes {
    let (scale, reciprocal) = (ranges.inputScale, Float(1 / Double(ranges.inputScale)))
    guard scale.isNormal, scale > 0, reciprocal.isNormal else {
      throw GraphError("quantization-scale", node: node, expected: "a positive, finite and normal scale", found: "\(scale)")
    }
    dequantize(node.inputs[0])
    let name = fresh("\(node.name).input")
    let inputs = [
      node.inputs[0], constant(Tensor(scalar: reciprocal), "\(name).reciprocal"),
      constant(Tensor(scalar: ranges.inputZeroPoint), "\(name).zero_point"),
    ]
    result.nodes.append(Node(QuantizeByReciprocal.name, name: fresh("\(node.name).quantize"), inputs: inputs, outputs: [name]))
    return Bytes(name: name, scale: scale, zeroPoint: ranges.inputZeroPoint)
  }

  /// Quantized first states; those that are zeros are left out.
  private mutating func initialStates(_ layer: FloatRecurrentLayer, _ ranges: RecurrentRanges) throws -> [String] {
    func isZero(_ value: String?) -> Bool { value.map { ZeroStates.isZero($0, in: source) } ?? true }
    var result: [String] = []
    let (h, c) = (layer.node.input(RecurrentInput.initialStates[0]), layer.node.input(RecurrentInput.initialStates[1]))
    if layer.isLSTM {
      result.append(isZero(h) ? "" : quantizedState(h, 1 / Float(ranges.stateLevels), Tensor(scalar: UInt8(128))))
      result.append(isZero(c) ? "" : quantizedState(c, Float(1 / Double(1 << ranges.cellBits)), Tensor(scalar: Int16(0))))
    } else {
      result += [isZero(h) ? "" : quantizedState(h, 0x1p-15, Tensor(scalar: Int16(0))), ""]
    }
    return result
  }

  private mutating func quantizedState(_ value: String?, _ scale: Float, _ zeroPoint: Tensor) -> String {
    guard let value else { return "" }
    if let given = source.parameters[value]?.storage.decoded(), given.elementType == .float32 {
      return constant(Self.quantized(given, scale, zeroPoint), "\(value).quantized")
    }
    dequantize(value)
    let name = fresh("\(value).quantized")
    let inputs = [value, constant(Tensor(scalar: scale), "\(name).scale"), constant(zeroPoint, "\(name).zero_point")]
    result.nodes.append(Node("QuantizeLinear", name: fresh("\(value).quantize"), inputs: inputs, outputs: [name]))
    return name
  }

  /// As QuantizeLinear does it.
  private static func quantized(_ state: Tensor, _ scale: Float, _ zeroPoint: Tensor) -> Tensor {
    let zero = zeroPoint.doubles[0]
    let rounded = state.values(as: Float.self).map { Double(($0 / scale).rounded(.toNearestOrEven)) + zero }
    return zeroPoint.elementType == .uint8
      ? Tensor(rounded.map { UInt8(min(max($0, 0), 255)) }, shape: state.shape)
      : Tensor(rounded.map { Int16(min(max($0, -32768), 32767)) }, shape: state.shape)
  }

  private mutating func fresh(_ stem: String) -> String {
    var name = stem
    while !names.insert(name).inserted { name += "_" }
    return name
  }

  private mutating func constant(_ tensor: Tensor, _ stem: String) -> String {
    let name = fresh(stem)
    result.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
    return name
  }
}
