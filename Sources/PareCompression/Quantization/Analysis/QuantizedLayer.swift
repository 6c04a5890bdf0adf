import PareGraph
import PareTensor

/// A layer of a quantized graph: a Gemm, MatMul or Conv whose weights come out of DequantizeLinear, and its input too, unless
/// the weights alone are quantized.
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
  /// `S·(q − Z)` of the weight, row-major.
  let weights: [Double]
  /// S of each weight.
  let weightScales: [Double]

  init?(_ node: Node, in graph: Graph) {
    guard ["Gemm", "MatMul", "Conv"].contains(node.operatorName), node.inputs.count >= 2,
      let weight = graph.producer(of: node.inputs[1]), weight.operatorName == "DequantizeLinear",
      let stored = graph.parameters[weight.inputs[0]]?.storage,
      let numbers = Dequantization(weight, stored.decoded(), in: graph)
    else { return nil }
    outputAxis = node.operatorName == "Conv" || (try? node.int("transB", default: 0)) == 1 ? 0 : 1
    name = node.name
    output = node.outputs[0]
    weights = numbers.reals
    weightScales = numbers.scales
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

/// What a DequantizeLinear of a parameter yields, and the scale of each element.
private struct Dequantization {
  let reals: [Double]
  let scales: [Double]

  init?(_ node: Node, _ integers: Tensor, in graph: Graph) {
    guard let scaleName = node.input(1) else { return nil }
    let given: [Double]
    if let plain = graph.values(of: scaleName) {
      given = plain
    } else if let producer = graph.producer(of: scaleName), producer.operatorName == "DequantizeLinear",
      let stored = graph.parameters[producer.inputs[0]]?.storage,
      let nested = Dequantization(producer, stored.decoded(), in: graph)
    {
      given = nested.reals
    } else {
      return nil
    }
    let zeroPoints = node.input(2).flatMap { graph.values(of: $0) } ?? [0]
    let shape = integers.shape
    let axis = (try? node.int("axis", default: 1)) ?? 1
    let block = (try? node.int("block_size", default: 0)) ?? 0
    func position(of element: Int, among count: Int) -> Int {
      guard count > 1, axis >= 0, axis < shape.rank else { return 0 }
      let inner = shape.dimensions.dropFirst(axis + 1).reduce(1, *)
      let index = element / inner % shape[axis]
      guard block > 0 else { return index % count }
      let blocks = (shape[axis] + block - 1) / block
      return (element / inner / shape[axis] * blocks + index / block) * inner + element % inner
    }
    let values = integers.doubles
    let scales = values.indices.map { Double(Float(given[position(of: $0, among: given.count)])) }
    self.scales = scales
    reals = values.indices.map { scales[$0] * (values[$0] - zeroPoints[position(of: $0, among: zeroPoints.count)]) }
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
