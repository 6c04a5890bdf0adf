import PareGraph
import PareTensor
import Testing

/// `pare.FakeQuantize` and `pare.Binarize`: values, and gradients that are estimators.
@Suite struct FakeQuantizeTests {
  private static let int8: [String: Attribute] = ["lowest": .int(-128), "highest": .int(127)]

  /// The gradients of Σ dy · y by x and the scale.
  private func gradients(
    _ x: Tensor, scale: Tensor, zeroPoint: Tensor? = nil, dy: Tensor, _ attributes: [String: Attribute],
    wanted: [Bool] = [true, true, false]
  ) throws -> (x: [Double]?, scale: [Double]?) {
    var builder = GraphBuilder(name: "fake")
    var inputs = [try builder.input("x", ValueType(x)), try builder.input("s", ValueType(scale))]
    if let zeroPoint { inputs.append(try builder.constant(zeroPoint)) }
    let up = try builder.input("dy", ValueType(dy))
    let node = Node(FakeQuantize.name, name: "fake", inputs: inputs, outputs: ["y"], attributes: attributes)
    try builder.append(node)
    var context = GradientContext(
      node: node, outputGradients: [up], wanted: Array(wanted.prefix(inputs.count)), builder: builder)
    let names = try FakeQuantize.gradient(&context)
    #expect(names.count == inputs.count)
    let values = try ReferenceEvaluator(context.builder.graph, outputs: names.compactMap { $0 })
      .run(["x": x, "s": scale, "dy": dy])
    return (names[0].flatMap { values[$0]?.doubles }, names[1].flatMap { values[$0]?.doubles })
  }

  private func fake(_ operands: [OperatorCase.Operand], _ attributes: [String: Attribute]) throws -> [Float] {
    try OperatorCase(FakeQuantize.name, "", operands, attributes).evaluate()[0].values()
  }

  @Test func roundsHalfToEvenSaturatesAndTakesNaNForZero() throws {
    let x: [Float] = [0, 0.25, 0.75, -0.25, -0.1, 1.6, 100, -100, .nan, .infinity, -.infinity]
    let y = try fake([.variable(Tensor(x)), .constant(Tensor(scalar: 0.5 as Float))], ["lowest": .int(-3), "highest": .int(4)])
    #expect(y == [0, 0, 1, 0, 0, 1.5, 2, -1.5, 0, 2, -1.5])
    // −0 is no integer.
    #expect(y.allSatisfy { $0 != 0 || $0.sign == .plus })
    let shifted = try fake(
      [.variable(Tensor(x)), .constant(Tensor(scalar: 0.5 as Float)), .constant(Tensor(scalar: 3 as UInt8))],
      ["lowest": .int(0), "highest": .int(7)])
    #expect(shifted == y)
  }

  /// The quotient and the product with the reciprocal are within 2⁻¹⁵ of each other, so they part only beside ties.
  @Test(arguments: [([], 0), ([3], 0), ([5], 1), ([3, 2], 1)] as [([Int], Int)])
  func isThePairOfQuantizeAndDequantizeBesideTies(_ shape: [Int], _ axis: Int) throws {
    var generator = SeededGenerator(seed: 3)
    let x = Tensor((0..<15).map { _ in Float(generator.normal() * 2) }, shape: [3, 5])
    let scale = Tensor((0..<Shape(shape).elementCount).map { _ in Float(0.011 + 0.02 * generator.uniform()) }, shape: Shape(shape))
    let zero = Tensor((0..<Shape(shape).elementCount).map { _ in UInt8(generator.below(256)) }, shape: Shape(shape))
    let attributes: [String: Attribute] = ["axis": .int(axis), "block_size": .int(shape.count == 2 ? 4 : 0)]
    let levels = try OperatorCase("QuantizeLinear", "", [.variable(x), .constant(scale), .constant(zero)], attributes).evaluate()[0]
    let pair = try OperatorCase("DequantizeLinear", "", [.variable(levels), .constant(scale), .constant(zero)], attributes).evaluate()[0]
    let y = try fake(
      [.variable(x), .constant(scale), .constant(zero)], attributes.merging(["lowest": .int(0), "highest": .int(255)]) { $1 })
    #expect(y == pair.values())
  }

  @Test func theGradientByXIsThatOfThePair() throws {
    let x: [Float] = [-0.24, -0.26, 127.74, 127.76, .nan, 0]
    let dy = Tensor((1...6).map(Float.init))
    let (byX, byScale) = try gradients(
      Tensor(x), scale: Tensor(scalar: 0.5 as Float), zeroPoint: Tensor(scalar: 0 as UInt8), dy: dy,
      ["lowest": .int(0), "highest": .int(255)], wanted: [true, false, false])
    #expect(byX == [1, 0, 3, 0, 0, 6])
    #expect(byScale == nil)
  }

  /// Three numbers by hand, with s = 0.5 and integers −2 … 1: 0.3 is 0.6 steps, rounded to 1; −0.4 is −0.8 steps, rounded
  /// to −1; 9 lies beyond 1.
  @Test func theGradientByTheScaleIsThatOfLearnedStepSizes() throws {
    let (byX, byScale) = try gradients(
      Tensor([0.3, -0.4, 9], shape: [3]), scale: Tensor(scalar: 0.5), dy: Tensor([2, 3, 5], shape: [3]),
      ["lowest": .int(-2), "highest": .int(1), "gradient_scale": .float(0.1)])
    #expect(byX == [2, 3, 0])
    let expected = 0.1 * (2 * (1 - 0.6) + 3 * (-1 + 0.8) + 5 * 1)
    #expect(try (#require(byScale?.first) - expected).magnitude < 1e-12)
    let none = try gradients(
      Tensor([0.3, -0.4, 9], shape: [3]), scale: Tensor(scalar: 0.5), dy: Tensor([2, 3, 5], shape: [3]),
      ["lowest": .int(-2), "highest": .int(1), "gradient_scale": .float(0)])
    #expect(none.scale == nil && none.x == byX)
  }

  /// With what rounding added to the quotient held fixed, y is differentiable, and differences of it are the estimator.
  @Test func theGradientByTheScaleIsThatOfDifferencesWithRoundingHeldFixed() throws {
    var generator = SeededGenerator(seed: 8)
    let (rows, columns) = (4, 37)
    let x = (0..<rows * columns).map { _ in generator.normal() }
    let dy = (0..<rows * columns).map { _ in generator.normal() }
    let scale = (0..<rows).map { _ in 0.1 + 0.2 * generator.uniform() }
    let (_, found) = try gradients(
      Tensor(x, shape: [rows, columns]), scale: Tensor(scale), dy: Tensor(dy, shape: [rows, columns]),
      Self.int8.merging(["axis": .int(0), "lowest": .int(-8), "highest": .int(7)]) { $1 })
    for row in 0..<rows {
      func surrogate(_ s: Double) -> Double {
        (row * columns..<(row + 1) * columns).reduce(0) { sum, index in
          let quotient = x[index] / scale[row]
          let level = quotient.rounded(.toNearestOrEven)
          let y = level < -8 ? -8 * s : level > 7 ? 7 * s : s * (x[index] / s + (level - quotient))
          return sum + dy[index] * y
        }
      }
      let step = 0x1p-20
      let differences = (surrogate(scale[row] + step) - surrogate(scale[row] - step)) / (2 * step)
      #expect(try (#require(found)[row] - differences).magnitude < 1e-6)
    }
  }

  @Test func rangesAndScalesThatCannotBeAreRefused() {
    let x = OperatorCase.Operand.variable(Tensor([1, 2] as [Float]))
    let scale = OperatorCase.Operand.constant(Tensor(scalar: 1 as Float))
    #expect(throws: GraphError.self) { try fake([x, scale], ["lowest": .int(3), "highest": .int(3)]) }
    #expect(throws: GraphError.self) { try fake([x, scale], ["lowest": .int(0), "highest": .int(1 << 21)]) }
    #expect(throws: GraphError.self) { try fake([x, .constant(Tensor(scalar: 0 as Float))], Self.int8) }
    #expect(throws: GraphError.self) { try fake([x, .constant(Tensor(scalar: 1.0))], Self.int8) }
  }

  @Test func signsAreOfAllNumbersAndTheirGradientIsClipped() throws {
    let x: [Float] = [0, -0.0, 0.5, -0.5, 1, -1, 1.5, -1.5, .nan]
    #expect(
      try OperatorCase(Binarize.name, "", [.variable(Tensor(x))]).evaluate()[0].values() == [1, 1, 1, -1, 1, -1, 1, -1, -1] as [Float])
    var builder = GraphBuilder(name: "signs")
    let input = try builder.input("x", ValueType(.float32, [9]))
    let dy = try builder.input("dy", ValueType(.float32, [9]))
    let node = Node(Binarize.name, name: "signs", inputs: [input], outputs: ["y"])
    try builder.append(node)
    var context = GradientContext(node: node, outputGradients: [dy], wanted: [true], builder: builder)
    let name = try #require(Binarize.gradient(&context)[0])
    let gradient = try ReferenceEvaluator(context.builder.graph, outputs: [name])
      .run(["x": Tensor(x), "dy": Tensor((1...9).map(Float.init))])[name]
    #expect(gradient?.values() == [1, 2, 3, 4, 5, 6, 0, 0, 0] as [Float])
  }
}
