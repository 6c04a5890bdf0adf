import PareGraph
import PareTensor

/// Networks and features drawn from a seed.
struct RandomNetwork {
  /// Extents from features to classes, as `[20, 16, 8, 3]`.
  let extents: [Int]
  var generator: SeededGenerator
  /// Row-major [out, in] and [out], per layer.
  private(set) var weights: [[Float]] = []
  private(set) var biases: [[Float]] = []
  private(set) var offset: [Float] = []
  private(set) var scale: [Float] = []

  init(_ extents: [Int], seed: UInt64) {
    self.extents = extents
    generator = SeededGenerator(seed: seed, stream: "network")
    offset = (0..<extents[0]).map { _ in Float(generator.normal()) }
    scale = (0..<extents[0]).map { _ in Float(0.5 + generator.uniform()) }
    for layer in 0..<layerCount {
      let spread = (2 / Double(extents[layer])).squareRoot()
      weights.append((0..<extents[layer] * extents[layer + 1]).map { _ in Float(spread * generator.normal()) })
      biases.append((0..<extents[layer + 1]).map { _ in Float(0.1 * generator.normal()) })
    }
  }

  var layerCount: Int { extents.count - 1 }
  var featureCount: Int { extents[0] }

  /// Rows of features, some far outside what the normalizer keeps.
  func rows(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed, stream: "rows")
    return (0..<count * featureCount).map { _ in
      Float(generator.normal() * (generator.uniform() < 0.02 ? 100 : 1.5))
    }
  }

  /// features → normalizer → dense layers with Relu between → logits → probabilities → decision.
  func graph(quantized: Bool) throws -> Graph {
    var builder = GraphBuilder(name: "network")
    var value = try builder.input("features", ValueType(.float32, ["batch", .fixed(featureCount)]))
    value = try builder.apply(
      "Sub", [value, builder.parameter("normalizer.offset", Tensor(offset), isTrainable: false)])
    value = try builder.apply(
      "Mul", [value, builder.parameter("normalizer.scale", Tensor(scale), isTrainable: false)])
    value = try builder.apply(
      "Clip", [value, builder.constant(Tensor(scalar: Float(-4))), builder.constant(Tensor(scalar: Float(4)))],
      output: "normalized")
    for layer in 0..<layerCount {
      if quantized {
        // The first input is in −4 … 4, later ones follow Relu and are mostly below 6.
        let range: (Double, Double) = layer == 0 ? (-4, 4) : (0, 6)
        value = try Self.quantizedPair(value, low: range.0, high: range.1, "dense_\(layer).input", &builder)
      }
      value = try dense(layer, on: value, quantized: quantized, &builder)
      if layer < layerCount - 1 { value = try builder.apply("Relu", [value], name: "relu_\(layer)") }
    }
    try builder.output(value)
    let probabilities = try builder.apply("Softmax", [value], output: "probabilities")
    try builder.output(probabilities)
    if extents.last == 2 || extents.last == 3 {
      let thresholds = try builder.parameter("decision.thresholds", Tensor([Float(0.45), 0.4]), isTrainable: false)
      try builder.output(builder.apply("pare.Decide", [probabilities, thresholds], output: "decision"))
    }
    return builder.graph
  }

  /// One layer by itself, from integers to integers, in the QuantizeLinear/DequantizeLinear form.
  func integerLayer(_ layer: Int, relu: Bool, outputRange: (Double, Double)) throws -> Graph {
    var builder = GraphBuilder(name: "layer")
    let input = try builder.input("integers", ValueType(.uint8, ["batch", .fixed(extents[layer])]))
    let parameters = try Self.affine(low: layer == 0 ? -4 : 0, high: layer == 0 ? 4 : 6, "input", &builder)
    var value = try builder.apply("DequantizeLinear", [input] + parameters)
    value = try dense(layer, on: value, quantized: true, &builder)
    if relu { value = try builder.apply("Relu", [value]) }
    value = try builder.apply(
      "QuantizeLinear", [value] + Self.affine(low: outputRange.0, high: outputRange.1, "output", &builder), output: "quantized")
    try builder.output(value)
    return builder.graph
  }

  private func dense(_ layer: Int, on input: String, quantized: Bool, _ builder: inout GraphBuilder) throws -> String {
    let (rows, columns) = (extents[layer + 1], extents[layer])
    let name = "dense_\(layer)"
    var weight: String
    if quantized {
      let scales = weightScales(layer)
      let integers = weights[layer].enumerated().map { Int8(($1 / scales[$0 / columns]).rounded(.toNearestOrEven)) }
      weight = try builder.parameter("\(name).weight", Tensor(integers, shape: [rows, columns]), isTrainable: false)
      let scale = try builder.parameter("\(name).weight.scale", Tensor(scales), isTrainable: false)
      weight = try builder.apply("DequantizeLinear", [weight, scale], attributes: ["axis": .int(0)])
    } else {
      weight = try builder.parameter("\(name).weight", Tensor(weights[layer], shape: [rows, columns]), isTrainable: true)
    }
    let bias = try builder.parameter("\(name).bias", Tensor(biases[layer]), isTrainable: true)
    return try builder.apply(
      "Gemm", [input, weight, bias], attributes: ["transB": .int(1)], name: name,
      output: layer == layerCount - 1 ? "logits" : nil)
  }

  func weightScales(_ layer: Int) -> [Float] {
    let columns = extents[layer]
    return (0..<extents[layer + 1]).map { row in
      (weights[layer][row * columns..<(row + 1) * columns].map(\.magnitude).max() ?? 1) / 127
    }
  }

  static func scale(low: Double, high: Double) -> Float { Float((high - low) / 255) }

  private static func affine(low: Double, high: Double, _ name: String, _ builder: inout GraphBuilder) throws -> [String] {
    let scale = scale(low: low, high: high)
    let zeroPoint = UInt8((-low / Double(scale)).rounded(.toNearestOrEven))
    return [
      try builder.parameter("\(name).scale", Tensor(scalar: scale), isTrainable: false),
      try builder.parameter("\(name).zero_point", Tensor(scalar: zeroPoint), isTrainable: false),
    ]
  }

  private static func quantizedPair(
    _ value: String, low: Double, high: Double, _ name: String, _ builder: inout GraphBuilder
  ) throws -> String {
    let parameters = try affine(low: low, high: high, name, &builder)
    let quantized = try builder.apply("QuantizeLinear", [value] + parameters)
    return try builder.apply("DequantizeLinear", [quantized] + parameters)
  }
}

/// Shapes around the kernels' tiles of 16 outputs and groups of 4 inputs.
let awkwardExtents: [[Int]] = [
  [20, 16, 8, 3], [20, 128, 64, 32, 3], [1, 1, 2], [3, 5, 2], [17, 33, 15, 3], [31, 65, 63, 129, 2], [16, 48, 3],
]

func evaluate(_ graph: Graph, _ inputs: [String: Tensor], rows: Int, precision: ReferenceEvaluator.Precision = .stored)
  throws -> [String: Tensor]
{
  try ReferenceEvaluator(graph, binding: ["batch": rows], precision: precision).run(inputs)
}
