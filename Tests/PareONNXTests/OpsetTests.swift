import PareGraph
import PareONNX
import PareTensor
import Testing

/// Older spellings of an operator are read as the newest one.
@Suite struct OpsetTests {
  private let rows = Tensor((0..<8).map { Float($0) }, shape: [2, 4])

  private func output(
    _ opset: Int, _ type: String, _ attributes: [String: Attribute], inputs: [String: Tensor] = [:], outputs: [String] = ["y"]
  ) throws -> [String: Tensor] {
    var file = SampleFile(opset: opset)
    file.input("x", ValueType(.float32, [2, 4]))
    for (name, tensor) in inputs { file.initializer(name, tensor) }
    file.node(type, ["x"] + inputs.keys.sorted(), outputs, attributes)
    for output in outputs { file.output(output) }
    return try file.decoded().evaluated(rows)
  }

  @Test(arguments: ["ReduceMax", "ReduceMin", "ReduceMean", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"])
  func axesOfAReductionWereAnAttribute(type: String) throws {
    let old = try output(13, type, ["axes": .ints([1]), "keepdims": .int(0)])
    #expect(try output(18, type, ["keepdims": .int(0)], inputs: ["axes": Tensor([Int64(1)])]) == old)
    #expect(try output(17, type, [:]) == output(18, type, [:]))
  }

  @Test func aSplitDividedEvenly() throws {
    let parts = try output(13, "Split", ["axis": .int(1)], outputs: ["a", "b"])
    #expect(parts["b"]?.values(as: Float.self) == [2, 3, 6, 7])
  }

  @Test func castLikeIsACast() throws {
    #expect(try output(19, "CastLike", ["saturate": .int(1)], inputs: ["like": Tensor([Int64(1)])])["y"] == Tensor((0..<8).map { Int64($0) }, shape: [2, 4]))
  }

  @Test(.enabled(if: OperatorCatalogue.definition(named: "GroupNormalization") != nil))
  func groupsHadAScaleEach() throws {
    let scale = Tensor([Float(2), 3]), bias = Tensor([Float(1), -1])
    func normalized(_ opset: Int, _ scale: Tensor, _ bias: Tensor) throws -> Tensor? {
      var file = SampleFile(opset: opset)
      file.input("x", ValueType(.float32, [1, 4, 2]))
      file.initializer("s", scale)
      file.initializer("b", bias)
      file.node("GroupNormalization", ["x", "s", "b"], ["y"], ["num_groups": .int(2)])
      file.output("y")
      return try file.decoded().evaluated(rows.reshaped(to: [1, 4, 2]))["y"]
    }
    #expect(try normalized(18, scale, bias) == normalized(21, Tensor([Float(2), 2, 3, 3]), Tensor([Float(1), 1, -1, -1])))
  }

  @Test(.enabled(if: OperatorCatalogue.definition(named: "Expand") != nil))
  func aConstantOfShapeIsItsValueRepeated() throws {
    var file = SampleFile()
    file.initializer("shape", Tensor([Int64(2), 3]))
    file.node("ConstantOfShape", ["shape"], ["y"])
    file.model.graph.nodes[0].attributes = [WireAttribute("value", Tensor([Int32(7)]))]
    file.output("y", ValueType(.int32, []))
    #expect(try file.decoded().graph.parameters["y"]?.storage.decoded() == Tensor([Int32](repeating: 7, count: 6), shape: [2, 3]))
  }

  @Test func operatorsThatNeverChangedAreReadFromOlderFiles() throws {
    #expect(try output(9, "Identity", [:])["y"] == rows)
    var file = SampleFile(opset: 9)
    file.input("x", ValueType(.float32, [2, 4]))
    file.node("Softmax", ["x"], ["y"])
    file.output("y")
    #expect(try file.failure()?.code == "graph.opset")
  }
}
