import PareTensor

/// Scans of dequantized X, B and C with a scale for their states: `docs/integer-arithmetic.md`, §17.
extension Lowering {
  /// The integer form of a scan whose `Δ = softplus(w ⊙ x + b)` follows from its X; nil for another.
  ///
  /// - Throws: `graph.quantization-scale` for a scale of the state that is not usable.
  mutating func scan(_ node: Node) throws -> Node? {
    guard node.operatorName == SelectiveScan.name, node.input(6) == nil, node.outputs.count == 1,
      let rates = try constantValue(node.inputs[2]), let x = try codes(node.inputs[0]), let b = try codes(node.inputs[3]),
      let c = try codes(node.inputs[4]), let step = step(of: node, channels: rates.shape[1]),
      let skip = try node.input(5).map({ try constantValue($0)?.doubles }) ?? [Double](repeating: 0, count: rates.shape[1])
    else { return nil }
    let stateScale = Float(try node.float("state_scale", default: 0))
    guard stateScale != 0 else { return nil }
    let scale = Float(Double(c.codes.scale) * Double(stateScale))
    guard stateScale.isNormal, stateScale > 0, scale.isNormal, rates.shape[0] <= QuantizedSelectiveScan.greatestStateCount else {
      throw scaleError(node, stateScale)
    }
    let (states, channels) = (rates.shape[0], rates.shape[1])
    let integers = ScanIntegers(x: x.codes, step: step, rates: rates.doubles, states: states, b: b.codes, stateScale: stateScale)
    let direct = skip.map { Float($0 * Double(x.codes.scale)) }
    return Node(
      QuantizedSelectiveScan.name, name: node.name,
      inputs: [
        x.name, b.name, c.name,
        constant(Tensor([x.codes.zeroPoint, b.codes.zeroPoint, c.codes.zeroPoint]), "\(node.name).zero_points"),
        constant(Tensor(integers.decay, shape: [channels, 256, states]), "\(node.name).decay"),
        constant(Tensor(integers.drive, shape: [channels, 256]), "\(node.name).drive"),
        constant(Tensor(scalar: scale), "\(node.name).output_scale"), constant(Tensor(direct), "\(node.name).direct"),
      ], outputs: node.outputs)
  }

  /// The 8-bit codes behind a value that comes from DequantizeLinear, with one scale.
  private func codes(_ value: String) throws -> (name: String, codes: ScanIntegers.Codes)? {
    guard let node = producers[value], node.operatorName == "DequantizeLinear", tensor(node.inputs[0]) == nil, let affine = try affine(node)
    else { return nil }
    return (node.inputs[0], ScanIntegers.Codes(scale: affine.scale, zeroPoint: affine.zeroPoint))
  }

  /// Δ of a scan that is `Softplus(x · slope + bias)` of its own X.
  private func step(of node: Node, channels: Int) -> ScanIntegers.Step? {
    guard let softplus = producers[node.inputs[1]], softplus.operatorName == "Softplus", let add = producers[softplus.inputs[0]],
      add.operatorName == "Add"
    else { return nil }
    for (product, bias) in [(add.inputs[0], add.inputs[1]), (add.inputs[1], add.inputs[0])] {
      guard let multiply = producers[product], multiply.operatorName == "Mul", multiply.inputs.contains(node.inputs[0]),
        let slope = perChannel(multiply.inputs[multiply.inputs[0] == node.inputs[0] ? 1 : 0], channels), let bias = perChannel(bias, channels)
      else { continue }
      return ScanIntegers.Step(slope: slope, bias: bias)
    }
    return nil
  }

  private func perChannel(_ name: String, _ channels: Int) -> [Double]? {
    guard let values = tensor(name), values.shape.rank <= 1 else { return nil }
    let numbers = values.doubles
    return numbers.count == channels ? numbers : numbers.count == 1 ? [Double](repeating: numbers[0], count: channels) : nil
  }

  /// What a value is that follows from parameters alone; nil for another.
  private func constantValue(_ name: String) throws -> Tensor? {
    if let tensor = tensor(name) { return tensor }
    guard let node = producers[name], node.outputs.count == 1, let shape = types[name]?.shape(binding: [:]), let type = types[name]?.elementType
    else { return nil }
    var inputs: [Tensor?] = []
    for input in node.inputs {
      guard !input.isEmpty else {
        inputs.append(nil)
        continue
      }
      guard let value = try constantValue(input) else { return nil }
      inputs.append(value)
    }
    return try ConstantEvaluation.evaluate(node, inputs: inputs, outputs: [TensorType(type, shape)]).first
  }
}
