import PareGraph
import PareTensor
import Testing

/// What integers, truth values and numbers at the edge come to.
@Suite struct NumericOperatorTests {
  private func result(_ name: OperatorName, _ operands: [Tensor], _ attributes: [String: Attribute] = [:]) throws -> Tensor {
    try OperatorCase(name, "", operands.map { .variable($0) }, attributes).evaluate()[0]
  }

  @Test func integersWrapAround() throws {
    #expect(try result("Add", [Tensor([127] as [Int8]), Tensor([1] as [Int8])]) == Tensor([-128] as [Int8]))
    #expect(try result("Sub", [Tensor([0] as [UInt16]), Tensor([1] as [UInt16])]) == Tensor([65535] as [UInt16]))
    #expect(try result("Mul", [Tensor([Int64.max]), Tensor([2] as [Int64])]) == Tensor([-2] as [Int64]))
  }

  @Test func integersDivideTowardsZeroAndNeverTrap() throws {
    let quotients = try result("Div", [Tensor([-7, 7, Int32.min, 5] as [Int32]), Tensor([2, -2, -1, 0] as [Int32])])
    #expect(quotients == Tensor([-3, -3, Int32.min, 0] as [Int32]))
    let rests = try result("Mod", [Tensor([Int64.min, 5] as [Int64]), Tensor([-1, 0] as [Int64])])
    #expect(rests == Tensor([0, 0] as [Int64]))
  }

  @Test func theRestHasTheSignOfTheDivisorOrOfTheDividend() throws {
    let (a, b) = (Tensor([-4, 7, 5, 4, -7, 8] as [Int32]), Tensor([2, -3, 8, -2, 3, 5] as [Int32]))
    #expect(try result("Mod", [a, b]) == Tensor([0, -2, 5, 0, 2, 3] as [Int32]))
    #expect(try result("Mod", [a, b], ["fmod": .int(1)]) == Tensor([0, 1, 5, 0, -1, 3] as [Int32]))
  }

  @Test func floatingPointRestsKeepTheSignOfZeroAndWhatIsLeftByInfinity() throws {
    let (a, b) = (Tensor([0, -0.0, 3, -3, 5.5, 1] as [Float]), Tensor([-2, 2, .infinity, .infinity, -2, 0] as [Float]))
    let floored = try result("Mod", [a, b]).values(as: Float.self)
    #expect(floored[0] == 0 && floored[0].sign == .minus && floored[1].sign == .plus)
    #expect(Array(floored[2...4]) == [3, .infinity, -0.5] && floored[5].isNaN)
    let truncated = try result("Mod", [a, b], ["fmod": .int(1)]).values(as: Float.self)
    #expect(Array(truncated[2...4]) == [3, -3, 1.5] && truncated[5].isNaN)
  }

  @Test func powersOfIntegersAreExactAndWrapAround() throws {
    let powers = try result("Pow", [Tensor([-2, 2, 10, -1, 0] as [Int32]), Tensor([3, -1, 20, -3, -1] as [Int64])])
    #expect(powers == Tensor([-8, 0, 1_661_992_960, -1, 0] as [Int32]))
    #expect(try result("Pow", [Tensor([3] as [Int64]), Tensor([35] as [Int32])]) == Tensor([50_031_545_098_999_707] as [Int64]))
    // 3^(2^64 − 1) is the inverse of 3 modulo 2^64.
    #expect(try result("Pow", [Tensor([3] as [UInt64]), Tensor([UInt64.max])]) == Tensor([12_297_829_382_473_034_411] as [UInt64]))
    #expect(try result("Pow", [Tensor([2] as [Float]), Tensor([5] as [UInt8])]) == Tensor([32] as [Float]))
    #expect(try result("Pow", [Tensor([9, -9] as [Int32]), Tensor([0.5, 40] as [Float])]) == Tensor([3, .max] as [Int32]))
  }

  @Test func numbersBelowZeroHavePowersByWholeNumbersAlone() throws {
    let base = Tensor([-2, -2, -8, 0, -.infinity, -.infinity, -0.5, .nan, 1] as [Double])
    let exponent = Tensor([3, -2, 1.0 / 3, -1, 3, 0.5, .infinity, 0, .nan] as [Double])
    let powers = try result("Pow", [base, exponent]).doubles
    #expect(powers[2].isNaN)
    #expect([0, 1, 3, 4, 5, 6, 7, 8].map { powers[$0] } == [-8, 0.25, .infinity, -.infinity, .infinity, 0, 1, 1])
  }

  @Test func extremesKeepWhatIsNotANumber() throws {
    for name in ["Max", "Min"] as [OperatorName] {
      let values = try result(name, [Tensor([.nan, 1] as [Float]), Tensor([1, .nan] as [Float])]).values(as: Float.self)
      #expect(values.allSatisfy { $0.isNaN })
    }
  }

  @Test func halvesRoundToEven() throws {
    #expect(try result("Round", [Tensor([0.5, 1.5, -2.5, -0.2] as [Float])]) == Tensor([0, 2, -2, -0.0] as [Float]))
  }

  @Test func halfPrecisionIsRoundedOnceANode() throws {
    let (a, b) = (Tensor([0x3c00, 0x7bff] as [UInt16]), Tensor([0x1000, 0x7bff] as [UInt16]))
    func half(_ tensor: Tensor) -> Tensor {
      tensor.withUnsafeBytes { Tensor(elementType: .float16, shape: tensor.shape, bytes: $0) }
    }
    // 1 + 2⁻¹¹ lies between 1 and 1 + 2⁻¹⁰, and goes to the even one; twice the largest number overflows.
    #expect(try result("Add", [half(a), half(b)]) == half(Tensor([0x3c00, 0x7c00] as [UInt16])))
  }

  @Test func shiftsOfAllBitsLeaveTheSign() throws {
    func shifted(_ x: Int8, by places: Int8, _ direction: String) throws -> Int8 {
      try result("BitShift", [Tensor([x]), Tensor([places])], ["direction": .string(direction)]).values(as: Int8.self)[0]
    }
    #expect(try shifted(-3, by: 1, "RIGHT") == -2 && shifted(-3, by: 8, "RIGHT") == -1 && shifted(-3, by: -1, "RIGHT") == -1)
    #expect(try shifted(3, by: -1, "RIGHT") == 0 && shifted(-3, by: -1, "LEFT") == 0 && shifted(65, by: 1, "LEFT") == -126)
    #expect(try result("BitShift", [Tensor([255] as [UInt8]), Tensor([200] as [UInt8])], ["direction": .string("LEFT")]) == Tensor([0] as [UInt8]))
  }

  @Test func functionsOfIntegersNeverTrap() throws {
    let x = Tensor([.min, -3, 0, 5] as [Int8])
    #expect(try result("Neg", [x]) == Tensor([.min, 3, 0, -5] as [Int8]))
    #expect(try result("Abs", [x]) == Tensor([.min, 3, 0, 5] as [Int8]))
    #expect(try result("Sign", [x]) == Tensor([-1, -1, 0, 1] as [Int8]))
    #expect(try result("Relu", [x]) == Tensor([0, 0, 0, 5] as [Int8]))
    #expect(try result("Shrink", [x], ["lambd": .float(3), "bias": .float(2)]) == Tensor([-126, 0, 0, 3] as [Int8]))
    #expect(try result("Clip", [x, Tensor(scalar: -2 as Int8), Tensor(scalar: 2 as Int8)]) == Tensor([-2, -2, 0, 2] as [Int8]))
    #expect(try result("PRelu", [x, Tensor([2] as [Int8])]) == Tensor([0, -6, 0, 5] as [Int8]))
    #expect(throws: GraphError.self) { try result("Abs", [Tensor([true])]) }
  }

  @Test func equalExtremesShareTheGradient() throws {
    let (dy, y) = (Tensor([6, 6] as [Float]), Tensor([2, 3] as [Float]))
    let operands = [Tensor([2, 1] as [Float]), Tensor([2, 3] as [Float]), Tensor(scalar: 2 as Float)]
    #expect(try result("pare.ExtremumGradient", [dy, y, operands[0]] + operands) == Tensor([2, 0] as [Float]))
    #expect(try result("pare.ExtremumGradient", [dy, y, operands[1]] + operands) == Tensor([2, 6] as [Float]))
    #expect(try result("pare.ExtremumGradient", [dy, y, operands[2]] + operands) == Tensor([2, 0] as [Float]))
  }
}
