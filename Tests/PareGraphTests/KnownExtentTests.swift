import PareGraph
import PareTensor
import Testing

/// What is known of arithmetic on extents while `batch` is still a name.
@Suite struct KnownExtentTests {
  private let batch = Dimension.symbolic("batch")

  /// What a node yields for vectors of int64 that are known as extents.
  private func known(
    _ definition: any Operator.Type, _ operands: [[Dimension]], condition: [Bool]? = nil,
    output: ElementType = .int64, shape: Shape? = nil
  ) throws -> KnownValue? {
    var values = operands.map { KnownValue(extents: $0, shape: [$0.count]) }
    if let condition { values.insert(KnownValue(Tensor(condition)), at: 0) }
    let names = values.indices.map { "x\($0)" }
    let context = InferenceContext(
      node: Node(definition.name, name: "subject", inputs: names, outputs: ["y"]),
      inputs: values.map { ValueType($0.elementType, $0.shape.dimensions.map(Dimension.fixed)) }, knownValues: values)
    let extents = shape ?? [operands.map(\.count).max() ?? 0]
    return try definition.inferValues(context, [ValueType(output, extents.dimensions.map(Dimension.fixed))])[0]
  }

  private func compare(_ definition: any Operator.Type, _ left: [Dimension], _ right: [Dimension]) throws -> [Bool]? {
    try known(definition, [left, right], output: .bool)?.tensor?.values(as: Bool.self)
  }

  @Test func aNameIsNoPlaceholderOfAShape() throws {
    #expect(try compare(Equal.self, [batch, -1], [-1]) == [false, true])
    #expect(try compare(Equal.self, [batch, 0], [0]) == [false, true])
    #expect(try compare(Equal.self, [batch], [batch]) == [true])
    #expect(try compare(Equal.self, [batch], [1]) == nil)
    #expect(try compare(Equal.self, [.product(factor: 30, symbols: ["batch"])], [29]) == [false])
  }

  @Test func aNameIsAtLeastOne() throws {
    #expect(try compare(Greater.self, [batch, 2], [0]) == [true, true])
    #expect(try compare(GreaterOrEqual.self, [batch], [1]) == [true])
    #expect(try compare(Greater.self, [batch], [1]) == nil)
    #expect(try compare(Less.self, [batch], [1]) == [false])
    #expect(try compare(LessOrEqual.self, [0], [batch]) == [true])
    #expect(try compare(Less.self, [batch], [.product(factor: 2, symbols: ["batch"])]) == [true])
    #expect(try compare(Less.self, [batch], [.symbolic("symbols")]) == nil)
  }

  @Test func aShapeWithoutPlaceholdersComesThroughWhere() throws {
    #expect(try known(Where.self, [[1, 1], [batch, 64]], condition: [false, true])?.extents == [batch, 1] as [Dimension]?)
    #expect(try known(Where.self, [[1], [batch, 64]], condition: [true, false])?.extents == [1, 64])
  }

  @Test func extentsAddAndSubtractWhereTheResultIsAnExtent() throws {
    #expect(try known(Add.self, [[batch, 3], [0, 4]])?.extents == [batch, 7])
    #expect(try known(Add.self, [[batch], [batch]])?.extents == [.product(factor: 2, symbols: ["batch"])])
    #expect(try known(Add.self, [[batch], [1]]) == nil)
    #expect(try known(Sub.self, [[batch, 3], [batch, 5]])?.extents == [0, -2])
    #expect(try known(Sub.self, [[batch], [0]])?.extents == [batch])
    #expect(try known(Sub.self, [[0], [batch]]) == nil)
    #expect(try known(Add.self, [[batch, .fixed(.max)], [0, 1]]) == nil)
  }

  @Test func theLargerExtentIsKnownWhereOneIs() throws {
    #expect(try known(Max.self, [[batch, 3], [1, 4]])?.extents == [batch, 4])
    #expect(try known(Min.self, [[batch, 3], [1, 4]])?.extents == [1, 3])
    #expect(try known(Max.self, [[batch], [2]]) == nil)
  }

  @Test func theNumberOfElementsIsAProduct() throws {
    #expect(try known(ReduceProd.self, [[batch, 30, 2]], shape: [1])?.extents == [.product(factor: 60, symbols: ["batch"])])
  }
}
