import PareGraph
import PareTensor
import PareTraining
import Testing

/// Which element-wise nodes have a fast form, and that it gives the bits of the reference where it says so.
struct ElementwiseFormTests {
  private static func draw(_ shape: Shape, seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return Tensor((0..<shape.elementCount).map { _ in Float(generator.normal() * 3) }, shape: shape)
  }

  /// A node with its operands; those of Float32 are inputs, others constants.
  private func check(
    _ node: Node, _ operands: [Tensor], isFast: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var builder = GraphBuilder(name: "form")
    var inputs: [String: Tensor] = [:]
    for (name, tensor) in zip(node.inputs, operands) where !name.isEmpty {
      if tensor.elementType == .float32, tensor.elementCount > 1 {
        _ = try builder.input(name, ValueType(tensor))
        inputs[name] = tensor
      } else {
        _ = try builder.parameter(name, tensor, isTrainable: false)
      }
    }
    try builder.append(node)
    for output in node.outputs { try builder.output(output) }
    let executor = try BatchExecutor(builder.graph)
    #expect(executor.referenceNodes.isEmpty == isFast, sourceLocation: sourceLocation)
    #expect(
      try executor.run(inputs) == ReferenceEvaluator(builder.graph).run(inputs), "\(node.operatorName)",
      sourceLocation: sourceLocation)
  }

  private func node(_ name: OperatorName, _ count: Int, _ attributes: [String: Attribute] = [:], outputs: Int = 1) -> Node {
    Node(name, name: "subject", inputs: (0..<count).map { "x\($0)" }, outputs: (0..<outputs).map { "y\($0)" }, attributes: attributes)
  }

  @Test func whatIsExactEqualsTheReferenceToTheBit() throws {
    let (x, y) = (Self.draw([5, 33], seed: 1), Self.draw([5, 33], seed: 2))
    for name in ["Abs", "Sqrt", "Reciprocal", "HardSwish", "HardSigmoid", "Neg", "Relu"] as [OperatorName] {
      try check(node(name, 1), [x])
    }
    for name in [
      "Max", "Min", "pare.AbsGradient", "pare.ReciprocalGradient", "pare.HardSwishGradient", "pare.HardSigmoidGradient",
    ] as [OperatorName] {
      try check(node(name, 2), [x, y])
    }
    try check(node("HardSigmoid", 1, ["alpha": .float(0.25), "beta": .float(0.4)]), [x])
    try check(node("pare.ClipGradient", 4), [x, y, Tensor(scalar: -1 as Float), Tensor(scalar: 2 as Float)])
  }

  @Test func squaresAreFastAndOtherPowersAreNot() throws {
    let x = Self.draw([4, 9], seed: 1)
    try check(node("Pow", 2), [x, Tensor(scalar: 2 as Float)])
    try check(node("Pow", 2), [x, Tensor([2] as [Int64])])
    try check(node("Pow", 2), [x, Tensor(scalar: 3 as Float)], isFast: false)
    try check(node("pare.PowGradient", 3), [Self.draw([4, 9], seed: 2), x, Tensor(scalar: 2 as Float)])
    // More axes than the base has.
    try check(node("Pow", 2), [x, Tensor([2] as [Float], shape: [1, 1, 1])], isFast: false)
  }

  @Test(arguments: [
    ([2, 1, 1, 5], [2, 3, 5, 5]), ([2, 3, 5, 5], [5, 1]), ([1, 3, 1, 5], [2, 1, 5, 1]), ([], [2, 3]), ([0, 3], [3]),
    ([2, 1, 3, 1, 2], [1, 4, 1, 5, 1]),
  ] as [([Int], [Int])])
  func operandsBroadcastOverAnyAxes(_ left: [Int], _ right: [Int]) throws {
    let operands = [Self.draw(Shape(left), seed: 1), Self.draw(Shape(right), seed: 2)]
    for name in ["Add", "Mul", "Max"] as [OperatorName] { try check(node(name, 2), operands) }
  }

  @Test(arguments: [
    ([2, 1, 1, 5], [2, 3, 5, 5], []), ([5, 5], [], [2, 3, 5, 5]), ([2, 3, 5, 1], [5], [2, 3, 5, 5]), ([1], [4], [4]),
    ([3, 1], [1, 4], [1, 1]),
  ] as [([Int], [Int], [Int])])
  func choicesBroadcastOverAnyAxes(_ condition: [Int], _ left: [Int], _ right: [Int]) throws {
    var generator = SeededGenerator(seed: 3)
    let truths = Tensor((0..<Shape(condition).elementCount).map { _ in generator.below(2) == 1 }, shape: Shape(condition))
    try check(node("Where", 3), [truths, Self.draw(Shape(left), seed: 1), Self.draw(Shape(right), seed: 2)])
  }

  @Test func dropoutDropsWhatTheReferenceDrops() throws {
    let x = Self.draw([7, 31], seed: 1)
    let ratio = Tensor(scalar: 0.3 as Float)
    try check(node("Dropout", 3, ["seed": .int(4)], outputs: 2), [x, ratio, Tensor(scalar: true)])
    try check(node("Dropout", 3, ["seed": .int(4)]), [x, ratio, Tensor(scalar: true)])
    try check(node("Dropout", 2, outputs: 2), [x, ratio])
  }
}
