import PareGraph
import PareTensor

extension OperatorCases {
  // Three trees: 2 additions of weights up to 2, and the quotient of an average.
  static let trees: [OperatorCase] = TreeEnsemble.Aggregate.allCases.map { aggregate in
    OperatorCase(
      "pare.TreeEnsemble", aggregate.rawValue, [.variable(.sample([6, 3]))] + SampleTrees().operands,
      ["n_targets": .int(2), "aggregate_function": .string(aggregate.rawValue)], rounding: .init(3, upTo: 6))
  }
}

/// Two trees of two splits and a single leaf, over three features and two targets; every part may be changed.
struct SampleTrees {
  var features: [Int32] = [0, 2, 1, 2]
  var thresholds: [Float] = [0.5, -0.25, 0.1, 1]
  var modes: [TreeComparison] = [.lessOrEqual, .less, .greater, .greaterOrEqual]
  var missing: [UInt8] = [0, 1, 0, 0]
  var trueBranches: [Int32] = [1, -1, 3, -3]
  var falseBranches: [Int32] = [-2, -3, -4, -5]
  var roots: [Int32] = [0, 2, -6]
  var leafOffsets: [Int32] = [0, 1, 3, 4, 5, 5, 6]
  var targets: [Int32] = [0, 1, 0, 1, 0, 1]
  var weights: [Float] = [1.5, -0.75, 0.3, 2, -1.1, 0.7]

  var operands: [OperatorCase.Operand] {
    [
      Tensor(features), Tensor(thresholds), Tensor(modes.map(\.rawValue)), Tensor(missing), Tensor(trueBranches),
      Tensor(falseBranches), Tensor(roots), Tensor(leafOffsets), Tensor(targets), Tensor(weights),
    ].map { .constant($0) }
  }
}
