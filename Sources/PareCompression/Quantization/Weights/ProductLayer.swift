import PareGraph
import PareTensor

/// A layer that sums products of its input with constant Float32 weights: a Gemm or MatMul with a matrix, or a Conv.
struct ProductLayer: GraphLayer, Hashable {
  let node: Node
  let weight: String
  let shape: Shape
  /// The axis of the weight along which outputs run: 0 or 1.
  let outputAxis: Int

  var input: String { node.inputs[0] }
  var output: String { node.outputs[0] }
  /// The parameter or value that is added to the sum, if any.
  var bias: String? { node.input(2) }
  var isConvolution: Bool { node.operatorName == "Conv" }
  var outputCount: Int { shape[outputAxis] }
  /// Weights of an output.
  var inputCount: Int { shape.elementCount / outputCount }

  init?(_ node: Node, in graph: Graph) {
    if let layer = LinearLayer(node, in: graph) {
      (weight, shape, outputAxis) = (layer.weight, layer.shape, layer.outputAxis)
    } else if node.operatorName == "Conv", let name = node.input(1), let storage = graph.parameters[name]?.storage,
      storage.elementType == .float32, storage.shape.rank >= 3, storage.shape.elementCount > 0,
      graph.parameters[node.inputs[0]] == nil
    {
      (weight, shape, outputAxis) = (name, storage.shape, 0)
    } else {
      return nil
    }
    self.node = node
  }

  /// The weights by output, whichever way the graph holds them.
  func matrix(_ values: [Float]) -> WeightMatrix {
    WeightMatrix(byOutput(values), rows: outputCount, columns: inputCount)
  }

  /// Elements of the weight, `[outputs, inputs]` row-major, from the order of the graph.
  func byOutput<Element>(_ values: [Element]) -> [Element] {
    outputAxis == 0 ? values : values.transposed(rows: inputCount)
  }

  /// Elements of the weight in the order of the graph, from `[outputs, inputs]` row-major.
  func inGraphOrder<Element>(_ values: [Element]) -> [Element] {
    outputAxis == 0 ? values : values.transposed(rows: outputCount)
  }
}

extension Array {
  /// Of a matrix, row-major: its rows become columns.
  func transposed(rows: Int) -> [Element] {
    let columns = count / Swift.max(rows, 1)
    return (0..<count).map { self[$0 % rows * columns + $0 / rows] }
  }
}

extension Graph {
  /// The products with Float32 weights, in the order of evaluation.
  var productLayers: [ProductLayer] { nodes.compactMap { ProductLayer($0, in: self) } }
}

/// Weights by output: row-major `[rows, columns]`, a row for each output and a column for each of its inputs.
struct WeightMatrix: Sendable {
  var values: [Float]
  let rows: Int
  let columns: Int

  init(_ values: [Float], rows: Int, columns: Int) {
    self.values = values
    self.rows = rows
    self.columns = columns
  }

  /// From the smallest to the largest of some weights of a row.
  func range(row: Int, columns: Range<Int>) -> ClosedRange<Double> {
    let weights = values[row * self.columns + columns.lowerBound..<row * self.columns + columns.upperBound]
    return Double(weights.min() ?? 0)...Double(weights.max() ?? 0)
  }

  /// The greatest power of two of which every weight is a whole multiple; nil where all are zero, or one is no finite number.
  var largestCommonStep: Double? {
    var exponent = Int.max
    for value in values where value != 0 {
      guard value.isFinite else { return nil }
      // ulp · significand's odd part: the lowest bit that is set.
      exponent = min(exponent, Int(value.ulp.exponent) + value.significandBitPattern.setFloor)
    }
    return exponent == .max ? nil : Double(sign: .plus, exponent: exponent, significand: 1)
  }
}

extension UInt32 {
  /// The place of the lowest bit that is set in a significand's stored bits; that of the bit in front of them where none is.
  fileprivate var setFloor: Int { self == 0 ? Float.significandBitCount : trailingZeroBitCount }
}
