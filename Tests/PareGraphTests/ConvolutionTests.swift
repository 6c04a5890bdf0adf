import PareGraph
import PareTensor
import Testing

/// Values worked out by hand, and what is refused. Laws that hold for every operator are in `OperatorLawTests`.
struct ConvolutionTests {
  private func evaluate(
    _ name: OperatorName, _ operands: [Tensor], _ attributes: [String: Attribute] = [:], outputs: Int = 1
  ) throws -> [Tensor] {
    try OperatorCase(name, "", operands.map { .variable($0) }, attributes, outputs: outputs).evaluate()
  }

  private let line = Tensor([1, 2, 3, 4, 5] as [Float], shape: [1, 1, 5])
  private let taps = Tensor([1, 10, 100] as [Float], shape: [1, 1, 3])

  @Test func aConvolutionDoesNotTurnItsKernelAround() throws {
    #expect(try evaluate("Conv", [line, taps])[0].doubles == [321, 432, 543])
    #expect(try evaluate("Conv", [line, taps], ["pads": .ints([1, 1])])[0].doubles == [210, 321, 432, 543, 54])
    #expect(try evaluate("Conv", [line, taps], ["dilations": .ints([2])])[0].doubles == [531])
    #expect(try evaluate("Conv", [line, taps, Tensor([0.5] as [Float])], ["strides": .ints([2])])[0].doubles == [321.5, 543.5])
  }

  @Test func theOddElementOfSamePaddingLiesWhereItIsSaid() throws {
    let pair = Tensor([1, 10] as [Float], shape: [1, 1, 2])
    #expect(try evaluate("Conv", [line, pair], ["auto_pad": .string("SAME_UPPER")])[0].doubles == [21, 32, 43, 54, 5])
    #expect(try evaluate("Conv", [line, pair], ["auto_pad": .string("SAME_LOWER")])[0].doubles == [10, 21, 32, 43, 54])
    #expect(try evaluate("Conv", [line, pair], ["auto_pad": .string("VALID")])[0].doubles == [21, 32, 43, 54])
  }

  @Test func aTransposedConvolutionSpreadsItsInput() throws {
    let x = Tensor([1, 2] as [Float], shape: [1, 1, 2])
    #expect(try evaluate("ConvTranspose", [x, taps])[0].doubles == [1, 12, 120, 200])
    #expect(
      try evaluate("ConvTranspose", [x, taps], ["strides": .ints([2]), "output_padding": .ints([1])])[0].doubles
        == [1, 10, 102, 20, 200, 0])
    #expect(
      try evaluate("ConvTranspose", [x, taps], ["strides": .ints([2]), "output_shape": .ints([4])])[0].doubles
        == [10, 102, 20, 200])
    #expect(
      try evaluate("ConvTranspose", [x, taps], ["strides": .ints([2]), "auto_pad": .string("SAME_UPPER")])[0].doubles
        == [1, 10, 102, 20])
  }

  @Test func maximaLieWhereTheirIndicesSay() throws {
    let x = Tensor([1, 5, 2, 7, 3, 4] as [Float], shape: [1, 1, 2, 3])
    for (order, expected) in [(0, [3, 1] as [Int64]), (1, [1, 2])] {
      let pooled = try evaluate(
        "MaxPool", [x], ["kernel_shape": .ints([2, 2]), "storage_order": .int(order)], outputs: 2)
      #expect(pooled[0].doubles == [7, 5])
      #expect(pooled[1].values(as: Int64.self) == expected)
    }
    let bytes = Tensor([-3, -1, -2] as [Int8], shape: [1, 1, 3])
    #expect(
      try evaluate("MaxPool", [bytes], ["kernel_shape": .ints([2]), "pads": .ints([1, 1])])[0].values() == [-3, -1, -1, -2] as [Int8])
    let broken = Tensor([1, .nan, 2] as [Float], shape: [1, 1, 3])
    #expect(try evaluate("MaxPool", [broken], ["kernel_shape": .ints([3])])[0].doubles[0].isNaN)
  }

  @Test func paddingCountsInAMeanOnlyIfAsked() throws {
    let padded: [String: Attribute] = ["kernel_shape": .ints([3]), "pads": .ints([1, 1])]
    #expect(try evaluate("AveragePool", [line], padded)[0].doubles == [1.5, 2, 3, 4, 4.5])
    let counted = padded.merging(["count_include_pad": .int(1)]) { $1 }
    #expect(try evaluate("AveragePool", [line], counted)[0].doubles == [1, 2, 3, 4, 3])
    // The last window reaches beyond the padding, and only what is padding counts.
    let rounded = counted.merging(["strides": .ints([3]), "ceil_mode": .int(1), "pads": .ints([0, 0])]) { $1 }
    #expect(try evaluate("AveragePool", [line], rounded)[0].doubles == [2, 4.5])
  }

  @Test func runningAveragesMoveTowardsTheBatch() throws {
    let x = Tensor([1, 3, 5, 7] as [Float], shape: [2, 1, 2])
    let one = Tensor([1] as [Float])
    let results = try evaluate(
      "BatchNormalization", [x, Tensor([2] as [Float]), one, Tensor([8] as [Float]), Tensor([1] as [Float])],
      ["training_mode": .int(1), "epsilon": .float(4), "momentum": .float(0.5)], outputs: 3)
    // Mean 4, variance 5, and √(5 + 4) = 3.
    #expect(results[0].doubles.map { ($0 * 3).rounded() } == [-3, 1, 5, 9])
    #expect(results[1].doubles == [6])
    #expect(results[2].doubles == [3])
  }

  @Test func anEmptyBatchIsConvolvedToNothing() throws {
    let nothing = Tensor(zeros: .float32, shape: [0, 1, 5])
    #expect(try evaluate("Conv", [nothing, taps])[0].shape == [0, 1, 3])
    #expect(try evaluate("AveragePool", [nothing], ["kernel_shape": .ints([2])])[0].shape == [0, 1, 4])
  }

  @Test func aNamedExtentIsKeptWhereTheWindowKeepsIt() throws {
    var builder = GraphBuilder(name: "named")
    let x = try builder.input("x", ValueType(.float32, ["batch", 2, "steps"]))
    let w = try builder.parameter("w", .sample([3, 2, 3]), isTrainable: true)
    let y = try builder.apply("Conv", [x, w], attributes: ["pads": .ints([2, 0])])
    #expect(try builder.type(of: y).dimensions == ["batch", 3, "steps"])
    let error = #expect(throws: GraphError.self) { try builder.apply("Conv", [x, w]) }
    #expect(error?.code == "graph.constant")
  }

  static let hostile: [(OperatorName, [Shape], [String: Attribute])] = [
    ("Conv", [[1, 1, 5], [1, 1, 6]], [:]),
    ("Conv", [[1, 1, 5], [1, 1, 0]], [:]),
    ("Conv", [[1, 2, 5], [1, 1, 3]], [:]),
    ("Conv", [[1, 1], [1, 1]], [:]),
    ("Conv", [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]], [:]),
    ("Conv", [[1, 1, 5], [3, 1, 3]], ["group": .int(2)]),
    ("Conv", [[1, 1, 5], [3, 1, 3]], ["group": .int(0)]),
    ("Conv", [[1, 1, 5], [3, 1, 3]], ["group": .int(.max)]),
    ("Conv", [[1, 1, 5], [1, 1, 3]], ["strides": .ints([0])]),
    ("Conv", [[1, 1, 5], [1, 1, 3]], ["strides": .ints([-1])]),
    ("Conv", [[1, 1, 5], [1, 1, 3]], ["dilations": .ints([.max])]),
    ("Conv", [[1, 1, 5], [1, 1, 3]], ["dilations": .ints([Int(Int32.max)])]),
    ("Conv", [[1, 1, 5], [1, 1, 3]], ["pads": .ints([.max, .max])]),
    ("Conv", [[1, 1, 5], [1, 1, 3]], ["pads": .ints([-1, 0])]),
    ("Conv", [[1, 1, 5], [1, 1, 3]], ["pads": .ints([1])]),
    ("Conv", [[1, 1, 5], [1, 1, 3]], ["kernel_shape": .ints([2])]),
    ("Conv", [[1, 1, 5], [1, 1, 3]], ["auto_pad": .string("SAME")]),
    ("ConvTranspose", [[1, 1, 5], [1, 1, 3]], ["strides": .ints([.max])]),
    ("ConvTranspose", [[1, 1, 5], [1, 1, 3]], ["pads": .ints([100, 100])]),
    ("ConvTranspose", [[1, 1, 5], [1, 1, 3]], ["output_padding": .ints([-1])]),
    ("ConvTranspose", [[1, 1, 5], [1, 1, 3]], ["output_shape": .ints([.min])]),
    ("ConvTranspose", [[1, 1, 0], [1, 1, 3]], [:]),
    ("MaxPool", [[1, 1, 5]], [:]),
    ("MaxPool", [[1, 1, 5]], ["kernel_shape": .ints([6])]),
    ("MaxPool", [[1, 1, 5, 5, 5]], ["kernel_shape": .ints([Int](repeating: Int(Int32.max), count: 3)), "auto_pad": .string("SAME_UPPER")]),
    ("AveragePool", [[1, 1]], ["kernel_shape": .ints([])]),
    ("LpPool", [[1, 1, 5]], ["kernel_shape": .ints([2]), "p": .int(0)]),
    ("GlobalLpPool", [[1, 1, 5]], ["p": .int(-1)]),
    ("BatchNormalization", [[2, 3], [3], [3], [3], [2]], [:]),
    ("GroupNormalization", [[2, 3, 4], [3], [3]], ["num_groups": .int(2)]),
    ("GroupNormalization", [[2, 3, 4], [3], [3]], [:]),
    ("LpNormalization", [[2, 3]], ["p": .int(3)]),
    ("MeanVarianceNormalization", [[2, 3]], [:]),
    ("LRN", [[2, 3, 4]], ["size": .int(0)]),
    ("LRN", [[2, 3, 4]], [:]),
  ]

  @Test(arguments: hostile.indices)
  func whatDoesNotFitIsRefused(_ index: Int) {
    let (name, shapes, attributes) = Self.hostile[index]
    #expect(throws: GraphError.self) { try evaluate(name, shapes.map { .sample($0) }, attributes) }
  }

  /// Numbers that are allowed and large, but need no room.
  @Test func hugeWindowsOverALittleAreWorkedOut() throws {
    let huge = Int(Int32.max)
    #expect(
      try evaluate("MaxPool", [line], ["kernel_shape": .ints([huge]), "strides": .ints([huge]), "auto_pad": .string("SAME_LOWER")])[0]
        .doubles == [5])
    #expect(
      try evaluate(
        "Conv", [line, taps], ["dilations": .ints([huge]), "pads": .ints([huge, huge])])[0].doubles == [10, 20, 30, 40, 50])
  }
}
