import PareGraph
import PareONNX
import PareTensor
import Testing

@Suite struct ImportTests {
  private let rows = Tensor((0..<8).map { Float($0) / 4 - 1 }, shape: [2, 4])

  @Test func aPerceptronComputesWhatItsFileSays() throws {
    let model = try SampleFile.perceptron().decoded()
    let found = try model.evaluated(rows, binding: ["batch": 2])
    let w0: [Double] = (0..<24).map { Double(Float($0) / 16 - 0.7) }
    let w1: [Double] = (0..<18).map { Double(0.5 - Float($0) / 20) }
    let b1 = [0.25, -0.5, 0]
    let logits = try #require(found["logits"]).values(as: Float.self)
    for row in 0..<2 {
      let x: [Double] = rows.doubles[row * 4..<row * 4 + 4].map { $0 }
      var h: [Double] = []
      for unit in 0..<6 {
        var sum = Double(unit) / 8
        for index in 0..<4 { sum += x[index] * w0[unit * 4 + index] }
        h.append(max(0, sum))
      }
      for output in 0..<3 {
        var sum = b1[output]
        for unit in 0..<6 { sum += h[unit] * w1[output * 6 + unit] }
        // Ten products and sums of numbers below 8 in Float32.
        #expect(abs(Double(logits[row * 3 + output]) - sum) <= 12 * 8 * 0x1p-24)
      }
    }
  }

  @Test func aWeightBehindATransposeAndAnIdentityIsFoldedAndTrained() throws {
    let graph = try SampleFile.perceptron().decoded().graph
    #expect(graph.nodes.map(\.operatorName.type) == ["Gemm", "Relu", "MatMul", "Add", "Reshape", "Softmax"])
    let trained = graph.parameters.filter(\.value.isTrainable)
    #expect(Set(trained.keys) == ["w0", "b0", "t", "b1"])
    #expect(trained["t"]?.storage.shape == [6, 3])
  }

  @Test func aParameterUsedTwiceStaysOne() throws {
    var file = SampleFile()
    file.input("x", ValueType(.float32, ["n", 4]))
    file.initializer("w", Tensor([Float](repeating: 0.5, count: 16), shape: [4, 4]))
    file.node("Identity", ["w"], ["again"])
    file.node("MatMul", ["x", "w"], ["h"])
    file.node("MatMul", ["h", "again"], ["y"])
    file.output("y")
    let graph = try file.decoded().graph
    #expect(Array(graph.parameters.keys) == ["w"] && graph.nodes.count == 2)
  }

  @Test(arguments: ElementType.allCases) func everyElementTypeIsReadRawAndTyped(type: ElementType) throws {
    let count = 5
    var bytes = [UInt8](repeating: 0, count: count * type.byteCount)
    for index in 0..<count { bytes[index * type.byteCount] = type == .bool ? UInt8(index % 2) : UInt8(index + 1) }
    if type == .int4 { bytes[1] = 0xfe }
    let tensor = bytes.withUnsafeBytes { Tensor(elementType: type, shape: [5], bytes: $0) }
    let raw = WireTensor("c", tensor)
    var typed = WireTensor()
    typed.name = "c"
    typed.elementType = Int32(type.onnxDataType)
    typed.extents = [5]
    switch type {
    case .float32: typed.floatData = tensor.values()
    case .float64: typed.doubleData = tensor.values()
    case .int64: typed.int64Data = tensor.values()
    case .uint64: typed.uint64Data = tensor.values()
    case .uint32: typed.uint64Data = tensor.values(as: UInt32.self).map { UInt64($0) }
    case .float16, .bfloat16: typed.int32Data = (0..<count).map { Int32(bytes[2 * $0]) | Int32(bytes[2 * $0 + 1]) << 8 }
    case .int4, .uint4: typed.int32Data = raw.rawData.map { Int32($0) }
    default: typed.int32Data = tensor.doubles.map { Int32($0) }
    }
    for stored in [raw, typed] {
      var file = SampleFile()
      file.model.graph.initializers = [stored]
      file.output("c", ValueType(type, [5]))
      #expect(try file.decoded().graph.parameters["c"]?.storage.decoded() == tensor)
    }
  }

  @Test func fourBitsLieInTheLowHalfFirst() throws {
    let tensor = [UInt8(1), 0xf8, 7].withUnsafeBytes { Tensor(elementType: .int4, shape: [3], bytes: $0) }
    #expect(Array(WireTensor("c", tensor).rawData) == [0x81, 0x07])
  }

  @Test func functionsAndBranchesAreWrittenOut() throws {
    let model = try SampleFile.structured().decoded()
    #expect(model.graph.nodes.map(\.operatorName.type) == ["Add", "Softmax", "Add", "Softmax", "Relu", "Add"])
    #expect(model.graph.nodes[1].attributes == ["axis": .int(1)] && model.graph.nodes[3].attributes == ["axis": .int(0)])
    let found = try model.evaluated(rows, binding: ["batch": 2])["z"]!.values(as: Float.self)
    // Each column of a softmax over two rows sums to 1, and the branch adds 1 to each element.
    for column in 0..<4 { #expect(abs(found[column] + found[4 + column] - 3) < 1e-6) }
  }

  @Test func aFunctionThatCallsItselfIsRefused() throws {
    var file = SampleFile.structured()
    file.model.functions[0].nodes = [SampleFile.node("Twice", ["a"], ["y"], domain: "local")]
    #expect(try file.failure()?.code == "graph.function-depth")
  }

  @Test func functionsThatDoubleAreRefusedBeforeTheyFillMemory() throws {
    var file = SampleFile.structured()
    file.model.functions = (0..<30).map { level in
      let next = level == 29 ? ("Relu", "") : ("f\(level + 1)", "local")
      return SampleFile.function(
        "f\(level)", inputs: ["a"], outputs: ["y"],
        [SampleFile.node(next.0, ["a"], ["b"], domain: next.1), SampleFile.node(next.0, ["b"], ["y"], domain: next.1)])
    }
    file.model.graph.nodes = [SampleFile.node("f0", ["x"], ["z"], domain: "local")]
    #expect(try file.failure()?.code == "graph.too-large")
  }

  @Test func aConditionThatIsComputedIsNamed() throws {
    var file = SampleFile.structured()
    file.model.graph.initializers.removeAll { $0.name == "condition" }
    file.input("condition", ValueType(.bool, [1]))
    let error = try #require(try file.failure())
    #expect(error.code == "graph.constant" && error.found?.contains("'condition'") == true)
    let frozen = ONNXImportOptions(constants: ["condition": Tensor([false])])
    #expect(try file.decoded(options: frozen).graph.nodes.contains { $0.operatorName == "Sigmoid" })
  }

  @Test func nodesInAnyOrderAreSorted() throws {
    var file = SampleFile.perceptron()
    file.model.graph.nodes.reverse()
    let expected = try SampleFile.perceptron().decoded().evaluated(rows, binding: ["batch": 2])
    #expect(try file.decoded().evaluated(rows, binding: ["batch": 2]) == expected)
  }

  @Test func whatIsNoGraphIsRefused() throws {
    func failure(_ change: (inout SampleFile) -> Void) throws -> String? {
      var file = SampleFile.perceptron()
      change(&file)
      return try file.failure()?.code
    }
    #expect(try failure { $0.model.graph.nodes[0].inputs[0] = "p" } == "graph.cycle")
    #expect(try failure { $0.model.graph.nodes[1].outputs = ["h"] } == "graph.duplicate-value")
    #expect(try failure { $0.model.graph.nodes[1].outputs = ["w0"] } == "graph.duplicate-value")
    #expect(try failure { $0.initializer("w0", Tensor(scalar: Float(1))) } == "graph.duplicate-value")
    #expect(try failure { $0.model.graph.initializers.removeLast() } == "graph.missing-value")
    #expect(try failure { $0.model.graph.outputs[0].name = "none" } == "graph.missing-value")
    #expect(try failure { $0.model.graph.outputs = [] } == "onnx.content")
    #expect(try failure { $0.model.clearGraph() } == "onnx.content")
    #expect(try failure { $0.model.opsetImport[0].version = 29 } == "onnx.opset")
    #expect(try failure { $0.model.opsetImport[0].version = 12 } == "graph.opset")
  }

  @Test func anUnknownOperatorIsNamedWithItsOpsetAndWhatThereIs() throws {
    var file = SampleFile.perceptron()
    file.model.graph.nodes[1].operatorName = "NonMaxSuppression"
    let error = try #require(try file.failure())
    #expect(error.description.contains("node 'r' (NonMaxSuppression)"))
    #expect(error.found == "NonMaxSuppression of opset 21 of ai.onnx" && error.expected?.contains("Gemm") == true)
  }

  @Test func anInitializerIsNoInput() throws {
    var file = SampleFile.perceptron()
    file.model.irVersion = 3
    file.input("w0", ValueType(.float32, [6, 4]))
    #expect(try file.decoded().graph.inputs.map(\.name) == ["x"])
  }

  @Test func openExtentsGetNamesAndABatchCanBeBound() throws {
    var file = SampleFile()
    file.input("a", ValueType(.float32, ["", ""]))
    file.input("b", ValueType(.float32, ["", 3]))
    file.node("Concat", ["a", "b"], ["y"], ["axis": .int(1)])
    file.output("y")
    // Two open extents along the axis that is concatenated have no sum with a name.
    file.model.graph.inputs[0].type.tensor.shape.extents[1].number = 2
    #expect(try file.decoded().graph.inputs.map(\.type.dimensions) == [["batch", 2], ["batch", 3]])
    #expect(try file.decoded(options: ONNXImportOptions(batch: 7)).graph.outputs[0].type == ValueType(.float32, [7, 5]))
    #expect(try SampleFile.perceptron().failure(options: ONNXImportOptions(constants: ["none": Tensor([Float(1)])]))?.code == "onnx.constant")
  }

  @Test func aFrozenInputBindsTheExtentsItShares() throws {
    var file = SampleFile()
    file.input("a", ValueType(.float32, ["n", 2]))
    file.input("b", ValueType(.float32, ["n", 2]))
    file.node("Add", ["a", "b"], ["y"])
    file.output("y")
    let frozen = ONNXImportOptions(constants: ["b": Tensor([Float](repeating: 1, count: 6), shape: [3, 2])])
    #expect(try file.decoded(options: frozen).graph.inputs == [ValueInfo("a", ValueType(.float32, [3, 2]))])
  }

  @Test func outputsThatNoGraphHasAreDroppedWithANote() throws {
    var file = SampleFile.perceptron()
    var constant = SampleFile.node("Constant", [], ["names"])
    constant.attributes = [WireAttribute("value_strings", .strings(["down", "up"]))]
    file.model.graph.nodes.append(constant)
    file.node("Gather", ["names", "shape"], ["label"])
    file.output("label")
    file.model.graph.outputs[2].type.tensor.elementType = 8
    let model = try file.decoded()
    #expect(model.graph.outputs.map(\.name) == ["logits", "p"])
    #expect(model.sections["onnx"]?.contains("label: a tensor of strings") == true)
    file.model.graph.outputs.removeFirst(2)
    #expect(try file.failure()?.code == "onnx.outputs")
  }

  @Test func optionalOutputsThatNobodyUsesAreLeftOut() throws {
    var file = SampleFile()
    file.input("x", ValueType(.float32, ["n", 2]))
    file.node("Dropout", ["x"], ["y", "mask"])
    file.output("y")
    #expect(try file.decoded().graph.nodes[0].outputs == ["y"])
    file.output("mask", ValueType(.bool, []))
    #expect(try file.decoded().graph.nodes[0].outputs == ["y", "mask"])
  }

  @Test func aQuantizedWeightStaysQuantized() throws {
    var file = SampleFile()
    file.input("x", ValueType(.float32, ["n", 2]))
    file.initializer("q", Tensor([Int8(1), -2, 3, 4], shape: [2, 2]))
    file.initializer("s", Tensor(scalar: Float(0.5)))
    file.node("DequantizeLinear", ["q", "s"], ["w"])
    file.node("MatMul", ["x", "w"], ["y"])
    file.output("y")
    #expect(try file.decoded().graph.nodes.map(\.operatorName.type) == ["DequantizeLinear", "MatMul"])
  }

  @Test func anExpansionBeyondBoundsIsNotFolded() throws {
    var file = SampleFile()
    file.input("x", ValueType(.float32, ["n", 2]))
    file.initializer("a", Tensor([Float](repeating: 1, count: 1 << 16), shape: [1 << 16, 1]))
    for level in 0..<12 { file.node("Concat", [level == 0 ? "a" : "c\(level)", level == 0 ? "a" : "c\(level)"], ["c\(level + 1)"], ["axis": .int(1)]) }
    file.node("ReduceSum", ["c12"], ["sum"])
    file.node("Add", ["x", "sum"], ["y"])
    file.output("y")
    let graph = try file.decoded().graph
    #expect(graph.parameters.values.reduce(0) { $0 + $1.storage.byteCount } <= 1 << 27)
  }
}
