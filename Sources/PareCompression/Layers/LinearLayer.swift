import PareGraph
import PareTensor

/// A product with a weight matrix in a graph: a Gemm or MatMul node whose second operand is a Float32 parameter.
public struct LinearLayer: Sendable, Hashable, GraphLayer {
  public let node: Node
  /// The parameter that holds the weight matrix.
  public let weight: String
  public let shape: Shape
  /// The axis of the weight along which outputs run: 0 where Gemm transposes it (`[out, in]`), else 1 (`[in, out]`).
  public let outputAxis: Int

  public var input: String { node.inputs[0] }
  public var output: String { node.outputs[0] }
  /// The parameter or value that is added to the product, if any.
  public var bias: String? { node.input(2) }
  public var outputCount: Int { shape[outputAxis] }
  public var inputCount: Int { shape[1 - outputAxis] }

  /// The output that the weight at a row-major position contributes to.
  func channel(of position: Int) -> Int {
    outputAxis == 0 ? position / shape[1] : position % shape[1]
  }

  init?(_ node: Node, in graph: Graph) {
    guard node.inputs.count >= 2, let parameter = graph.parameters[node.inputs[1]],
      parameter.storage.elementType == .float32, parameter.storage.shape.rank == 2,
      parameter.storage.shape.elementCount > 0, graph.parameters[node.inputs[0]] == nil
    else { return nil }
    switch node.operatorName {
    case "Gemm":
      guard (try? node.int("transA", default: 0)) == 0, let transposed = try? node.int("transB", default: 0) else { return nil }
      outputAxis = transposed == 0 ? 1 : 0
    case "MatMul": outputAxis = 1
    default: return nil
    }
    self.node = node
    weight = node.inputs[1]
    shape = parameter.storage.shape
  }
}

extension Graph {
  /// The products with Float32 weight matrices, in the order of evaluation.
  public var linearLayers: [LinearLayer] {
    nodes.compactMap { LinearLayer($0, in: self) }
  }
}
