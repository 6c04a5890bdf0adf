import PareTensor

/// A weight matrix as −1, 1 and, where ternary, 0, times a scale for each output or one for all.
///
/// - Source: Rastegari et al. 2016, arXiv:1603.05279, §3.1 (binary: the scale is the mean magnitude, which is the best one);
///   Li et al. 2016, arXiv:1605.04711, §2.2 (ternary).
struct SignWeights: Sendable {
  /// Row-major `[outputs, inputs]`: −1, 0 or 1.
  let signs: [Float]
  /// One for each output, or a single one.
  let scales: [Float]
  let columns: Int

  /// The nearest in squared error to each block's weights: `sgn w` with 0 as 1, times the mean of |w|.
  init(binary matrix: WeightMatrix, perTensor: Bool) {
    let sums = Self.blocks(of: matrix, perTensor: perTensor).map { block in
      Float(matrix.values[block].reduce(0) { $0 + Double($1.magnitude) } / Double(block.count))
    }
    signs = matrix.values.map { $0 < 0 ? -1 : 1 }
    scales = sums
    columns = matrix.columns
  }

  /// The nearest in squared error to each block's weights: of n weights kept by magnitude, their mean as the scale, with the
  /// n for which `(Σ |w|)² / n` is greatest, which is what the error falls by.
  init(ternary matrix: WeightMatrix, perTensor: Bool) {
    var signs = [Float](repeating: 0, count: matrix.values.count)
    scales = Self.blocks(of: matrix, perTensor: perTensor).map { block in
      let order = block.sorted { matrix.values[$0].magnitude > matrix.values[$1].magnitude }
      var (sum, best, kept, scale) = (0.0, 0.0, 0, 0.0)
      for (index, position) in order.enumerated() {
        sum += Double(matrix.values[position].magnitude)
        let gain = sum * sum / Double(index + 1)
        if gain > best { (best, kept, scale) = (gain, index + 1, sum / Double(index + 1)) }
      }
      for position in order.prefix(kept) { signs[position] = matrix.values[position] < 0 ? -1 : 1 }
      return Float(scale)
    }
    self.signs = signs
    columns = matrix.columns
  }

  /// The nearest to each weight of −s, 0 and s, as `pare.FakeQuantize` rounds with the integers −1, 0 and 1.
  ///
  /// - Parameter scales: s of each output.
  init(ternary matrix: WeightMatrix, scales: [Float]) {
    signs = matrix.values.indices.map { position in
      let quotient = matrix.values[position] * (1 / scales[position / matrix.columns])
      return min(max(quotient.rounded(.toNearestOrEven), -1), 1) + 0
    }
    self.scales = scales
    columns = matrix.columns
  }

  private static func blocks(of matrix: WeightMatrix, perTensor: Bool) -> [Range<Int>] {
    perTensor
      ? [0..<matrix.values.count]
      : (0..<matrix.rows).map { $0 * matrix.columns..<($0 + 1) * matrix.columns }
  }

  var decoded: [Double] {
    signs.indices.map { Double(signs[$0]) * Double(scales[scales.count == 1 ? 0 : $0 / columns]) }
  }
}
