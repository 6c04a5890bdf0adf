import PareGraph
import PareTensor

/// The integers behind a layer's weight in the standard form: a parameter, and the DequantizeLinear that reads it.
struct QuantizedWeightTensor {
  /// The DequantizeLinear.
  let node: Node
  /// The parameter that holds the integers.
  let integers: String
  let storage: ParameterStorage
  /// The parameter of the scales: of the whole, of each slice, or of each row where groups of weights have multipliers.
  let scale: String
  /// The parameter of integers by which a row's scale is multiplied for each group, if there are groups.
  let multipliers: String?
  private let graph: Graph

  /// - Returns: nil where the node's output is no integer parameter times scales with zero point 0.
  init?(_ node: Node, in graph: Graph) {
    guard node.operatorName == "DequantizeLinear", let storage = graph.parameters[node.inputs[0]]?.storage,
      [.int8, .int4].contains(storage.elementType),
      node.input(2).map({ graph.parameters[$0]?.storage.decoded().doubles.allSatisfy { $0 == 0 } ?? false }) ?? true
    else { return nil }
    self.node = node
    self.graph = graph
    self.storage = storage
    integers = node.inputs[0]
    if graph.parameters[node.inputs[1]] != nil {
      (scale, multipliers) = (node.inputs[1], nil)
    } else if let inner = graph.producer(of: node.inputs[1]), inner.operatorName == "DequantizeLinear",
      inner.input(2) == nil, graph.parameters[inner.inputs[0]] != nil, graph.parameters[inner.inputs[1]]?.storage.shape.rank == 1
    {
      (scale, multipliers) = (inner.inputs[1], inner.inputs[0])
    } else {
      return nil
    }
  }

  /// - Parameter name: of a Gemm, MatMul or Conv.
  init?(ofLayer name: String, in graph: Graph) {
    guard let layer = graph.nodes.first(where: { $0.name == name }), let weight = layer.input(1),
      let node = graph.producer(of: weight)
    else { return nil }
    self.init(node, in: graph)
  }

  var elementType: ElementType { storage.elementType }

  /// The integers in use: −128 is not, so that every weight's negative is there; four bits use all.
  var levels: ClosedRange<Int> { elementType == .int4 ? -8...7 : -127...127 }

  /// The axis along which scales run.
  var axis: Int { multipliers == nil ? (try? node.int("axis", default: 1)) ?? 1 : 0 }

  var blockSize: Int { (try? node.int("block_size", default: 0)) ?? 0 }

  /// What the integers stand for, row-major.
  var decoded: [Double] {
    let scales = elementScales(rowScales: graph.parameters[scale]?.storage.decoded().doubles ?? [])
    return zip(storage.decoded().doubles, scales).map { $0 * $1 }
  }

  /// The scale of each weight, row-major.
  ///
  /// - Parameter rowScales: in place of those that the graph holds.
  func elementScales(rowScales: [Double]) -> [Double] {
    let shape = storage.shape
    let inner = shape.dimensions.dropFirst(axis + 1).reduce(1, *)
    let factors = multipliers.flatMap { graph.parameters[$0]?.storage.decoded() }?.doubles
    return (0..<shape.elementCount).map { position in
      let slice = rowScales.count == 1 ? 0 : position / inner % shape[axis]
      guard let factors, blockSize > 0 else { return rowScales[slice] }
      let groups = (shape[1] + blockSize - 1) / blockSize
      return rowScales[slice] * factors[slice * groups + position % shape[1] / blockSize]
    }
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
    let (rows, columns) = (shape[0], shape[1])
    let values = values(as: Float.self)
    return Tensor((0..<rows * columns).map { values[$0 % rows * columns + $0 / rows] }, shape: [columns, rows])
  }
}
