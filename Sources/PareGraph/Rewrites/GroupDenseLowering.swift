import PareTensor

extension Lowering {
  /// `Gemm(DequantizeLinear(uint8 X), W, b)` with
  /// `W = DequantizeLinear(int4, DequantizeLinear(uint8 multipliers, row scales), block_size)`: groups of weights whose
  /// scale is a multiplier times the scale of their row.
  mutating func groupDense(_ gemm: Node) throws -> Node? {
    guard try gemm.int("transA", default: 0) == 0, try gemm.int("transB", default: 0) != 0,
      try gemm.float("alpha", default: 1) == 1, try gemm.float("beta", default: 1) == 1,
      let x = producers[gemm.inputs[0]], x.operatorName == "DequantizeLinear", let input = try affine(x),
      let w = producers[gemm.inputs[1]], w.operatorName == "DequantizeLinear",
      let weight = tensor(w.inputs[0]), weight.elementType == .int4, weight.shape.rank == 2, hasZeroPointZero(w),
      try w.axis(default: 1, rank: 2) == 1,
      QuantizedGroupDense.blockSizes.contains(try w.int("block_size", default: 0)),
      let s = producers[w.inputs[1]], s.operatorName == "DequantizeLinear", hasZeroPointZero(s),
      let multipliers = tensor(s.inputs[0]), multipliers.elementType == .uint8, multipliers.shape.rank == 2,
      let rowScales = try perOutput(s, axis: 0, count: weight.shape[0])
    else { return nil }
    let scales = rowScales.map { Double(input.scale) * Double($0) }
    guard let bias = try quantizedBias(gemm, gemm.input(2), scales: scales) else { return nil }
    result.parameters[w.inputs[0]]?.isTrainable = false
    result.parameters[s.inputs[0]]?.isTrainable = false
    var inputs = [
      x.inputs[0], constant(Tensor(scalar: input.zeroPoint), "\(gemm.name).input_zero_point"), w.inputs[0], s.inputs[0],
      constant(Tensor(bias), "\(gemm.name).quantized_bias"),
    ]
    let product = Product(
      node: gemm, operatorName: QuantizedGroupDense.name,
      attributes: ["block_size": .int(try w.int("block_size", default: 0))], weight: w.inputs[0], weightScales: rowScales,
      bias: gemm.input(2), output: gemm.outputs[0])
    return try finish(product, scales: scales, inputs: &inputs)
  }

  private func hasZeroPointZero(_ node: Node) -> Bool {
    guard let name = node.input(2) else { return true }
    return tensor(name)?.doubles.allSatisfy { $0 == 0 } ?? false
  }
}
