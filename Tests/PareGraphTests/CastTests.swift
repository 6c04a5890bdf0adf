import PareGraph
import PareTensor
import Testing

/// What becomes of numbers that another element type cannot hold.
@Suite struct CastTests {
  private func cast(_ tensor: Tensor, to type: ElementType) throws -> Tensor {
    try OperatorCase("Cast", "", [.variable(tensor)], ["to": .int(type.onnxDataType)]).evaluate()[0]
  }

  private func raw(_ bytes: [UInt8], _ type: ElementType) -> Tensor {
    bytes.withUnsafeBytes { Tensor(elementType: type, shape: [bytes.count / type.byteCount], bytes: $0) }
  }

  private func bits(_ tensor: Tensor) -> [UInt16] { tensor.withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)) } }

  @Test func float64IsRoundedOnceToHalfPrecision() throws {
    // A little above halfway: Float32 in between would lose what decides.
    #expect(try bits(cast(Tensor([1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-11, 1e9]), to: .float16)) == [0x3c01, 0x3c00, 0x7c00])
    #expect(try bits(cast(Tensor([1 + 0x1p-8 + 0x1p-40, 1 + 0x1p-8, -1e39]), to: .bfloat16)) == [0x3f81, 0x3f80, 0xff80])
    #expect(try bits(cast(Tensor([-0x1p-25, -0x1.8p-25, .nan]), to: .float16)) == [0x8000, 0x8001, 0x7e00])
  }

  @Test func halfPrecisionBecomesAnyType() throws {
    let half = raw([0x00, 0xc2, 0x00, 0x7c, 0x00, 0x7e], .float16)  // −3, ∞, NaN
    #expect(try cast(half, to: .int8) == Tensor([-3, 127, 0] as [Int8]))
    #expect(try cast(half, to: .bool) == Tensor([true, true, true]))
    #expect(try cast(cast(half, to: .bfloat16), to: .float64).doubles.prefix(2) == [-3, .infinity])
  }

  @Test func integersOfFourBitsKeepTheLowBits() throws {
    #expect(try cast(Tensor([-9, 7, 8, 200] as [Int16]), to: .int4) == raw([7, 7, 0xf8, 0xf8], .int4))
    #expect(try cast(Tensor([-1, 17] as [Int64]), to: .uint4) == raw([15, 1], .uint4))
    #expect(try cast(Tensor([-8.9, -9, .nan, 8.5] as [Float]), to: .int4) == raw([0xf8, 7, 0, 0xf8], .int4))
    #expect(try cast(Tensor([-9, 15.7, 16] as [Float]), to: .uint4) == raw([7, 15, 0], .uint4))
    #expect(try cast(raw([0xf8, 7], .int4), to: .float32) == Tensor([-8, 7] as [Float]))
    #expect(try cast(raw([15, 0], .uint4), to: .bool) == Tensor([true, false]))
  }

  @Test func everyTypeBecomesEveryOther() throws {
    for from in ElementType.allCases {
      let two = try cast(Tensor([2, 0, 1] as [Float]), to: from)
      for to in ElementType.allCases {
        let expected: [Double] = from == .bool || to == .bool ? [1, 0, 1] : [2, 0, 1]
        let found = try cast(two, to: to)
        #expect(found.elementType == to && found.doubles == expected, "\(from) to \(to)")
      }
    }
  }
}
