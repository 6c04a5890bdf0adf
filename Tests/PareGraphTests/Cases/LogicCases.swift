import PareGraph
import PareTensor

extension OperatorCases {
  static let logic: [OperatorCase] = comparisons + truths + bits + choices

  private static let comparisons: [OperatorCase] =
    (["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"] as [OperatorName]).flatMap { name in
      [
        OperatorCase(name, "of numbers", [.variable(.sample([2, 3])), .variable(.sample([3], seed: 2))]),
        OperatorCase(name, "of integers", [.variable(Tensor([1, 2, 3] as [Int64])), .variable(Tensor([3, 2, 1] as [Int64]))]),
      ]
    } + [OperatorCase("Equal", "of truth values", [.variable(Tensor([true, false])), .variable(Tensor([true, true]))])]

  private static let truths: [OperatorCase] =
    (["And", "Or", "Xor"] as [OperatorName]).map { name in
      OperatorCase(name, "", [.variable(Tensor([true, false], shape: [2, 1])), .variable(Tensor([true, false]))])
    } + [
      OperatorCase("Not", "", [.variable(Tensor([true, false]))]),
      OperatorCase("IsNaN", "", [.variable(Tensor([1, .nan, .infinity] as [Float]))]),
      OperatorCase("IsInf", "below", [.variable(Tensor([1, -.infinity, .infinity, .nan] as [Float]))], ["detect_positive": .int(0)]),
    ]

  private static let bits: [OperatorCase] =
    (["BitwiseAnd", "BitwiseOr", "BitwiseXor"] as [OperatorName]).map { name in
      OperatorCase(name, "", [.variable(Tensor([12, 10] as [UInt8], shape: [2, 1])), .variable(Tensor([3, 6] as [UInt8]))])
    } + [
      OperatorCase("BitwiseNot", "", [.variable(Tensor([12, -1] as [Int16]))]),
      OperatorCase("BitShift", "left", [.variable(Tensor([16, 4] as [UInt8])), .variable(Tensor([1, 9] as [UInt8]))], ["direction": .string("LEFT")]),
      OperatorCase("BitShift", "right", [.variable(Tensor([16, 4] as [UInt32])), .variable(Tensor([1, 2] as [UInt32]))], ["direction": .string("RIGHT")]),
    ]

  private static let choices: [OperatorCase] = [
    OperatorCase(
      "Where", "", [.constant(Tensor([true, false, true])), .variable(.sample([2, 3])), .variable(.sample([2, 1], seed: 2))]),
    OperatorCase(
      "Where", "with a condition of the result's shape",
      [.constant(Tensor([true, false, true, false], shape: [2, 2])), .variable(.sample([])), .variable(.sample([2], seed: 2))]),
  ]
}
