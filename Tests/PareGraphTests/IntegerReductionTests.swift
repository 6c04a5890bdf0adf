import PareGraph
import PareTensor
import Testing

/// Reductions of integers and truth values, of nothing, and over no axes.
@Suite struct IntegerReductionTests {
  private func reduce(_ name: OperatorName, _ x: Tensor, _ axes: [Int64] = [], _ attributes: [String: Attribute] = [:]) throws -> Tensor {
    try OperatorCase(name, "", [.variable(x), .constant(Tensor(axes))], attributes).evaluate()[0]
  }

  private let names: [OperatorName] = [
    "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare",
    "ReduceLogSum", "ReduceLogSumExp",
  ]

  @Test func integersReduceAsNumbersDoTowardsZero() throws {
    let x = Tensor([-3, 1, 9, 4] as [Int32], shape: [2, 2])
    let expected: [(Int32, Int32)] = [
      (-2, 13), (-1, 6), (1, 9), (-3, 4), (-3, 36), (4, 13), (3, 9), (10, 97), (0, 2), (1, 9),
    ]
    for (name, (first, second)) in zip(names, expected) {
      // The logarithm of a negative sum is not a number, which becomes 0.
      #expect(try reduce(name, x, [1], ["keepdims": .int(0)]) == Tensor([first, second]), "\(name)")
    }
  }

  @Test func sumsWrapAround() throws {
    #expect(try reduce("ReduceSum", Tensor([200, 100] as [UInt8])) == Tensor([44] as [UInt8]))
    #expect(try reduce("ReduceL1", Tensor([.min] as [Int64])) == Tensor([.min] as [Int64]))
  }

  @Test func truthValuesHaveExtremesAlone() throws {
    let x = Tensor([true, false, false, false], shape: [2, 2])
    #expect(try reduce("ReduceMax", x, [1], ["keepdims": .int(0)]) == Tensor([true, false]))
    #expect(try reduce("ReduceMin", x, [0], ["keepdims": .int(0)]) == Tensor([false, false]))
    #expect(try reduce("ReduceMin", Tensor([Bool](), shape: [0])) == Tensor([true]))
    #expect(throws: GraphError.self) { try reduce("ReduceSum", x) }
  }

  @Test func nothingReducesToWhatChangesNothing() throws {
    let nothing = Tensor(zeros: .float32, shape: [2, 0])
    let expected: [Float] = [0, .nan, -.infinity, .infinity, 1, 0, 0, 0, -.infinity, -.infinity]
    for (name, value) in zip(names, expected) {
      let found = try reduce(name, nothing, [1], ["keepdims": .int(0)]).values(as: Float.self)
      #expect(found.count == 2 && found.allSatisfy { $0 == value || $0.isNaN && value.isNaN }, "\(name): \(found)")
    }
    #expect(try reduce("ReduceMax", Tensor(zeros: .int8, shape: [0])) == Tensor([-128] as [Int8]))
  }
}
