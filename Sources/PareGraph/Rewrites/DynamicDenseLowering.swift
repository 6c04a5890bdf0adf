import PareTensor

extension Lowering {
  /// A product of what DynamicQuantizeLinear yields with constant integers, as `pare.DynamicQuantizedDense`: in the QDQ form,
  /// `Gemm` or `MatMul` of two DequantizeLinear, or as ONNX Runtime's quantizer writes it, `MatMulInteger`, `Cast`, `Mul`.
  mutating func dynamicDense(_ node: Node) -> Node? {
    switch node.operatorName {
    case "Gemm", "MatMul": dynamicProduct(node)
    case MatMulInteger.name: integerProduct(node)
    default: nil
    }
  }

  /// The DynamicQuantizeLinear that yields these bytes, of two axes or more.
  private func range(of bytes: String) -> Node? {
    guard let node = producers[bytes], node.operatorName == DynamicQuantizeLinear.name, node.outputs.count == 3,
      let type = types[node.inputs[0]], type.elementType == .float32, type.rank >= 2
    else { return nil }
    return node
  }

  private mutating func dynamicProduct(_ node: Node) -> Node? {
    // A weight scale that no fixed layer could use is no error here, where nothing is divided by it.
    guard let x = producers[node.inputs[0]], x.operatorName == "DequantizeLinear", let range = range(of: x.inputs[0]),
      x.inputs == range.outputs, let product = try? product(node),
      let weight = result.parameters[product.weight]?.storage.decoded()
    else { return nil }
    return dense(product, range, weight)
  }

  /// MatMulInteger, a Cast to Float32, a Mul by the product of both scales and, or not, an Add of a constant row.
  private mutating func integerProduct(_ node: Node) -> Node? {
    guard let range = range(of: node.inputs[0]), node.input(2) == range.outputs[2],
      let weight = tensor(node.inputs[1]).flatMap({ turned($0, zeroPoint: node.input(3)) }),
      let cast = soleConsumer(of: node.outputs[0], "Cast"), types[cast.outputs[0]]?.elementType == .float32,
      let mul = soleConsumer(of: cast.outputs[0], "Mul"), types[mul.outputs[0]] == types[cast.outputs[0]],
      let factor = mul.inputs.first(where: { $0 != cast.outputs[0] }).flatMap({ producers[$0] }), factor.operatorName == "Mul",
      factor.inputs.contains(range.outputs[1]), let other = factor.inputs.first(where: { $0 != range.outputs[1] }),
      let scales = scaleRow(other, count: weight.shape[0])
    else { return nil }
    var product = Product(
      node: node, operatorName: DynamicQuantizedDense.name, weight: constant(weight, "\(node.inputs[1]).by_output"),
      weightScales: scales, bias: nil, output: mul.outputs[0], absorbed: [cast.name, mul.name])
    product.takeInBias(self, count: weight.shape[0])
    return dense(product, range, weight)
  }

  /// nil where an accumulator could leave Int32, or the bias is no constant row.
  private mutating func dense(_ product: Product, _ range: Node, _ weight: Tensor) -> Node? {
    let (outputs, name) = (weight.shape[0], product.node.name)
    guard DynamicQuantizedDense.Layer.firstWide(weight.values(as: Int8.self), inputs: weight.shape[1]) == nil else { return nil }
    var inputs = range.outputs + [product.weight, constant(Tensor(product.weightScales), "\(name).weight_scale")]
    if let bias = product.bias {
      guard let row = biasRow(bias, count: outputs) else { return nil }
      inputs.append(row)
    }
    result.parameters[product.weight]?.isTrainable = false
    absorbed.formUnion(product.absorbed)
    return Node(DynamicQuantizedDense.name, name: name, inputs: inputs, outputs: [product.output])
  }

  /// A bias in Float32 with a number for each output; nil where it is computed or of another shape.
  private mutating func biasRow(_ name: String, count: Int) -> String? {
    guard types[name]?.elementType == .float32 else { return nil }
    if biasCount(name) == count { return name }
    guard let values = tensor(name)?.values(as: Float.self), values.count == count || values.count == 1 else { return nil }
    return constant(Tensor(values.count == 1 ? [Float](repeating: values[0], count: count) : values), "\(name).row")
  }

  /// Integers `[in, out]` less their zero points, turned over, where they fit in Int8.
  private func turned(_ weight: Tensor, zeroPoint: String?) -> Tensor? {
    guard weight.elementType == .int8 || weight.elementType == .uint8, weight.shape.rank == 2 else { return nil }
    let columns = weight.shape[1]
    var zeroPoints = [0.0]
    if let zeroPoint {
      guard let given = tensor(zeroPoint)?.doubles, given.count == 1 || given.count == columns else { return nil }
      zeroPoints = given
    }
    var bytes: [Int8] = []
    for (index, value) in weight.doubles.enumerated() {
      guard let byte = Int8(exactly: value - zeroPoints[zeroPoints.count == 1 ? 0 : index % columns]) else { return nil }
      bytes.append(byte)
    }
    return Tensor(bytes, shape: weight.shape).turned(Int8.self)
  }

  /// One scale an output, or one for all.
  private func scaleRow(_ name: String, count: Int) -> [Float]? {
    guard let scale = tensor(name), scale.elementType == .float32, scale.elementCount == 1 || scale.shape == [count] else {
      return nil
    }
    let values = scale.values(as: Float.self)
    return values.count == count ? values : [Float](repeating: values[0], count: count)
  }
}
