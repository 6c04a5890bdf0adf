import Foundation
import PareGraph
import PareTensor

/// How far a vectorized operator may be from the truth, given its Float32 inputs: the bounds that the fast forms state.
///
/// u = 2⁻²⁴ is the unit roundoff and γ_n = n·u / (1 − n·u) (Higham 2002, §3.1). Every bound has room for one smallest
/// normal number, where rounding is absolute.
struct RoundingBound {
  private static let u = 0x1p-24
  private let operatorName: String
  /// What an absolute term is a multiple of, per element of the output.
  private let magnitudes: [Double]
  private let absolute: Double
  private let relative: Double

  func bound(_ index: Int, expected: Double) -> Double {
    let magnitude = magnitudes.isEmpty ? 0 : magnitudes[index]
    return absolute * magnitude + relative * abs(expected) + Double(Float.leastNormalMagnitude)
  }

  /// - Parameter evaluate: the node in Float64 on other values.
  init(
    node: Node, values: [String: Tensor], evaluate: (Node, [String: Tensor]) throws -> [Double]
  ) throws {
    let u = Self.u
    func gamma(_ n: Int) -> Double { Double(n) * u / (1 - Double(n) * u) }
    func tensor(_ index: Int) -> Tensor { values[node.inputs[index]] ?? Tensor(zeros: .float32, shape: [0]) }
    func rows(_ index: Int) -> (values: [Double], columns: Int) { (tensor(index).doubles, tensor(index).shape.dimensions.last ?? 1) }
    /// Applies `body` to each row and repeats its result along it.
    func perRow(_ data: (values: [Double], columns: Int), _ body: (ArraySlice<Double>, Int) -> Double) -> [Double] {
      data.values.indices.map { index in
        let start = index / data.columns * data.columns
        return body(data.values[start..<start + data.columns], index)
      }
    }
    var magnitudes: [Double] = []
    var (absolute, relative) = (0.0, 0.0)
    operatorName = node.operatorName.description
    switch operatorName {
    case "Gemm", "MatMul", "ReduceSum", "ReduceMean":
      var positive = values
      for name in node.inputs where values[name]?.elementType == .float32 {
        positive[name] = values[name].map { Tensor($0.values(as: Float.self).map(abs), shape: $0.shape) }
      }
      magnitudes = try evaluate(node, positive)
      let transposesA = try node.int("transA", default: 0) != 0
      let count =
        operatorName.hasPrefix("Reduce")
        ? tensor(0).elementCount / max(magnitudes.count, 1)
        : operatorName == "Gemm" && transposesA ? tensor(0).shape[0] : (tensor(0).shape.dimensions.last ?? 1)
      absolute = gamma(count + 3)
    case "LeakyRelu", "pare.LeakyReluGradient":
      relative = gamma(2)  // The slope itself is rounded to Float32.
    case "Add", "Sub", "Mul", "Div", "Neg", "Relu", "Clip", "Identity", "Reshape", "pare.ReluGradient",
      "Abs", "Sqrt", "Reciprocal", "Pow", "Max", "Min", "Where", "Dropout", "pare.AbsGradient", "pare.ClipGradient":
      relative = u
    case "pare.ReciprocalGradient", "pare.PowGradient":
      relative = gamma(3)
    case "HardSwish", "HardSigmoid":
      // A share of at most 1 + |x| before it is clamped, times x or 1; its two numbers are rounded too.
      magnitudes = tensor(0).doubles.map { (1 + abs($0)) * max(1, abs($0)) }
      absolute = gamma(5)
    case "pare.HardSwishGradient", "pare.HardSigmoidGradient":
      magnitudes = zip(tensor(0).doubles, tensor(1).doubles).map { abs($0) * (1 + abs($1)) }
      absolute = gamma(5)
    case "pare.ReduceSumGradient", "pare.ReduceMeanGradient":
      relative = 2 * u
    case "Log":
      relative = 4 * u
    case "Exp", "Tanh", "Sigmoid", "Erf", "Elu", "Softplus":
      relative = 8 * u
    case "pare.EluGradient", "pare.SoftplusGradient", "pare.ErfGradient":
      relative = 10 * u
    case "Mish", "Swish":
      relative = 16 * u
    case "Gelu":
      relative = 16 * u
      if try node.string("approximate", default: "none") == "tanh" {
        magnitudes = tensor(0).doubles.map { 1 + abs($0) }
        (absolute, relative) = (2 * u, 0)
      }
    case "pare.GeluGradient":
      magnitudes = tensor(0).doubles.map(abs)
      absolute = try node.string("approximate", default: "none") == "tanh" ? 16 * u : 8 * u
    case "pare.MishGradient", "pare.SwishGradient":
      magnitudes = tensor(0).doubles.map(abs)
      absolute = 32 * u
    case "pare.SigmoidGradient":
      relative = gamma(3)
    case "pare.TanhGradient":
      magnitudes = tensor(0).doubles.map(abs)
      absolute = gamma(3)
    case "Softmax":
      magnitudes = perRow(rows(0)) { row, _ in
        let highest = row.max() ?? 0
        return 2 * (row.map { abs($0 - highest) }.max() ?? 0) + Double(row.count + 10)
      }
      let y = try evaluate(node, values)
      magnitudes = zip(magnitudes, y).map { $0 * abs($1) }
      absolute = u
    case "LogSoftmax":
      magnitudes = perRow(rows(0)) { row, index in
        let highest = row.max() ?? 0
        return 2 * (row.map { abs($0 - highest) }.max() ?? 0) + Double(row.count + 10) + 2 * log(Double(row.count))
      }
      (absolute, relative) = (u, u)
    case "pare.SoftmaxGradient":
      let (dy, y) = (rows(0), tensor(1).doubles)
      magnitudes = perRow(dy) { row, index in
        abs(y[index]) * (abs(dy.values[index]) + row.indices.reduce(0) { $0 + abs(dy.values[$1] * y[$1]) })
      }
      absolute = gamma(dy.columns + 4)
    case "pare.LogSoftmaxGradient":
      let (dy, y) = (rows(0), tensor(1).doubles)
      magnitudes = perRow(dy) { row, index in
        abs(dy.values[index]) + exp(y[index]) * row.reduce(0) { $0 + abs($1) }
      }
      absolute = gamma(dy.columns + 12)
    case "SoftmaxCrossEntropyLoss":
      let x = rows(0)
      let spread = perRow(x) { row, _ in (row.max() ?? 0) - (row.min() ?? 0) }.max() ?? 0
      // The mean of bounds is at most the largest; the last three roundings are relative.
      magnitudes = [4 * spread + Double(x.columns + 10) + 4 * log(Double(x.columns))]
      (absolute, relative) = (u, gamma(3))
    case "pare.SoftmaxCrossEntropyLossGradient":
      let x = rows(1)
      let scale = abs(tensor(0).doubles[0]) / Double(x.values.count / x.columns)
      magnitudes = perRow(x) { row, _ in
        scale * (2 * ((row.max() ?? 0) - (row.min() ?? 0)) + Double(x.columns + 13))
      }
      absolute = u
    default:
      break  // Without a bound nothing but the exact value passes.
    }
    self.magnitudes = magnitudes
    self.absolute = absolute
    self.relative = relative
  }
}
