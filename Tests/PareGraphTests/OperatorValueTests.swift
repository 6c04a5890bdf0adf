import PareGraph
import PareTensor
import Testing

/// Outputs in Float64 against values computed with NumPy 2.4 and SciPy 1.17 (12 digits), or by hand.
@Suite struct OperatorValueTests {
  private func check(
    _ name: OperatorName, _ operands: [OperatorCase.Operand], _ attributes: [String: Attribute] = [:],
    gives expected: [Double], shape: Shape? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let output = try OperatorCase(name, "", operands, attributes).evaluate()[0]
    if let shape { #expect(output.shape == shape, sourceLocation: sourceLocation) }
    let found = output.doubles
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    for (found, expected) in zip(found, expected) {
      // Twelve digits were noted down.
      let isClose = found == expected || abs(found - expected) <= 1e-11 * abs(expected) || found.isNaN && expected.isNaN
      #expect(isClose, "found \(found), expected \(expected)", sourceLocation: sourceLocation)
    }
  }

  private func tensor(_ values: [Double], _ shape: Shape) -> OperatorCase.Operand { .variable(Tensor(values, shape: shape)) }

  private let line: OperatorCase.Operand = .variable(Tensor([-3.5, -1, -0.25, 0, 0.5, 2]))

  @Test func activations() throws {
    try check("Relu", [line], gives: [0, 0, 0, 0, 0.5, 2])
    try check("LeakyRelu", [line], ["alpha": .float(0.1)], gives: [-0.35, -0.1, -0.025, 0, 0.5, 2])
    try check("LeakyRelu", [line], gives: [-0.035, -0.01, -0.0025, 0, 0.5, 2])
    try check(
      "Sigmoid", [line],
      gives: [0.0293122307514, 0.26894142137, 0.437823499114, 0.5, 0.622459331202, 0.880797077978])
    try check(
      "Tanh", [line], gives: [-0.998177897611, -0.761594155956, -0.244918662404, 0, 0.46211715726, 0.964027580076])
    try check(
      "Gelu", [line],
      gives: [-0.000814201776624, -0.158655253931, -0.100323418579, 0, 0.345731230637, 1.9544997361])
    try check(
      "Gelu", [line], ["approximate": .string("tanh")],
      gives: [-0.000616197655374, -0.158808009392, -0.100324649298, 0, 0.345714009825, 1.95459769409])
  }

  @Test func elementaryFunctions() throws {
    try check("Neg", [line], gives: [3.5, 1, 0.25, 0, -0.5, -2])
    try check(
      "Exp", [line], gives: [0.0301973834223, 0.367879441171, 0.778800783071, 1, 1.6487212707, 7.38905609893])
    try check("Log", [tensor([0.25, 1, 2.5, 0, -1], [5])], gives: [-1.38629436112, 0, 0.916290731874, -.infinity, .nan])
    try check("Sqrt", [tensor([0.25, 1, 2.5, 0, -1], [5])], gives: [0.5, 1, 1.58113883008, 0, .nan])
  }

  @Test func theEndsOfTheRangeDoNotOverflow() throws {
    let ends = tensor([-800, 800, -.infinity, .infinity, .nan], [5])
    try check("Sigmoid", [ends], gives: [0, 1, 0, 1, .nan])
    try check("Tanh", [ends], gives: [-1, 1, -1, 1, .nan])
    try check("Gelu", [tensor([-800, 800, .infinity, .nan], [4])], gives: [0, 800, .infinity, .nan])
    try check("Softmax", [tensor([1000, 1000, -1000], [3])], gives: [0.5, 0.5, 0])
    try check("ReduceLogSumExp", [tensor([1000, 1000], [2])], ["keepdims": .int(0)], gives: [1000.69314718056])
  }

  @Test func notANumberStaysNotANumber() throws {
    let x = tensor([.nan, -1], [2])
    try check("Relu", [x], gives: [.nan, 0])
    try check("LeakyRelu", [x], ["alpha": .float(0.5)], gives: [.nan, -0.5])
    try check("Clip", [x, tensor([0], []), tensor([1], [])], gives: [.nan, 0])
    try check("Softmax", [x], gives: [.nan, .nan])
    try check("ReduceMax", [x], gives: [.nan])
    try check("ReduceMin", [x], gives: [.nan])
  }

  @Test func clipping() throws {
    try check("Clip", [line, tensor([-1], []), tensor([0.5], [])], gives: [-1, -1, -0.25, 0, 0.5, 0.5])
    try check("Clip", [line, .absent, tensor([0.25], [1])], gives: [-3.5, -1, -0.25, 0, 0.25, 0.25])
    try check("Clip", [line, tensor([1], []), tensor([-1], [])], gives: [-1, -1, -1, -1, -1, -1])
    try check("Clip", [line], gives: [-3.5, -1, -0.25, 0, 0.5, 2])
  }

  @Test func normalizationAlongAnAxis() throws {
    let x = tensor([1, -2, 0.5, 3, 0.25, -1], [2, 3])
    try check(
      "Softmax", [x],
      gives: [0.603748896149, 0.0300588875696, 0.366192216282, 0.924006473508, 0.0590697575925, 0.0169237688996])
    try check(
      "Softmax", [x], ["axis": .int(0)],
      gives: [0.119202922022, 0.0953494648991, 0.817574476194, 0.880797077978, 0.904650535101, 0.182425523806])
    try check(
      "LogSoftmax", [x],
      gives: [-0.504596902342, -3.50459690234, -1.00459690234, -0.0790362014041, -2.8290362014, -4.0790362014])
    try check(
      "LogSoftmax", [x], ["axis": .int(-2)],
      gives: [-2.12692801104, -2.35020655892, -0.201413277983, -0.126928011043, -0.100206558917, -1.70141327798])
  }

  @Test func products() throws {
    let a = tensor([1, 2, 3, 4, 5, 6], [2, 3])
    let b = tensor([1, 0.5, -1, 2, -2, 0.25], [2, 3])
    try check(
      "Gemm", [a, b, tensor([10, 20], [2])], ["alpha": .float(0.5), "beta": .float(2), "transB": .int(1)],
      gives: [19.5, 39.375, 20.25, 39.75], shape: [2, 2])
    try check("Gemm", [a, b], ["transA": .int(1)], gives: [9, -7.5, 0, 12, -9, -0.75, 15, -10.5, -1.5], shape: [3, 3])

    let batch = tensor((1...12).map { Double($0) * 0.5 }, [2, 2, 3])
    let matrix = tensor([1, -1, 0.5, 2, -2, 0], [3, 2])
    let vector = tensor([1, -2, 0.5], [3])
    try check("MatMul", [batch, matrix], gives: [-2, 1.5, -2.75, 3, -3.5, 4.5, -4.25, 6], shape: [2, 2, 2])
    try check("MatMul", [vector, matrix], gives: [-1, -5], shape: [2])
    try check("MatMul", [batch, vector], gives: [-0.75, -1.5, -2.25, -3], shape: [2, 2])
    try check("MatMul", [vector, vector], gives: [5.25], shape: [])
    try check(
      "MatMul", [batch, tensor([1, -1, 0.5, 2, -2, 0, 2, -2, 1, 4, -4, 0], [2, 1, 3, 2])],
      gives: [-2, 1.5, -2.75, 3, -3.5, 4.5, -4.25, 6, -4, 3, -5.5, 6, -7, 9, -8.5, 12], shape: [2, 2, 2, 2])
    try check("MatMul", [tensor([], [2, 0]), tensor([], [0, 2])], gives: [0, 0, 0, 0], shape: [2, 2])
  }

  @Test func arithmeticBroadcasts() throws {
    let row = tensor([1, 2, 4], [3])
    let column = tensor([10, -20], [2, 1])
    try check("Add", [row, column], gives: [11, 12, 14, -19, -18, -16], shape: [2, 3])
    try check("Sub", [row, column], gives: [-9, -8, -6, 21, 22, 24], shape: [2, 3])
    try check("Mul", [row, column], gives: [10, 20, 40, -20, -40, -80], shape: [2, 3])
    try check("Div", [column, row], gives: [10, 5, 2.5, -20, -10, -5], shape: [2, 3])
    try check("Div", [tensor([1, -1, 0], [3]), tensor([0], [])], gives: [.infinity, -.infinity, .nan])
    try check("Add", [tensor([], [2, 0]), tensor([1], [1, 1])], gives: [], shape: [2, 0])
  }

  @Test func integersWrapAround() throws {
    let a = OperatorCase.Operand.variable(Tensor([.max, 3] as [Int64]))
    let b = OperatorCase.Operand.variable(Tensor([1, -5] as [Int64]))
    func integers(_ name: OperatorName) throws -> [Int64] {
      try OperatorCase(name, "", [a, b]).evaluate()[0].values()
    }
    #expect(try integers("Add") == [.min, -2])
    #expect(try integers("Sub") == [.max - 1, 8])
    #expect(try integers("Mul") == [.max, -15])
    #expect(try integers("Div") == [.max, 0])
    let narrow = OperatorCase.Operand.variable(Tensor([.max, 3] as [Int32]))
    #expect(
      try OperatorCase("Add", "", [narrow, narrow]).evaluate()[0].values() == [-2, 6] as [Int32])
  }

  private struct Reduction: Sendable {
    var name: OperatorName
    var middle: [Double]
    var ends: [Double]
    var all: Double
  }

  private static let expectedReductions: [Reduction] = [
    .init(name: "ReduceSum", middle: [0.5, 5.5, 4.25, 1], ends: [2.75, 8.5], all: 11.25),
    .init(name: "ReduceMean", middle: [0.25, 2.75, 2.125, 0.5], ends: [0.6875, 2.125], all: 1.40625),
    .init(name: "ReduceMax", middle: [1, 3, 4, 2], ends: [2.5, 4], all: 4),
    .init(name: "ReduceMin", middle: [-0.5, 2.5, 0.25, -1], ends: [-1, -0.5], all: -1),
    .init(name: "ReduceProd", middle: [-0.5, 7.5, 1, -2], ends: [-0.625, -12], all: 7.5),
    .init(name: "ReduceL1", middle: [1.5, 5.5, 4.25, 3], ends: [4.75, 9.5], all: 14.25),
    .init(
      name: "ReduceL2", middle: [1.11803398875, 3.90512483795, 4.00780488547, 2.2360679775],
      ends: [2.88314064867, 5.4083269132], all: 6.12882533607),
    .init(name: "ReduceSumSquare", middle: [1.25, 15.25, 16.0625, 5], ends: [8.3125, 29.25], all: 37.5625),
    .init(
      name: "ReduceLogSumExp", middle: [1.20141327798, 3.47407698418, 4.02324546437, 2.04858735157],
      ends: [2.80654806134, 4.41496895049], all: 4.59746008301),
  ]

  @Test(arguments: expectedReductions)
  private func reductions(_ reduction: Reduction) throws {
    let x = tensor([1, 2.5, -0.5, 3, 0.25, -1, 4, 2], [2, 2, 2])
    try check(reduction.name, [x, .constant(.axes(1))], gives: reduction.middle, shape: [2, 1, 2])
    try check(reduction.name, [x, .constant(.axes(2, 0))], ["keepdims": .int(0)], gives: reduction.ends, shape: [2])
    try check(reduction.name, [x], gives: [reduction.all], shape: [1, 1, 1])
  }

  @Test func logarithmOfASum() throws {
    let x = tensor([1, 2.5, 0.5, 3, 0.25, 1, 4, 2], [2, 2, 2])
    try check(
      "ReduceLogSum", [x, .constant(.axes(1))],
      gives: [0.405465108108, 1.70474809224, 1.44691898294, 1.09861228867])
    try check("ReduceLogSum", [x], ["keepdims": .int(0)], gives: [2.65675690671], shape: [])
  }

  @Test func reductionsOverNothing() throws {
    let empty = tensor([], [2, 0])
    for (name, expected) in [
      ("ReduceSum", 0), ("ReduceMean", Double.nan), ("ReduceMax", -.infinity), ("ReduceMin", .infinity), ("ReduceProd", 1),
      ("ReduceL1", 0), ("ReduceL2", 0), ("ReduceSumSquare", 0), ("ReduceLogSum", -.infinity), ("ReduceLogSumExp", -.infinity),
    ] {
      try check(OperatorName(name), [empty, .constant(.axes(1))], ["keepdims": .int(0)], gives: [expected, expected])
    }
  }

  /// As ONNX's own reference does it: with `noop_with_empty_axes` every element is a group of its own.
  @Test func reductionsOverNoAxes() throws {
    let x = tensor([1, -2], [2])
    let noop: [String: Attribute] = ["noop_with_empty_axes": .int(1)]
    try check("ReduceSum", [x], noop, gives: [1, -2], shape: [2])
    try check("ReduceSumSquare", [x], noop, gives: [1, 4], shape: [2])
  }

  @Test func shapesChangeAndElementsStay() throws {
    let values = (0..<24).map(Double.init)
    let x = tensor(values, [2, 3, 4])
    try check("Identity", [x], gives: values, shape: [2, 3, 4])
    try check("Reshape", [x, .constant(.axes(4, -1))], gives: values, shape: [4, 6])
    try check("Reshape", [x, .constant(.axes(0, 0, 2, -1))], gives: values, shape: [2, 3, 2, 2])
    try check("Reshape", [tensor([], [0, 3]), .constant(.axes(3, 0))], ["allowzero": .int(1)], gives: [], shape: [3, 0])
    try check("Flatten", [x], gives: values, shape: [2, 12])
    try check("Flatten", [x], ["axis": .int(0)], gives: values, shape: [1, 24])
    try check("Flatten", [x], ["axis": .int(3)], gives: values, shape: [24, 1])
    try check(
      "Transpose", [x], ["perm": .ints([1, 2, 0])],
      gives: [0, 12, 1, 13, 2, 14, 3, 15, 4, 16, 5, 17, 6, 18, 7, 19, 8, 20, 9, 21, 10, 22, 11, 23], shape: [3, 4, 2])
    try check("Transpose", [tensor([1, 2, 3, 4, 5, 6], [2, 3])], gives: [1, 4, 2, 5, 3, 6], shape: [3, 2])
  }

  @Test func concatenationAndItsInverse() throws {
    let (a, b) = (tensor([1, 2, 3, 4], [2, 2]), tensor([5, 6], [2, 1]))
    try check("Concat", [a, b], ["axis": .int(1)], gives: [1, 2, 5, 3, 4, 6], shape: [2, 3])
    try check("Concat", [a, a], ["axis": .int(0)], gives: [1, 2, 3, 4, 1, 2, 3, 4], shape: [4, 2])
    let parts = try OperatorCase(
      "Split", "", [tensor([1, 2, 5, 3, 4, 6], [2, 3]), .constant(.axes(2, 1))], ["axis": .int(-1)], outputs: 2).evaluate()
    #expect(parts.map(\.doubles) == [[1, 2, 3, 4], [5, 6]])
    let uneven = try OperatorCase("Split", "", [tensor([1, 2, 3, 4, 5], [5])], ["num_outputs": .int(3)], outputs: 3)
      .evaluate()
    #expect(uneven.map(\.doubles) == [[1, 2], [3, 4], [5]])
  }

  @Test func bytesOfEveryTypeMove() throws {
    let x = OperatorCase.Operand.variable(Tensor([1, 2, 3, 4, 5, 6] as [Int16], shape: [2, 3]))
    #expect(try OperatorCase("Transpose", "", [x]).evaluate()[0].values() == [1, 4, 2, 5, 3, 6] as [Int16])
    let flags = OperatorCase.Operand.variable(Tensor([true, false]))
    #expect(
      try OperatorCase("Concat", "", [flags, flags], ["axis": .int(0)]).evaluate()[0]
        == Tensor([true, false, true, false]))
  }

  @Test func crossEntropyOfLabels() throws {
    let scores = tensor([1, -2, 0.5, 3, 0.25, -1, 0, 0, 1.5], [3, 3])
    let labels = OperatorCase.Operand.variable(Tensor([0, 2, 1] as [Int64]))
    let weights = tensor([1, 2, 0.5], [3])
    let name: OperatorName = "SoftmaxCrossEntropyLoss"
    func reduction(_ word: String, ignoring label: Int? = nil) -> [String: Attribute] {
      ["reduction": .string(word)].merging(label.map { ["ignore_index": .int($0)] } ?? [:]) { a, _ in a }
    }
    try check(name, [scores, labels], reduction("none"), gives: [0.504596902342, 4.0790362014, 1.8689811354], shape: [3])
    try check(name, [scores, labels], reduction("sum"), gives: [6.45261423915], shape: [])
    try check(name, [scores, labels], gives: [2.15087141305], shape: [])
    try check(name, [scores, labels, weights], reduction("none"), gives: [0.504596902342, 2.0395181007, 3.7379622708])
    try check(name, [scores, labels, weights], gives: [1.7948792211])
    try check(name, [scores, labels], reduction("none", ignoring: 2), gives: [0.504596902342, 0, 1.8689811354])
    try check(name, [scores, labels], reduction("mean", ignoring: 2), gives: [1.18678901887])
    try check(name, [scores, labels, weights], reduction("mean", ignoring: 2), gives: [1.41418639105])

    let both = try OperatorCase(name, "", [scores, labels], outputs: 2).evaluate()
    let expected = [
      -0.504596902342, -3.50459690234, -1.00459690234, -0.0790362014041, -2.8290362014, -4.0790362014, -1.8689811354,
      -1.8689811354, -0.368981135401,
    ]
    for (found, expected) in zip(both[1].doubles, expected) { #expect(abs(found - expected) < 1e-11) }

    try check(
      name,
      [
        tensor([-1, 0.75, -0.5, -0.25, 0, 0.25, 0.5, -0.75, 1, 1.25, -1.5, 1.75], [2, 3, 2]),
        .variable(Tensor([0, 2, 1, 1] as [Int64], shape: [2, 2])),
      ], reduction("none"), gives: [1.68026967064, 1.18026967064, 0.52390905618, 1.02390905618], shape: [2, 2])
  }

  @Test(arguments: [-1, 3, Int64.max, Int64.min])
  func aLabelOutsideTheClassesIsAnError(_ label: Int64) throws {
    let error = #expect(throws: GraphError.self) {
      try OperatorCase(
        "SoftmaxCrossEntropyLoss", "",
        [.variable(.sample([2, 3])), .variable(Tensor([0, label]))]).evaluate()
    }
    #expect(error?.code == "graph.label")
    #expect(error?.description.contains("\(label) at position 1") == true)
  }

  @Test func castsBetweenTypes() throws {
    func cast<From: TensorElement, To: TensorElement>(_ values: [From], to: To.Type) throws -> [To] {
      try OperatorCase(
        "Cast", "", [.variable(Tensor(values))], ["to": .int(To.elementType.onnxDataType)]).evaluate()[0].values()
    }
    #expect(try cast([-1.9, 1.9, 300, -300, .nan, .infinity] as [Float], to: Int8.self) == [-1, 1, 127, -128, 0, 127])
    #expect(try cast([-1, 1e30, 0x1p63] as [Double], to: UInt64.self) == [0, .max, 0x8000_0000_0000_0000])
    #expect(try cast([0x1p63, -0x1p63] as [Float], to: Int64.self) == [.max, .min])
    #expect(try cast([300, -1] as [Int32], to: UInt8.self) == [44, 255])
    #expect(try cast([.max] as [UInt64], to: Double.self) == [0x1p64])
    // One rounding, not two: by way of Float64 this would be 2⁶².
    #expect(try cast([(1 << 62) + (1 << 38) + 1] as [Int64], to: Float.self) == [0x1.000002p62])
    #expect(try cast([0, -0.0, 0.5, .nan] as [Float], to: Bool.self) == [false, false, true, true])
    #expect(try cast([true, false], to: Float.self) == [1, 0])
    #expect(try cast([0.1] as [Double], to: Float.self) == [0.1])
  }
}
