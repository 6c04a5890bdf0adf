import PareGraph
import PareTensor

/// A layer of a quantized graph: a Gemm, MatMul or Conv whose weights come out of DequantizeLinear, and its input too, unless
/// the weights alone are quantized; or whose weights are halves, or signs times their scales.
struct QuantizedLayer {
  let name: String
  let output: String
  /// The real value that the layer's input stands for, before QuantizeLinear.
  let input: String
  /// The same after DequantizeLinear; the input itself where it is not quantized.
  let dequantizedInput: String
  /// How the input is mapped onto integers; nil where that is not fixed.
  let inputMap: AffineMap?
  /// The axis of the weight along which outputs run: 0 or 1.
  let outputAxis: Int
  /// What is multiplied, row-major: of integers `S·(q − Z)`.
  let weights: [Double]
  /// S of each weight; none where they are no integers.
  let weightScales: [Double]

  init?(_ node: Node, in graph: Graph) {
    guard ["Gemm", "MatMul", "Conv"].contains(node.operatorName), node.inputs.count >= 2,
      let weight = graph.producer(of: node.inputs[1]), let stored = weight.input(0).flatMap({ graph.parameters[$0] })?.storage
    else { return nil }
    if let integers = QuantizedWeightTensor(weight, in: graph) {
      weights = integers.decoded
      weightScales = integers.elementScales(rowScales: graph.values(of: integers.scale) ?? [])
    } else if ["Cast", "Mul"].contains(weight.operatorName), stored.elementType.isHalfPrecision || stored.element == .sign,
      let numbers = try? graph.constant(node.inputs[1])
    {
      (weights, weightScales) = (numbers.doubles, [])
    } else {
      return nil
    }
    outputAxis = node.operatorName == "Conv" || (try? node.int("transB", default: 0)) == 1 ? 0 : 1
    name = node.name
    output = node.outputs[0]
    dequantizedInput = node.inputs[0]
    guard let activation = graph.producer(of: node.inputs[0]), activation.operatorName == "DequantizeLinear",
      let quantize = graph.producer(of: activation.inputs[0])
    else {
      (input, inputMap) = (node.inputs[0], nil)
      return
    }
    input = quantize.inputs[0]
    inputMap = quantize.input(1).flatMap { graph.values(of: $0)?.first }.map { scale in
      AffineMap(scale: Float(scale), zeroPoint: Int(quantize.input(2).flatMap { graph.values(of: $0)?.first } ?? 0))
    }
  }
}

extension Graph {
  var quantizedLayers: [QuantizedLayer] {
    nodes.compactMap { QuantizedLayer($0, in: self) }
  }

  fileprivate func values(of parameter: String) -> [Double]? {
    parameters[parameter]?.storage.decoded().doubles
  }
}
