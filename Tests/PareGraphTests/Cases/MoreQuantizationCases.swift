import PareGraph
import PareTensor

extension OperatorCases {
  // Integers, and scales and factors that are no closer to a tie than their roundings.
  static let moreQuantization: [OperatorCase] = {
    func scalar(_ value: Float) -> OperatorCase.Operand { .constant(Tensor(scalar: value)) }
    func int8(_ shape: Shape, seed: UInt64) -> OperatorCase.Operand {
      .variable(Tensor(Tensor.sample(shape, seed: seed).doubles.map { Int8($0 * 60) }, shape: shape))
    }
    func integers(_ shape: Shape, seed: UInt64) -> OperatorCase.Operand {
      .constant(Tensor(Tensor.sample(shape, seed: seed).doubles.map { Int8($0 * 60) }, shape: shape))
    }
    func uint8(_ shape: Shape, seed: UInt64) -> OperatorCase.Operand {
      .variable(Tensor(Tensor.sample(shape, seed: seed).doubles.map { UInt8($0 * 60 + 125) }, shape: shape))
    }
    return [
      // A quotient by 255, on a range of at most 4.
      OperatorCase("DynamicQuantizeLinear", "", [.variable(.sample([3, 4]))], outputs: 3, rounding: .init(3, upTo: 4 / 255)),
      OperatorCase("MatMulInteger", "", [uint8([3, 4], seed: 1), int8([4, 2], seed: 2)]),
      OperatorCase(
        "MatMulInteger", "with zero points per row and column, batched",
        [
          int8([2, 3, 4], seed: 3), uint8([1, 4, 2], seed: 4), .constant(Tensor([1, -2, 3] as [Int8])),
          .constant(Tensor([120, 130] as [UInt8], shape: [1, 1, 2])),
        ]),
      OperatorCase(
        "QLinearMatMul", "",
        [
          uint8([3, 4], seed: 1), scalar(0.011), .constant(Tensor(scalar: 113 as UInt8)), int8([4, 2], seed: 2), scalar(0.0171),
          .constant(Tensor(scalar: 3 as Int8)), scalar(0.031), .constant(Tensor(scalar: 99 as UInt8)),
        ]),
      OperatorCase(
        "ConvInteger", "in groups", [uint8([2, 4, 5], seed: 1), int8([2, 2, 3], seed: 2), .constant(Tensor(scalar: 100 as UInt8))],
        ["group": .int(2), "pads": .ints([1, 0])]),
      OperatorCase(
        "QLinearConv", "with a bias",
        [
          uint8([1, 2, 4, 4], seed: 1), scalar(0.011), .constant(Tensor(scalar: 113 as UInt8)), int8([3, 2, 2, 2], seed: 2),
          .constant(Tensor([0.0171, 0.0093, 0.013] as [Float])), .constant(Tensor([3, 0, -1] as [Int8])), scalar(0.041),
          .constant(Tensor(scalar: 99 as UInt8)), .constant(Tensor([100, -200, 3] as [Int32])),
        ], ["strides": .ints([2, 1])]),
      // The product of scales, that with a sum below 2^24, and a bias: at most 4 · 255 · 128 · 0.011 · 0.0171 and 2.
      OperatorCase(
        "pare.DynamicQuantizedDense", "with a bias",
        [
          uint8([2, 3, 4], seed: 1), scalar(0.011), .constant(Tensor(scalar: 113 as UInt8)), integers([5, 4], seed: 2),
          .constant(Tensor([0.0171, 0.0093, 0.013, 0.001, 0.01] as [Float])), .constant(.sample([5], seed: 3)),
        ], rounding: .init(3, upTo: 27)),
      // A product and a sum of at most 2 · 7 and 2.
      OperatorCase(
        "pare.BinaryDense", "",
        [
          .variable(.sample([3, 7])), .constant(Tensor(Tensor.sample([4, 7], seed: 2).doubles.map { Float($0 > 0 ? 1 : -1) }, shape: [4, 7])),
          .constant(.sample([4], seed: 3)), .constant(.sample([4], seed: 4)),
        ], rounding: .init(2, upTo: 16)),
      // A product, a difference, a product by dY and a sum of ten: each term is below 2 · 128.
      OperatorCase(
        "pare.FakeQuantizeGradient", "of the scale by channel",
        [
          .variable(.sample([2, 5], seed: 2)), .variable(.sample([2, 5])), .constant(Tensor([0.013, 0.37] as [Float])),
          .constant(Tensor([0, 3] as [Int8])),
        ], ["axis": .int(0), "lowest": .int(-128), "highest": .int(127), "gradient_scale": .float(0.25)], outputs: 2,
        rounding: .init(13, upTo: 2 * 128 * 5)),
      OperatorCase(
        "pare.QuantizeLinearGradient", "by blocks",
        [
          .variable(.sample([2, 5], seed: 2)), .variable(.sample([2, 5])), .constant(.positiveSample([2, 3], seed: 3)),
          .constant(Tensor([0, 1, 2, 3, 1, 0] as [UInt8], shape: [2, 3])),
        ], ["block_size": .int(2), "output_dtype": .int(ElementType.uint8.onnxDataType)]),
    ]
  }()
}
