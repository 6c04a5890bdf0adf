import PareGraph
import PareTensor
import Testing

/// Blocks, four bits, half precision, and the operators that compute on integers. Expected values were computed by the
/// Python package onnx's reference implementation from the same inputs.
@Suite struct QuantizedOperatorTests {
  private func evaluate(
    _ name: OperatorName, _ operands: [Tensor?], _ attributes: [String: Attribute] = [:], outputs: Int = 1
  ) throws -> [Tensor] {
    let given = operands.enumerated().map { index, tensor -> OperatorCase.Operand in
      guard let tensor else { return .absent }
      return index == 0 ? .variable(tensor) : .constant(tensor)
    }
    return try OperatorCase(name, "", given, attributes, outputs: outputs).evaluate()
  }

  private func int4(_ values: [Int8], _ shape: Shape) throws -> Tensor {
    try #require(Tensor(values, shape: shape).asFourBits(.int4))
  }

  private func uint4(_ values: [UInt8], _ shape: Shape) throws -> Tensor {
    try #require(Tensor(values, shape: shape).asFourBits(.uint4))
  }

  private func half(_ values: [Float], _ shape: Shape) -> Tensor {
    let bits = values.map { Float16Bits.fromFloat($0) }
    return bits.withUnsafeBytes { Tensor(elementType: .float16, shape: shape, bytes: $0) }
  }

  private func bits(_ tensor: Tensor) -> [UInt16] { tensor.withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)) } }

  private let x: [Float] = [-3.2, -1.25, 0.4, 2.5, 7.75, 9.1, -8.6, 0.75, -0.25, 100]

  // MARK: - QuantizeLinear and DequantizeLinear

  @Test func blocksOfFourBitsAlongTheLastAxis() throws {
    let y = try evaluate(
      "QuantizeLinear",
      [
        Tensor(x, shape: [2, 5]), Tensor([0.5, 0.25, 2, 1, 0.5, 4] as [Float], shape: [2, 3]),
        uint4([7, 8, 0, 15, 1, 2], [2, 3]),
      ], ["axis": .int(1), "block_size": .int(2)])[0]
    #expect(try y == uint4([1, 5, 10, 15, 4, 15, 6, 3, 1, 15], [2, 5]))
  }

  @Test func blocksOfFourBitsAlongTheFirstAxis() throws {
    let transposed = [0, 5, 1, 6, 2, 7, 3, 8, 4, 9].map { x[$0] }
    let y = try evaluate(
      "QuantizeLinear",
      [Tensor(transposed, shape: [5, 2]), Tensor([0.5, 0.25, 2, 1, 0.5, 4] as [Float], shape: [3, 2])],
      ["axis": .int(0), "block_size": .int(2), "output_dtype": .int(ElementType.int4.onnxDataType)])[0]
    #expect(try y == int4([-6, 7, -2, -8, 0, 1, 1, 0, 7, 7], [5, 2]))
  }

  @Test func blocksOfHalfPrecisionScales() throws {
    let y = try evaluate(
      "DequantizeLinear",
      [
        int4([-8, 7, 3, -1, 0, 1, 2, -3, 4, 5], [2, 5]), half([0.1, 0.2, 0.3, 1, 2, 3], [2, 3]),
        int4([1, -1, 2, 0, 3, -4], [2, 3]),
      ], ["block_size": .int(2)])[0]
    #expect(y.elementType == .float16)
    #expect(bits(y) == [47923, 14540, 14950, 0, 47309, 15360, 16384, 51712, 16384, 20160])
  }

  @Test func theOutputTypeMayDifferFromTheScales() throws {
    let q = Tensor([100, -7] as [Int8])
    let wide = try evaluate(
      "DequantizeLinear", [q, half([0.1], [])], ["output_dtype": .int(ElementType.float32.onnxDataType)])[0]
    #expect(wide.values() == [9.99755859375, -0.6998291015625] as [Float])
    let narrow = try evaluate(
      "DequantizeLinear", [q, Tensor(scalar: Float(0.1))], ["output_dtype": .int(ElementType.float16.onnxDataType)])[0]
    #expect(bits(narrow) == [18688, 47514])
  }

  /// In Float32 the quotient is 468.56…; in half precision it is 468.5, and half to even makes that 468.
  @Test func theQuotientIsRoundedInTheTypeOfTheScaleOrTheOneAskedFor() throws {
    let (number, scale, zero) = (Float(0.46875), Float(0.0010004043579101562), Tensor(scalar: Int16(0)))
    let halves = try evaluate("QuantizeLinear", [half([number], [1]), half([scale], []), zero])[0]
    #expect(halves.values() == [468] as [Int16])
    let plain = [Tensor([number]), Tensor(scalar: scale), zero]
    #expect(try evaluate("QuantizeLinear", plain)[0].values() == [469] as [Int16])
    let asked = ["precision": Attribute.int(ElementType.float16.onnxDataType)]
    #expect(try evaluate("QuantizeLinear", plain, asked)[0].values() == [468] as [Int16])
    let mixed = try evaluate("QuantizeLinear", [half([number], [1]), Tensor(scalar: scale), zero])[0]
    #expect(mixed.values() == [469] as [Int16])
  }

  @Test func quotientsBeyondHalfPrecisionSaturate() throws {
    let y = try evaluate("QuantizeLinear", [half([65504, -65504, .nan], [3]), half([0.1], []), Tensor(scalar: Int8(3))])[0]
    #expect(y.values() == [127, -128, 3] as [Int8])
  }

  @Test func integersCanBeQuantized() throws {
    let y = try evaluate("QuantizeLinear", [Tensor([7, -9, 1000] as [Int32]), Tensor(scalar: Float(2)), Tensor(scalar: UInt8(3))])[0]
    #expect(y.values() == [7, 0, 255] as [UInt8])
  }

  @Test func floatingPointOfFewBitsIsRefusedByItsNumber() {
    for number in [17, 19, 23, 25, 26] {
      let error = #expect(throws: GraphError.self) {
        try evaluate("QuantizeLinear", [Tensor([1 as Float]), Tensor(scalar: Float(1))], ["output_dtype": .int(number)])
      }
      #expect(error?.found == "output_dtype \(number)")
    }
  }

  @Test(arguments: [-1, 0, 3, Int.max])
  func blockSizesThatDoNotFitTheScaleAreRefused(_ size: Int) {
    let operands = [Tensor(x, shape: [2, 5]), Tensor([Float](repeating: 1, count: 6), shape: [2, 3])]
    #expect(throws: GraphError.self) { try evaluate("QuantizeLinear", operands, ["block_size": .int(size)]) }
  }

  // MARK: - DynamicQuantizeLinear

  @Test(arguments: [
    ([0, 2, -3, -2.5, 1.34, 0.5], [153, 255, 0, 26, 221, 179], 0.019607843831181526, 153),
    ([-1, -2.1, -1.3, -2.5, -3.34, -4], [191, 121, 172, 96, 42, 0], 0.01568627543747425, 255),
    ([1, 2.1, 1.3, 2.5, 3.34, 4, 1.5, 2.6, 3.9, 4, 3, 2.345], [64, 134, 83, 159, 213, 255, 96, 166, 249, 255, 191, 149], 0.01568627543747425, 0),
    ([0, 0], [0, 0], 0.003921568859368563, 0), ([], [], 0.003921568859368563, 0),
  ] as [([Float], [UInt8], Float, UInt8)])
  func theScaleFollowsFromTheRange(_ x: [Float], _ y: [UInt8], _ scale: Float, _ zeroPoint: UInt8) throws {
    let results = try evaluate("DynamicQuantizeLinear", [Tensor(x)], outputs: 3)
    #expect(results == [Tensor(y), Tensor(scalar: scale), Tensor(scalar: zeroPoint)])
  }

  @Test func rangesWithoutEndAreNoTrap() throws {
    for x in [[Float.infinity, -1], [-.infinity, .infinity], [.nan, 1], [.greatestFiniteMagnitude, -.greatestFiniteMagnitude]] {
      _ = try evaluate("DynamicQuantizeLinear", [Tensor(x)], outputs: 3)
    }
  }

  // MARK: - Products

  private let a = Tensor([207, 21, 45, 60, 46, 205, 222, 149, 10, 24, 85, 110] as [UInt8], shape: [2, 2, 3])
  private let b = Tensor([31, -6, -61, -88, 49, 60] as [Int8], shape: [3, 2])

  @Test func zeroPointsPerRowAndColumn() throws {
    let rows = Tensor([7, 200] as [UInt8])
    let columns = Tensor([3, -4] as [Int8])
    let expected = Tensor([6452, 856, 6166, 13536, -2930, -12166, -1708, 4252] as [Int32], shape: [2, 2, 2])
    #expect(try evaluate("MatMulInteger", [a, b, rows, columns])[0] == expected)
    // The same numbers for each matrix.
    let perMatrix = Tensor([7, 200, 7, 200] as [UInt8], shape: [2, 2, 1])
    #expect(try evaluate("MatMulInteger", [a, b, perMatrix, columns.reshaped(to: [1, 2])])[0] == expected)
    #expect(try evaluate("MatMulInteger", [a, b, rows.reshaped(to: [1, 2, 1]), columns])[0] == expected)
  }

  @Test func zeroPointsMayBeLeftOut() throws {
    let product = try evaluate("MatMulInteger", [Tensor([1, 2, 3] as [UInt8]), Tensor([4, 5, 6] as [UInt8])])[0]
    #expect(product == Tensor(scalar: 32 as Int32))
    let shifted = try evaluate(
      "MatMulInteger", [Tensor([1, 2, 3] as [UInt8]), Tensor([4, 5, 6] as [UInt8]), nil, Tensor(scalar: 4 as UInt8)])[0]
    #expect(shifted == Tensor(scalar: 8 as Int32))
  }

  @Test func sumsBeyondThirtyTwoBitsWrap() throws {
    let count = 40_000
    let ones = Tensor([UInt8](repeating: 255, count: count))
    let sum = try evaluate("MatMulInteger", [ones, ones])[0]
    #expect(sum == Tensor(scalar: Int32(truncatingIfNeeded: 255 * 255 * count)))
  }

  @Test(arguments: [ElementType.float32, .float16])
  func quantizedProductsWithAScalePerRowAndColumn(_ type: ElementType) throws {
    func scales(_ values: [Float], _ shape: Shape) -> Tensor { type == .float16 ? half(values, shape) : Tensor(values, shape: shape) }
    let operands = [
      a, scales([0.01, 0.023], [2]), Tensor([7, 200] as [UInt8]), b, scales([0.031, 0.0072], [1, 2]),
      Tensor([3, -4] as [Int8], shape: [1, 2]), scales([0.11], []), Tensor(scalar: 120 as UInt8),
    ]
    #expect(
      try evaluate("QLinearMatMul", operands)[0]
        == Tensor([138, 121, 160, 140, 112, 112, 109, 126] as [UInt8], shape: [2, 2, 2]))
  }

  /// 3 · 0.5 = 1.5 and 5 · 0.5 = 2.5 both round to 2, before the odd zero point is added.
  @Test func tiesGoToEvenBeforeTheZeroPointIsAdded() throws {
    let one = Tensor(scalar: Float(1))
    let results = try [3, 5, -3].map { value in
      try evaluate(
        "QLinearMatMul",
        [
          Tensor([value] as [Int8], shape: [1, 1]), one, Tensor(scalar: 0 as Int8), Tensor([1] as [Int8], shape: [1, 1]), one,
          Tensor(scalar: 0 as Int8), Tensor(scalar: Float(2)), Tensor(scalar: 1 as Int8),
        ])[0].values(as: Int8.self)[0]
    }
    #expect(results == [3, 3, -1])
  }

  // MARK: - Convolutions

  /// Two groups of two filters over 4 × 5, with pads, strides and dilations.
  private let image = Tensor((0..<40).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }, shape: [1, 2, 4, 5])
  private let filters = Tensor((0..<24).map { Int8(($0 * 29 + 5) % 255 - 127) }, shape: [4, 1, 3, 2])
  private let window: [String: Attribute] = [
    "group": .int(2), "pads": .ints([1, 0, 1, 1]), "strides": .ints([2, 1]), "dilations": .ints([1, 2]),
  ]

  @Test func integerConvolutionsWithGroupsPadsStridesAndDilations() throws {
    let y = try evaluate("ConvInteger", [image, filters, Tensor(scalar: 120 as UInt8), Tensor(scalar: -3 as Int8)], window)[0]
    let expected: [Int32] = [
      4785, 2195, 373, 85, -1931, -12254, 16079, 1000, -8916, -14059, 2302, 6022, -7982, -7982, 6866, 5533, 18803, -8679, 2495,
      -9562, -9347, 208, 10531, 6868, 497, 2499, 1685, 401, -16151, -3842, -11501, 6220,
    ]
    #expect(y == Tensor(expected, shape: [1, 4, 2, 4]))
    let perFilter = Tensor([Int8](repeating: -3, count: 4))
    #expect(try evaluate("ConvInteger", [image, filters, Tensor(scalar: 120 as UInt8), perFilter], window)[0] == y)
  }

  @Test func integerConvolutionsOfOneAxis() throws {
    let x = Tensor((0..<12).map { Int8(($0 * 53 + 7) % 256 - 128) }, shape: [2, 1, 6])
    let w = Tensor([3, -2, 5] as [Int8], shape: [1, 1, 3])
    let y = try evaluate("ConvInteger", [x, w], ["auto_pad": .string("SAME_UPPER")])[0]
    #expect(y == Tensor([-98, -302, 16, 334, -628, 497, 88, 70, 388, -574, 256, -209] as [Int32], shape: [2, 1, 6]))
  }

  @Test func quantizedConvolutionsWithAScalePerFilterAndABias() throws {
    let y = try evaluate(
      "QLinearConv",
      [
        image, Tensor(scalar: Float(0.02)), Tensor(scalar: 120 as UInt8), filters, Tensor([0.01, 0.02, 0.015, 0.03] as [Float]),
        Tensor([0, 0, 0, 0] as [Int8]), Tensor(scalar: Float(0.11)), Tensor(scalar: 100 as UInt8),
        Tensor([100, -2000, 30, 0] as [Int32]),
      ], window)[0]
    let expected: [UInt8] = [
      110, 104, 102, 101, 97, 77, 130, 101, 62, 42, 103, 115, 64, 61, 118, 112, 150, 78, 107, 75, 74, 100, 127, 119, 99, 116,
      109, 104, 11, 78, 33, 134,
    ]
    #expect(y == Tensor(expected, shape: [1, 4, 2, 4]))
  }

  @Test func convolutionsThatDoNotFitAreRefused() {
    let zero = Tensor(scalar: 0 as UInt8)
    let wrong: [([Tensor?], [String: Attribute])] = [
      ([image, filters], ["group": .int(3)]), ([image, filters], ["group": .int(0)]), ([image, filters], ["group": .int(.max)]),
      ([image, filters], ["group": .int(2), "strides": .ints([0, 1])]),
      ([image, filters], ["group": .int(2), "dilations": .ints([4, 1])]),
      ([image, filters], ["group": .int(2), "pads": .ints([-1, 0, 0, 0])]),
      ([image, filters, Tensor([1, 2] as [UInt8])], ["group": .int(2)]),
      ([image, filters, zero, zero], ["group": .int(2)]), ([image, Tensor(zeros: .int8, shape: [4, 1, 3, 0])], ["group": .int(2)]),
      ([Tensor(zeros: .uint8, shape: [3, 3]), Tensor(zeros: .uint8, shape: [1, 1])], [:]),
    ]
    for (operands, attributes) in wrong {
      #expect(throws: GraphError.self) { try evaluate("ConvInteger", operands, attributes) }
    }
  }

  @Test func operandsThatDoNotFitAreRefused() {
    let scale = Tensor(scalar: Float(1))
    let zero = Tensor(scalar: 0 as UInt8)
    let wrong: [[Tensor?]] = [
      [a, a], [a, Tensor(zeros: .int16, shape: [3, 2])], [a, b, Tensor(scalar: 1 as Int8)], [a, b, Tensor([1, 2, 3] as [UInt8])],
      [a, b, nil, Tensor([1, 2, 3] as [Int8])], [a, Tensor(scalar: 1 as Int8)],
      [a, b, Tensor(zeros: .uint8, shape: [2, 1, 1])],
    ]
    for operands in wrong { #expect(throws: GraphError.self) { try evaluate("MatMulInteger", operands) } }
    let products: [[Tensor?]] = [
      [a, scale, zero, b, scale, zero, scale, zero],
      [a, scale, zero, b, Tensor(scalar: 1.0), Tensor(scalar: 0 as Int8), scale, zero],
      [a, scale, zero, b, scale, Tensor(scalar: 0 as Int8), Tensor([1, 1] as [Float]), zero],
      [a, scale, zero, b, scale, Tensor(scalar: 0 as Int8), scale, Tensor(scalar: 0 as Int32)],
    ]
    for operands in products { #expect(throws: GraphError.self) { try evaluate("QLinearMatMul", operands) } }
  }
}
