import PareGraph
import PareLinearAlgebra
import PareTensor
import PareTraining

/// The constants of a `pare.BinaryDense` that stands for a real layer: of `y ≈ a · Σ sgn(x − c) · sgn(w) + b`, c, a and b.
///
/// c is the mean of an input that is never below 0 (behind a Relu all signs would be 1), else 0. a and b of each output are
/// the least-squares line over the training part, so the mean output is kept and the error is never above the output's variance.
///
/// - Source: Rastegari et al. 2016, arXiv:1603.05279, §3.2, with the scales observed.
struct BinaryFit {
  let layer: ProductLayer
  let signs: SignWeights
  /// c; nil where it is 0 for all.
  let offsets: [Float]?
  private var count = 0.0
  private var sums: [(s: Double, ss: Double, y: Double, sy: Double)]

  init(_ layer: ProductLayer, _ matrix: WeightMatrix, input: InputMoments?, minimum: Double) {
    self.layer = layer
    signs = SignWeights(binary: matrix, perTensor: false)
    offsets = minimum >= 0 ? input.map { $0.means.map { Float($0) } } : nil
    sums = [(s: Double, ss: Double, y: Double, sy: Double)](repeating: (0, 0, 0, 0), count: matrix.rows)
  }

  /// Takes in rows of the layer's input and of its output.
  mutating func add(_ input: Tensor, _ output: Tensor) throws {
    let (rows, inputs, outputs) = (input.shape[0], layer.inputCount, layer.outputCount)
    let x = input.values(as: Float.self).enumerated().map { index, value -> Float in
      value - (offsets?[index % inputs] ?? 0) >= 0 ? 1 : -1
    }
    var s = [Float](repeating: 0, count: rows * outputs)
    try BLAS.load().gemm(
      transposeB: true, m: rows, n: outputs, k: inputs, a: x, lda: inputs, b: signs.signs, ldb: inputs, c: &s, ldc: outputs)
    let y = output.values(as: Float.self)
    for position in s.indices {
      let (sum, value) = (Double(s[position]), Double(y[position]))
      let index = position % outputs
      sums[index].s += sum
      sums[index].ss += sum * sum
      sums[index].y += value
      sums[index].sy += sum * value
    }
    count += Double(rows)
  }

  /// a and b of each output.
  var lines: (scales: [Float], bias: [Float]) {
    let lines = sums.map { sum -> (Float, Float) in
      let (s, y) = (sum.s / max(count, 1), sum.y / max(count, 1))
      let variance = sum.ss / max(count, 1) - s * s
      let slope = variance > 1e-9 ? (sum.sy / count - s * y) / variance : 0
      return (Float(slope), Float(y - slope * s))
    }
    return (lines.map(\.0), lines.map(\.1))
  }
}
