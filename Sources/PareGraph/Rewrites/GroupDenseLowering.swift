import PareTensor

extension Lowering {
  /// `Gemm(DequantizeLinear(uint8 X), W, b)` with
  /// `W = DequantizeLinear(int4, DequantizeLinear(uint8 multipliers, row scales), block_size)`: groups of weights whose
  /// scale is a multiplier times the scale of their row. `MatMul` with such weights `[in, out]` likewise, blocks along the
  /// first axis; an Add of a constant row that alone uses the product is its bias.
  mutating func groupDense(_ node: Node) throws -> Node? {
    guard let isByOutput = try hasWeightsByOutput(node), let x = producers[node.inputs[0]], x.operatorName == "DequantizeLinear",
      let input = try affine(x), let w = producers[node.inputs[1]], let groups = try groups(w, isByOutput: isByOutput)
    else { return nil }
    let outputs = groups.rowScales.count
    let scales = groups.rowScales.map { Double(input.scale) * Double($0) }
    var product = Product(
      node: node, operatorName: QuantizedGroupDense.name,
      attributes: ["block_size": .int(try w.int("block_size", default: 0))], weight: groups.weight, weightScales: groups.rowScales,
      bias: node.input(2), output: node.outputs[0])
    if !isByOutput { product.takeInBias(self, count: outputs) }
    guard let bias = try quantizedBias(node, product.bias, scales: scales) else { return nil }
    result.parameters[groups.weight]?.isTrainable = false
    result.parameters[groups.multipliers]?.isTrainable = false
    var inputs = [
      x.inputs[0], constant(Tensor(scalar: input.zeroPoint), "\(node.name).input_zero_point"), groups.weight, groups.multipliers,
      constant(Tensor(bias), "\(node.name).quantized_bias"),
    ]
    return try finish(product, scales: scales, inputs: &inputs)
  }

  /// Whether a product has its weights `[out, in]` or `[in, out]`; nil for what has no form with groups.
  private func hasWeightsByOutput(_ node: Node) throws -> Bool? {
    switch node.operatorName {
    case "Gemm":
      let isPlain = try node.int("transA", default: 0) == 0 && node.int("transB", default: 0) != 0
        && node.float("alpha", default: 1) == 1 && node.float("beta", default: 1) == 1
      return isPlain ? true : nil
    case "MatMul": return (types[node.inputs[0]]?.rank ?? 0) >= 2 ? false : nil
    default: return nil
    }
  }

  /// Weights and multipliers by output, turned over where they are not, and the scale of each output.
  private mutating func groups(
    _ w: Node, isByOutput: Bool
  ) throws -> (weight: String, multipliers: String, rowScales: [Float])? {
    let axis = isByOutput ? 0 : 1
    guard w.operatorName == "DequantizeLinear", let weight = tensor(w.inputs[0]), weight.elementType == .int4, weight.shape.rank == 2,
      hasZeroPointZero(w), try w.axis(default: 1, rank: 2) == 1 - axis,
      QuantizedGroupDense.blockSizes.contains(try w.int("block_size", default: 0)),
      let s = producers[w.inputs[1]], s.operatorName == "DequantizeLinear", hasZeroPointZero(s),
      let multipliers = tensor(s.inputs[0]), multipliers.elementType == .uint8, multipliers.shape.rank == 2,
      let rowScales = try perOutput(s, axis: axis, count: weight.shape[axis])
    else { return nil }
    if isByOutput { return (w.inputs[0], s.inputs[0], rowScales) }
    guard let turned = weight.inWholeBytes().turned(Int8.self).asFourBits(.int4) else { return nil }
    return (
      constant(turned, "\(w.inputs[0]).by_output"), constant(multipliers.turned(UInt8.self), "\(s.inputs[0]).by_output"), rowScales
    )
  }

  private func hasZeroPointZero(_ node: Node) -> Bool {
    guard let name = node.input(2) else { return true }
    return tensor(name)?.doubles.allSatisfy { $0 == 0 } ?? false
  }
}
