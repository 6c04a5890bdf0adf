import PareGraph
import PareTensor

/// The integers behind a layer's weight in the standard form: a parameter, and the DequantizeLinear that reads it.
struct QuantizedWeightTensor {
  /// The DequantizeLinear.
  let node: Node
  /// The parameter that holds the integers.
  let integers: String
  let storage: ParameterStorage
  /// The parameter of the scales: of the whole, of each slice or block, or of each row where groups of weights have
  /// multipliers.
  let scale: String
  /// The parameter of integers by which a row's scale is multiplied for each group, if there are groups.
  let multipliers: String?
  /// Makes the scales of groups, if there are any.
  private let scaleNode: Node?
  private let graph: Graph

  /// - Returns: nil where the node does not dequantize a parameter by scales that are parameters, or a row's times
  ///   multipliers.
  init?(_ node: Node, in graph: Graph) {
    guard node.operatorName == "DequantizeLinear", let storage = graph.parameters[node.inputs[0]]?.storage,
      node.input(2).map({ graph.parameters[$0] != nil }) ?? true
    else { return nil }
    (self.node, self.graph, self.storage, integers) = (node, graph, storage, node.inputs[0])
    if graph.parameters[node.inputs[1]] != nil {
      (scale, multipliers, scaleNode) = (node.inputs[1], nil, nil)
    } else if let inner = graph.producer(of: node.inputs[1]), inner.operatorName == "DequantizeLinear",
      inner.input(2) == nil, graph.parameters[inner.inputs[0]] != nil, graph.parameters[inner.inputs[1]]?.storage.shape.rank == 1
    {
      (scale, multipliers, scaleNode) = (inner.inputs[1], inner.inputs[0], inner)
    } else {
      return nil
    }
  }

  /// The same where the integers can be trained: signed, with zero point 0.
  ///
  /// - Parameter name: of a Gemm, MatMul or Conv.
  init?(ofLayer name: String, in graph: Graph) {
    guard let layer = graph.nodes.first(where: { $0.name == name }), let weight = layer.input(1),
      let node = graph.producer(of: weight)
    else { return nil }
    self.init(trainable: node, in: graph)
  }

  /// The same of the node that reads them.
  init?(trainable node: Node, in graph: Graph) {
    self.init(node, in: graph)
    guard [.int8, .int4].contains(elementType), zeroPoints.allSatisfy({ $0 == 0 }) else { return nil }
  }

  var elementType: ElementType { storage.elementType }

  /// The integers in use: −128 is not, so that every weight's negative is there; four bits use all.
  var levels: ClosedRange<Int> { elementType == .int4 ? -8...7 : -127...127 }

  /// The axis along which scales, or blocks that share one, run.
  var axis: Int { Self.axis(of: node, rank: storage.shape.rank) }

  var blockSize: Int { (try? node.int("block_size", default: 0)) ?? 0 }

  private var zeroPoints: [Double] { node.input(2).flatMap { graph.parameters[$0]?.storage.decoded().doubles } ?? [0] }

  /// What the integers stand for, row-major.
  var decoded: [Double] {
    let points = zeroPoints
    let scales = elementScales(rowScales: graph.parameters[scale]?.storage.decoded().doubles ?? [])
    let place = position(of: node, in: storage.shape, among: points.count)
    return storage.decoded().doubles.enumerated().map { scales[$0] * ($1 - points[place($0)]) }
  }

  /// The scale of each weight in Float32, row-major.
  ///
  /// - Parameter rowScales: in place of those that the graph holds.
  func elementScales(rowScales: [Double]) -> [Double] {
    var scales = rowScales
    if let scaleNode, let factors = multipliers.flatMap({ graph.parameters[$0]?.storage.decoded() }) {
      let row = position(of: scaleNode, in: factors.shape, among: rowScales.count)
      scales = factors.doubles.enumerated().map { Double(Float(rowScales[row($0)] * $1)) }
    }
    let place = position(of: node, in: storage.shape, among: scales.count)
    return (0..<storage.shape.elementCount).map { scales[place($0)] }
  }

  private static func axis(of node: Node, rank: Int) -> Int {
    let given = (try? node.int("axis", default: 1)) ?? 1
    return given < 0 ? given + rank : given
  }

  /// Which of `count` numbers of a DequantizeLinear belongs to an element: the one of all, or of its slice or block.
  private func position(of node: Node, in shape: Shape, among count: Int) -> (Int) -> Int {
    let axis = Self.axis(of: node, rank: shape.rank)
    guard count > 1, shape.dimensions.indices.contains(axis) else { return { _ in 0 } }
    let block = (try? node.int("block_size", default: 0)) ?? 0
    let (inner, extent) = (shape.dimensions.dropFirst(axis + 1).reduce(1, *), shape[axis])
    guard block > 0 else { return { $0 / inner % extent } }
    let blocks = (extent + block - 1) / block
    return { ($0 / inner / extent * blocks + $0 / inner % extent / block) * inner + $0 % inner }
  }

  /// The Float32 weights of the layer of that name, turned over where the standard form has them so.
  ///
  /// - Returns: nil where the layer has none of that size.
  static func oriented(_ real: Graph, _ name: String, like weights: QuantizedWeightTensor) -> Tensor? {
    guard let node = real.nodes.first(where: { $0.name == name }),
      let tensor = node.input(1).flatMap({ real.parameters[$0] })?.storage.decoded(), tensor.elementType == .float32
    else { return nil }
    let shape = weights.storage.shape
    guard let quantized = weights.graph.nodes.first(where: { $0.name == name }) else { return nil }
    func isByOutput(_ node: Node) -> Bool {
      node.operatorName == "Conv" || (node.operatorName == "Gemm" && (try? node.int("transB", default: 0)) == 1)
    }
    if isByOutput(node) == isByOutput(quantized) { return tensor.shape == shape ? tensor : nil }
    guard tensor.shape.rank == 2 else { return nil }
    let turned = tensor.turnedOver
    return turned.shape == shape ? turned : nil
  }
}

extension Tensor {
  /// A Float32 matrix with its rows as columns.
  var turnedOver: Tensor {
    Tensor(values(as: Float.self).transposed(rows: shape[0]), shape: [shape[1], shape[0]])
  }
}
