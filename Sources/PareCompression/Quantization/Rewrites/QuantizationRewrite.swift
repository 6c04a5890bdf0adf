import PareGraph
import PareTensor

/// Puts QuantizeLinear and DequantizeLinear around the products of a graph.
struct QuantizationRewrite {
  private var graph: Graph
  private var names: NameScope
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

  /// Stores the weight that layers share as int8 behind a DequantizeLinear. It keeps its name where no other node uses
  /// the real weight.
  ///
  /// Integer arithmetic is defined for Gemm with weights `[out, in]`, so a product of two matrices in another form is
  /// brought into that one.
  ///
  /// - Returns: how the integers are stored.
  mutating func replaceWeight(of layers: [LinearLayer], by quantized: QuantizedWeights) -> ParameterStorage {
    guard let shared = layers.first else { return ParameterStorage(Tensor([Int8]())) }
    let users = graph.nodes.filter { $0.inputs.contains(shared.weight) }
    let isFree = users.allSatisfy { user in layers.contains { $0.name == user.name } }
    let weight = isFree ? shared.weight : names.fresh("\(shared.weight).int8")
    let turns = shared.outputAxis == 1 && layers.allSatisfy { types[$0.input]?.rank == 2 }
    let integers = Tensor(quantized.integers, shape: shared.shape)
    let storage = ParameterStorage.smallest(of: turns ? integers.matrixTransposed(as: Int8.self) : integers)
    graph.parameters[weight] = Parameter(storage, isTrainable: false)
    let scale = names.fresh("\(shared.weight).scale")
    let isPerTensor = quantized.granularity == .perTensor
    let scales = isPerTensor ? Tensor(scalar: quantized.scales[0]) : Tensor(quantized.scales)
    graph.parameters[scale] = Parameter(ParameterStorage(scales), isTrainable: false)
    let real = names.fresh("\(shared.weight).dq")
    insert(
      Node(
        "DequantizeLinear", name: real, inputs: [weight, scale], outputs: [real],
        attributes: isPerTensor ? [:] : ["axis": .int(turns ? 0 : shared.outputAxis)]), before: shared)
    for layer in layers {
      update(layer) { node in
        node.inputs[1] = real
        guard turns else { return }
        node.operatorName = "Gemm"
        node.attributes["transB"] = .int(1)
      }
    }
    return storage
  }

  /// Lets a layer read its input through QuantizeLinear and DequantizeLinear; layers that read the same value share
  /// the pair, which stands before the first that is given, so give them in the order of evaluation.
  mutating func quantizeInput(of layer: LinearLayer, by map: AffineMap) {
    if dequantized[layer.input] == nil {
      let scale = names.fresh("\(layer.input).scale")
      let zeroPoint = names.fresh("\(layer.input).zero")
      graph.parameters[scale] = Parameter(ParameterStorage(Tensor(scalar: map.scale)), isTrainable: false)
      graph.parameters[zeroPoint] = Parameter(
        ParameterStorage(Tensor(scalar: UInt8(clamping: map.zeroPoint))), isTrainable: false)
      let integer = names.fresh("\(layer.input).q")
      let real = names.fresh("\(layer.input).dq")
      insert(
        Node("QuantizeLinear", name: integer, inputs: [layer.input, scale, zeroPoint], outputs: [integer]), before: layer)
      insert(
        Node("DequantizeLinear", name: real, inputs: [integer, scale, zeroPoint], outputs: [real]), before: layer)
      dequantized[layer.input] = real
    }
    if let real = dequantized[layer.input] { update(layer) { $0.inputs[0] = real } }
  }

  /// The graph, its names and shapes checked.
  consuming func finish() throws -> Graph {
    graph.nodes = graph.nodes.flatMap { (insertions[$0.name] ?? []) + [$0] }
    _ = try graph.inferredTypes()
    return graph
  }

  private mutating func insert(_ node: Node, before layer: LinearLayer) {
    insertions[layer.name, default: []].append(node)
  }

  private mutating func update(_ layer: LinearLayer, _ change: (inout Node) -> Void) {
    guard let position = graph.nodes.firstIndex(where: { $0.name == layer.name }) else { return }
    change(&graph.nodes[position])
  }
}

extension Tensor {
  /// Rows become columns.
  func matrixTransposed<Element: TensorElement>(as type: Element.Type) -> Tensor {
    let (rows, columns) = (shape[0], shape[1])
    let values = values(as: Element.self)
    return Tensor((0..<rows * columns).map { values[$0 % rows * columns + $0 / rows] }, shape: [columns, rows])
  }
}
