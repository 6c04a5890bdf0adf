import PareGraph
import PareTensor

extension OperatorCases {
  static let moreShapes: [OperatorCase] = [
    OperatorCase("Shape", "", [.variable(.sample([2, 3, 4]))]),
    OperatorCase("Shape", "some of it", [.variable(.sample([2, 3, 4]))], ["start": .int(-2), "end": .int(9)]),
    OperatorCase("Size", "", [.variable(.sample([2, 3, 4]))]),
    einsum("ij,jk->ik", [[2, 3], [3, 4]], terms: 3), einsum("bij,bjk", [[2, 2, 3], [2, 3, 2]], terms: 3),
    einsum("...ij,...jk->...ik", [[2, 1, 2, 3], [3, 3, 2]], terms: 3), einsum("ii->i", [[3, 3]], terms: 1),
    einsum("ij->", [[2, 3]], terms: 6), einsum("i,j,k->kji", [[2], [3], [2]], terms: 1),
    einsum("bnhw,hw->bhn", [[2, 3, 2, 4], [2, 4]], terms: 4),
    OperatorCase(
      "pare.EinsumGradient", "", [.variable(.sample([2, 4])), .variable(.sample([2, 3], seed: 2)), .variable(.sample([3, 4], seed: 3))],
      ["equation": .string("ij,jk->ik"), "operand": .int(1)], rounding: .init(4, upTo: 8)),
  ]

  /// `terms` products of up to three numbers of at most 2, added up; the gradient sums at most 12.
  private static func einsum(_ equation: String, _ shapes: [Shape], terms: Int) -> OperatorCase {
    OperatorCase(
      "Einsum", equation, shapes.enumerated().map { .variable(.sample($0.element, seed: UInt64($0.offset + 1))) },
      ["equation": .string(equation)], rounding: .init(terms + 3, upTo: Double(8 * terms)))
  }
}
