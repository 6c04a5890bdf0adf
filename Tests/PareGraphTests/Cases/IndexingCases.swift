import PareGraph
import PareTensor

extension OperatorCases {
  private static func indices(_ values: [Int64], _ shape: Shape) -> OperatorCase.Operand { .constant(Tensor(values, shape: shape)) }
  private static func integers(_ values: Int64...) -> OperatorCase.Operand { .constant(Tensor(values)) }
  private static func number(_ value: Int64) -> OperatorCase.Operand { .constant(Tensor(scalar: value)) }

  static let indexing: [OperatorCase] = separable + separableGradients + gathering + ordering + generated

  private static let separable: [OperatorCase] = [
    OperatorCase("Slice", "", [.variable(.sample([4, 5])), integers(1, 0), integers(4, 5), integers(0, 1), integers(1, 2)]),
    OperatorCase("Slice", "backwards, beyond the ends", [.variable(.sample([4, 5])), integers(-1), integers(.min), integers(1), integers(-2)]),
    OperatorCase("Slice", "of the first axes by default", [.variable(.sample([4, 5])), integers(1), integers(.max)]),
    OperatorCase("Expand", "", [.variable(.sample([3, 1])), integers(2, 1, 4)]),
    OperatorCase("Tile", "", [.variable(.sample([2, 3])), integers(2, 2)]),
    OperatorCase("Pad", "", [.variable(.sample([2, 3])), integers(1, 0, 0, 2), .constant(Tensor(scalar: 0.5 as Float))]),
    OperatorCase("Pad", "away", [.variable(.sample([2, 3])), integers(0, -1, 1, -1)]),
    OperatorCase("Pad", "reflected on one axis", [.variable(.sample([2, 3])), integers(4, 2), .absent, integers(-1)], ["mode": .string("reflect")]),
    OperatorCase("Pad", "by the edge", [.variable(.sample([2, 3])), integers(1, 1, 2, 1)], ["mode": .string("edge")]),
    OperatorCase("Pad", "around", [.variable(.sample([2, 3])), integers(3, 1, 2, 5)], ["mode": .string("wrap")]),
  ]

  // As many additions into one place as it is repeated, at most 12 here.
  private static let separableGradients: [OperatorCase] = [
    OperatorCase("pare.SliceGradient", "", [.variable(.sample([4, 3])), .variable(.sample([4, 5])), integers(0), integers(5), integers(1), integers(2)]),
    OperatorCase("pare.ExpandGradient", "", [.variable(.sample([2, 3, 4])), .variable(.sample([3, 1])), integers(2, 1, 4)], rounding: .init(12, upTo: 24)),
    OperatorCase("pare.TileGradient", "", [.variable(.sample([4, 6])), .variable(.sample([2, 3])), integers(2, 2)], rounding: .init(4, upTo: 8)),
    OperatorCase("pare.PadGradient", "", [.variable(.sample([2, 9])), .variable(.sample([2, 3])), integers(4, 2), .absent, integers(-1)], ["mode": .string("reflect")], rounding: .init(6, upTo: 12)),
  ]

  private static let gathering: [OperatorCase] = [
    OperatorCase("Gather", "", [.variable(.sample([4, 3])), indices([0, -1, 2, 0], [2, 2])], rounding: .init(2, upTo: 4)),
    OperatorCase("Gather", "one along the last axis", [.variable(.sample([2, 3])), number(1)], ["axis": .int(-1)]),
    OperatorCase("pare.GatherGradient", "", [.variable(.sample([2, 2, 3])), indices([0, -1, 2, 0], [2, 2]), .variable(.sample([4, 3]))], rounding: .init(2, upTo: 4)),
    OperatorCase("GatherElements", "", [.variable(.sample([3, 3])), indices([0, 2, 0, -1], [2, 2])], ["axis": .int(1)], rounding: .init(2, upTo: 4)),
    OperatorCase("ScatterElements", "", [.variable(.sample([3, 3])), indices([1, 0, 2, 1], [2, 2]), .variable(.sample([2, 2], seed: 2))]),
    OperatorCase(
      "ScatterElements", "added", [.variable(.sample([5])), indices([1, 1, -1], [3]), .variable(.sample([3], seed: 2))], ["reduction": .string("add")],
      rounding: .init(2, upTo: 6)),
    OperatorCase("GatherND", "", [.variable(.sample([2, 3, 2])), indices([0, 1, 1, -1], [2, 2])]),
    OperatorCase("ScatterND", "", [.variable(.sample([4, 2])), indices([2, 0], [2, 1]), .variable(.sample([2, 2], seed: 2))]),
    OperatorCase(
      "ScatterND", "added", [.variable(.sample([4])), indices([2, 2], [2, 1]), .variable(.sample([2], seed: 2))], ["reduction": .string("add")],
      rounding: .init(2, upTo: 6)),
    OperatorCase("DepthToSpace", "", [.variable(.sample([1, 8, 2, 3]))], ["blocksize": .int(2)]),
    OperatorCase("SpaceToDepth", "", [.variable(.sample([1, 2, 4, 6]))], ["blocksize": .int(2)]),
  ]

  private static let ordering: [OperatorCase] = [
    OperatorCase("ArgMax", "", [.variable(.sample([2, 3, 2]))], ["axis": .int(1)]),
    OperatorCase("ArgMax", "the last of equal ones", [.variable(Tensor([2, 1, 2] as [Float]))], ["select_last_index": .int(1), "keepdims": .int(0)]),
    OperatorCase("ArgMin", "", [.variable(.sample([2, 3]))], ["axis": .int(-1), "keepdims": .int(0)]),
    OperatorCase("TopK", "", [.variable(.sample([2, 5])), integers(3)], outputs: 2),
    OperatorCase("TopK", "the smallest along the first axis", [.variable(.sample([4, 3])), integers(2)], ["axis": .int(0), "largest": .int(0)], outputs: 2),
    OperatorCase("CumSum", "", [.variable(.sample([3, 4])), number(1)], rounding: .init(4, upTo: 8)),
    OperatorCase(
      "CumSum", "from the back, exclusive", [.variable(.sample([3, 4])), number(-2)], ["exclusive": .int(1), "reverse": .int(1)],
      rounding: .init(3, upTo: 6)),
    OperatorCase("Trilu", "", [.variable(.sample([2, 3, 3]))]),
    OperatorCase("Trilu", "lower", [.variable(.sample([3, 4])), number(1)], ["upper": .int(0)]),
  ]

  private static let generated: [OperatorCase] = [
    OperatorCase("Range", "", [number(10), number(4), number(-2)]),
    OperatorCase("EyeLike", "", [.variable(.sample([3, 4]))], ["k": .int(1)]),
    OperatorCase("OneHot", "", [.variable(Tensor([0, -1, 7] as [Int64])), number(4), .constant(Tensor([-1, 2] as [Float]))]),
  ]
}
