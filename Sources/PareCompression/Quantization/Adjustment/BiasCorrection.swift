import PareGraph

/// Takes out of a layer's bias what its weights' errors add to its mean output: `b ← b − (ŵ − w) · E[x]`.
///
/// Rounding errors of a few inputs with a mean far from zero, as come out of a Relu, do not cancel; what they add on average
/// is the same for every row and costs nothing to take out. After it each output's mean over the training part is that of the
/// real layer, as far as its inputs are.
///
/// - Source: Nagel et al. 2019, arXiv:1906.04721, §4.2, with the means observed.
enum BiasCorrection {
  /// What is to be added to each output's bias.
  ///
  /// - Parameter moments: of a grouped convolution those of one group after another.
  /// - Returns: nil where the means are not of these inputs.
  static func shifts(_ decoded: [Double], of matrix: WeightMatrix, moments: InputMoments) -> [Double]? {
    let groups = moments.inputCount / max(matrix.columns, 1)
    guard groups > 0, moments.inputCount == groups * matrix.columns, matrix.rows % groups == 0 else { return nil }
    let means = moments.means
    return (0..<matrix.rows).map { row in
      let first = row / (matrix.rows / groups) * matrix.columns
      return (0..<matrix.columns).reduce(0) { sum, column in
        let position = row * matrix.columns + column
        return sum - (decoded[position] - Double(matrix.values[position])) * means[first + column]
      }
    }
  }
}
