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

  @Test func powersOfIntegersSaturate() throws {
    #expect(try result("Pow", [Tensor([-2, 2, 10] as [Int32]), Tensor([3, -1, 20] as [Int64])]) == Tensor([-8, 0, Int32.max] as [Int32]))
    #expect(try result("Pow", [Tensor([2] as [Float]), Tensor([5] as [UInt8])]) == Tensor([32] as [Float]))
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

  @Test func shiftsOfAllBitsAreZero() throws {
    #expect(try result("BitShift", [Tensor([255] as [UInt8]), Tensor([200] as [UInt8])], ["direction": .string("LEFT")]) == Tensor([0] as [UInt8]))
  }

  @Test func aNameIsNoPlaceholderOfAShape() throws {
    let shape = KnownValue(extents: [.symbolic("batch"), .fixed(-1)], shape: [2])
    let context = InferenceContext(
      node: Node("Equal", name: "equal", inputs: ["shape", "minus"], outputs: ["same"]),
      inputs: [ValueType(.int64, [2]), ValueType(.int64, [1])], knownValues: [shape, KnownValue(Tensor([-1] as [Int64]))])
    let known = try Equal.inferValues(context, [ValueType(.bool, [2])])
    #expect((known.first ?? nil)?.tensor == Tensor([false, true]))
  }
}
