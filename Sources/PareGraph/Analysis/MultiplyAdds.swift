import PareTensor

extension Node {
  /// Multiply-adds of a product, a convolution or a recurrent layer; element-wise work does not count.
  ///
  /// - Parameter types: of the graph's values.
  /// - Returns: nil where the node is none of these, its types are not there, or the number does not fit in an Int.
  package func multiplyAdds(_ types: [String: TensorType]) -> Int? {
    func shape(_ input: Int) -> Shape? { self.input(input).flatMap { types[$0]?.shape } }
    guard let output = outputs.first.flatMap({ types[$0]?.shape }) else { return nil }
    func times(_ count: Int, _ factor: Int) -> Int? {
      let (product, overflows) = count.multipliedReportingOverflow(by: factor)
      return overflows ? nil : product
    }
    switch operatorName {
    case "Gemm", "MatMul", QuantizedDense.name:
      guard let left = shape(0), let last = left.dimensions.last else { return nil }
      return times(output.elementCount, attributes["transA"] == .int(1) ? left[0] : last)
    case "Conv":
      guard let weight = shape(1), weight.rank > 0, weight[0] > 0 else { return nil }
      return times(output.elementCount, weight.elementCount / weight[0])
    case "ConvTranspose":
      guard let x = shape(0), let weight = shape(1), weight.rank > 0, weight[0] > 0 else { return nil }
      return times(x.elementCount, weight.elementCount / weight[0])
    case "LSTM", "GRU", "RNN":
      // X [steps, batch, features] in either order, W [directions, gates · hidden, features], R [directions, gates · hidden,
      // hidden]. Y may be left out, so that the steps are those of X.
      guard let x = shape(0), let w = shape(1), let r = shape(2), x.rank == 3, w.rank == 3, r.rank == 3 else { return nil }
      return times(x[0] * x[1], w.elementCount + r.elementCount)
    case "Attention":
      // Q·Kᵀ and weights·V: each row of queries meets each row of keys twice.
      guard let q = shape(0), let k = shape(1), q.rank >= 2, q.rank == k.rank else { return nil }
      let keys = k.rank == 4 ? k[2] : k[k.rank - 2]
      return times(2 * q.elementCount, keys)
    default: return nil
    }
  }
}

extension Graph {
  /// The types of all values for one row: every open extent is 1.
  package func typesOfOneRow() throws -> [String: TensorType] {
    try inferredTypes().mapValues { TensorType($0.elementType, Shape($0.dimensions.map { $0.fixedValue ?? 1 })) }
  }

  /// Multiply-adds of all nodes for one row; a sum that no Int holds stops at the greatest.
  package func multiplyAdds() throws -> Int {
    let types = try typesOfOneRow()
    return nodes.reduce(0) { sum, node in
      let (total, overflows) = sum.addingReportingOverflow(node.multiplyAdds(types) ?? 0)
      return overflows ? .max : total
    }
  }
}
