import PareGraph
import PareTensor

/// A linear layer of a quantized graph: a Gemm or MatMul whose operands come out of DequantizeLinear.
struct QuantizedLayer {
  let name: String
  let output: String
  /// The real value that the layer's input stands for, before QuantizeLinear.
  let input: String
  /// The same after DequantizeLinear.
  let dequantizedInput: String
  /// How the input is mapped onto integers.
  let inputMap: AffineMap
  /// The axis of the weight along which outputs run: 0 or 1.
  let outputAxis: Int
  /// `S·(q − Z)` of the weight, row-major.
  let weights: [Double]
  /// S of each weight.
  let weightScales: [Double]

  init?(_ node: Node, in graph: Graph) {
    guard node.operatorName == "Gemm" || node.operatorName == "MatMul", node.inputs.count >= 2,
      let activation = graph.producer(of: node.inputs[0]), activation.operatorName == "DequantizeLinear",
      let quantize = graph.producer(of: activation.inputs[0]), quantize.operatorName == "QuantizeLinear",
      let inputScale = graph.values(of: quantize.input(1))?.first,
      let weight = graph.producer(of: node.inputs[1]), weight.operatorName == "DequantizeLinear",
      let stored = graph.parameters[weight.inputs[0]]?.storage, let scales = graph.values(of: weight.input(1))
    else { return nil }
    let integers = stored.decoded().doubles
    let axis = (try? weight.int("axis", default: 1)) ?? 1
    let step = axis == 0 ? stored.shape.elementCount / max(scales.count, 1) : 1
    let weightScales = integers.indices.map { scales[scales.count == 1 ? 0 : $0 / step % scales.count] }
    let zeroPoints = graph.values(of: weight.input(2)) ?? [0]
    outputAxis = (try? node.int("transB", default: 0)) == 1 ? 0 : 1
    name = node.name
    output = node.outputs[0]
    input = quantize.inputs[0]
    dequantizedInput = node.inputs[0]
    inputMap = AffineMap(scale: Float(inputScale), zeroPoint: Int(graph.values(of: quantize.input(2))?.first ?? 0))
    self.weightScales = weightScales
    weights = integers.indices.map {
      weightScales[$0] * (integers[$0] - zeroPoints[zeroPoints.count == 1 ? 0 : $0 / step % zeroPoints.count])
    }
  }
}

extension Graph {
  var quantizedLayers: [QuantizedLayer] {
    nodes.compactMap { QuantizedLayer($0, in: self) }
  }

  fileprivate func values(of parameter: String?) -> [Double]? {
    parameter.flatMap { parameters[$0] }?.storage.decoded().doubles
  }
}
