import PareTensor

/// Turns the QuantizeLinear/DequantizeLinear form of a graph into the integer operators that the product deploys.
///
/// The result has the same inputs and outputs. What has no integer form keeps its floating-point reading. Rules and
/// bounds: `docs/integer-arithmetic.md`, §6.
///
/// - `Gemm(DequantizeLinear(uint8 X), DequantizeLinear(int8 W), b)`, followed or not by Relu and QuantizeLinear, becomes
///   `pare.QuantizedDense`; `MatMul` with or without an Add of a constant row likewise, and `Conv`
///   `pare.QuantizedConvolution`.
/// - `Gemm` and `MatMul` with `int4` weights in groups (`GroupDenseLowering.swift`) become `pare.QuantizedGroupDense`.
/// - The same products of what DynamicQuantizeLinear yields, in the QDQ form or as MatMulInteger, become
///   `pare.DynamicQuantizedDense` (`DynamicDenseLowering.swift`).
/// - `int4` weights with one scale an output, or one for all, are taken as the bytes that they are.
/// - A DequantizeLinear of parameters that no layer took in becomes the numbers that it yields: weights that alone are
///   quantized are decoded once, not at every run.
/// - A remaining per-tensor QuantizeLinear to `uint8` becomes `pare.QuantizeByReciprocal`.
public enum IntegerLowering {
  /// - Throws: `graph.quantization-scale` for a scale that is zero, negative, subnormal or not finite;
  ///   `graph.accumulator-overflow` where Int32 could overflow.
  public static func lower(_ graph: Graph) throws -> Graph {
    var lowering = try Lowering(graph)
    return try lowering.run()
  }

  /// Whether a graph has anything to lower.
  public static func applies(to graph: Graph) -> Bool {
    graph.nodes.contains {
      ["QuantizeLinear", "DequantizeLinear", DynamicQuantizeLinear.name].contains($0.operatorName)
    }
  }
}

extension Graph {
  /// The graph with the numbers in the place of each DequantizeLinear of parameters: the same bits.
  fileprivate func decodingConstants() throws -> Graph {
    var result = self
    result.nodes = []
    let types = try inferredTypes()
    for node in nodes {
      let inputs = node.inputs.map { result.parameters[$0]?.storage.decoded() }
      guard node.operatorName == DequantizeLinear.name, inputs.allSatisfy({ $0 != nil }),
        let type = types[node.outputs[0]], let shape = type.shape(binding: [:]),
        let value = try ConstantEvaluation.evaluate(node, inputs: inputs, outputs: [TensorType(type.elementType, shape)]).first
      else {
        result.nodes.append(node)
        continue
      }
      result.parameters[node.outputs[0]] = Parameter(ParameterStorage(value), isTrainable: false)
    }
    return result.pruned()
  }
}

/// One run of the rewrite.
struct Lowering {
  /// What a per-tensor `uint8` scale and zero point say.
  struct Affine {
    var scale: Float
    var zeroPoint: UInt8
  }

  let source: Graph
  var result: Graph
  let producers: [String: Node]
  let consumers: [String: [Node]]
  let outputs: Set<String>
  let types: [String: ValueType]
  var absorbed: Set<String> = []

  init(_ graph: Graph) throws {
    source = graph
    types = try graph.inferredTypes()
    result = graph
    result.nodes = []
    var producers: [String: Node] = [:]
    var consumers: [String: [Node]] = [:]
    for node in graph.nodes {
      for output in node.outputs { producers[output] = node }
      for input in Set(node.inputs) { consumers[input, default: []].append(node) }
    }
    self.producers = producers
    self.consumers = consumers
    outputs = Set(graph.outputs.map(\.name))
  }

  mutating func run() throws -> Graph {
    for node in source.nodes where !absorbed.contains(node.name) {
      if let lowered = try layer(node) ?? groupDense(node) ?? dynamicDense(node) ?? scan(node) {
        result.nodes.append(lowered)
      } else if node.operatorName == "QuantizeLinear", let affine = try affine(node) {
        result.nodes.append(try quantization(node, affine))
      } else {
        result.nodes.append(node)
      }
    }
    let lowered = try result.pruned().decodingConstants()
    _ = try lowered.inferredTypes()
    return lowered
  }

  // MARK: the input

  private mutating func quantization(_ node: Node, _ affine: Affine) throws -> Node {
    let reciprocal = Float(1 / Double(affine.scale))
    guard reciprocal.isNormal else { throw scaleError(node, affine.scale) }
    return Node(
      QuantizeByReciprocal.name, name: node.name,
      inputs: [
        node.inputs[0], constant(Tensor(scalar: reciprocal), "\(node.name).reciprocal"),
        constant(Tensor(scalar: affine.zeroPoint), "\(node.name).zero_point"),
      ], outputs: node.outputs)
  }

  // MARK: a layer

  /// A product with constant integer weights, as it was found.
  struct Product {
    var node: Node
    var operatorName: OperatorName
    var attributes: [String: Attribute] = [:]
    /// By output, `[outputs, …]`; under this name.
    var weight: String
    var weightScales: [Float]
    var bias: String?
    /// What it yields, the bias included.
    var output: String
    var absorbed: [String] = []

    /// Takes in an Add of a constant row, plain or dequantized, that alone uses the output.
    mutating func takeInBias(_ graph: borrowing Lowering, count: Int) {
      guard let add = graph.soleConsumer(of: output, "Add"), add.inputs.count(where: { $0 == output }) == 1 else { return }
      let other = add.inputs[add.inputs[0] == output ? 1 : 0]
      guard graph.types[add.outputs[0]] == graph.types[output], graph.biasCount(other) == count else { return }
      bias = other
      output = add.outputs[0]
      absorbed.append(add.name)
    }
  }

  private mutating func layer(_ node: Node) throws -> Node? {
    guard ["Gemm", "MatMul", "Conv"].contains(node.operatorName), let x = producers[node.inputs[0]],
      x.operatorName == "DequantizeLinear", let input = try affine(x), let product = try product(node)
    else { return nil }
    // Each product of two Float32 scales is exact in Float64.
    let scales = product.weightScales.map { Double(input.scale) * Double($0) }
    guard let bias = try quantizedBias(node, product.bias, scales: scales) else { return nil }

    result.parameters[product.weight]?.isTrainable = false
    var inputs = [
      x.inputs[0], constant(Tensor(scalar: input.zeroPoint), "\(node.name).input_zero_point"), product.weight,
      constant(Tensor(bias), "\(node.name).quantized_bias"),
    ]
    return try finish(product, scales: scales, inputs: &inputs)
  }

  /// The node of a layer: with the constants of a requantization where a QuantizeLinear follows, which is taken in with a
  /// Relu before it; else with the scales of its output.
  mutating func finish(_ product: Product, scales: [Double], inputs: inout [String]) throws -> Node {
    let node = product.node
    absorbed.formUnion(product.absorbed)
    let relu = soleConsumer(of: product.output, "Relu")
    if let quantize = soleConsumer(of: relu?.outputs[0] ?? product.output, "QuantizeLinear"),
      let output = try affine(quantize)
    {
      let fixed = try scales.map { scale in
        guard let fixed = QuantizedDense.Requantization.fixedPoint(scale / Double(output.scale)) else {
          throw scaleError(quantize, output.scale)
        }
        return fixed
      }
      inputs += [
        constant(Tensor(fixed.map(\.multiplier)), "\(node.name).multiplier"),
        constant(Tensor(fixed.map(\.shift)), "\(node.name).shift"),
        constant(Tensor(scalar: output.zeroPoint), "\(node.name).output_zero_point"),
      ]
      absorbed.formUnion([quantize.name] + (relu.map { [$0.name] } ?? []))
      var attributes = product.attributes
      if relu != nil { attributes["relu"] = .int(1) }
      return Node(
        product.operatorName, name: node.name, inputs: inputs, outputs: quantize.outputs, attributes: attributes)
    }
    inputs.append(constant(Tensor(scales.map(Float.init)), "\(node.name).output_scale"))
    return Node(
      product.operatorName, name: node.name, inputs: inputs, outputs: [product.output], attributes: product.attributes)
  }

  /// The product with weights that come from DequantizeLinear, with zero point 0; nil for another.
  mutating func product(_ node: Node) throws -> Product? {
    guard let w = producers[node.inputs[1]], w.operatorName == "DequantizeLinear",
      let weight = tensor(w.inputs[0]), weight.elementType == .int8 || weight.elementType == .int4,
      w.input(2).map({ name in tensor(name)?.doubles.allSatisfy { $0 == 0 } ?? false }) ?? true,
      var product = try product(node, w, weight.inWholeBytes())
    else { return nil }
    if weight.elementType == .int4, product.weight == w.inputs[0] {
      product.weight = constant(weight.inWholeBytes(), "\(w.inputs[0]).in_bytes")
    }
    return product
  }

  /// - Parameter w: the DequantizeLinear of the weights.
  private mutating func product(_ node: Node, _ w: Node, _ weight: Tensor) throws -> Product? {
    switch node.operatorName {
    case "Gemm":
      guard try node.int("transA", default: 0) == 0, try node.int("transB", default: 0) != 0,
        try node.float("alpha", default: 1) == 1, try node.float("beta", default: 1) == 1, weight.shape.rank == 2,
        let scales = try perOutput(w, axis: 0, count: weight.shape[0])
      else { return nil }
      return Product(
        node: node, operatorName: QuantizedDense.name, weight: w.inputs[0], weightScales: scales, bias: node.input(2),
        output: node.outputs[0])
    case "Conv":
      guard let scales = try perOutput(w, axis: 0, count: weight.shape[0]) else { return nil }
      return Product(
        node: node, operatorName: QuantizedConvolution.name, attributes: node.attributes, weight: w.inputs[0],
        weightScales: scales, bias: node.input(2), output: node.outputs[0])
    default:
      guard weight.shape.rank == 2, (types[node.inputs[0]]?.rank ?? 0) >= 2,
        let scales = try perOutput(w, axis: 1, count: weight.shape[1])
      else { return nil }
      var product = Product(
        node: node, operatorName: QuantizedDense.name,
        weight: constant(weight.turned(Int8.self), "\(w.inputs[0]).by_output"), weightScales: scales, bias: nil,
        output: node.outputs[0])
      product.takeInBias(self, count: scales.count)
      return product
    }
  }

  /// Bias in units of `scales`, half to even; nil where it is no constant row.
  func quantizedBias(_ layer: Node, _ name: String?, scales: [Double]) throws -> [Int32]? {
    guard let name else { return [Int32](repeating: 0, count: scales.count) }
    let real: [Double]
    if let bias = tensor(name) {
      real = bias.doubles
    } else if let node = producers[name], node.operatorName == "DequantizeLinear", node.input(2) == nil,
      let stored = tensor(node.inputs[0]), stored.elementType == .int32,
      let storedScales = try perOutput(node, axis: 0, count: scales.count), stored.elementCount == scales.count
    {
      // As it is where its scale is the accumulator's, rounded to Float32; else converted.
      if storedScales == scales.map(Float.init) { return stored.values(as: Int32.self) }
      real = zip(stored.doubles, storedScales).map { $0 * Double($1) }
    } else {
      return nil
    }
    guard real.count == scales.count else { return nil }
    return try zip(real, scales).enumerated().map { output, pair in
      let quantized = (pair.0 / pair.1).rounded(.toNearestOrEven)
      guard let value = Int32(exactly: quantized) else {
        throw GraphError(
          "accumulator-overflow", node: layer, expected: "the bias of output \(output) to fit in Int32 in units of \(pair.1)",
          found: "\(quantized)")
      }
      return value
    }
  }
}
