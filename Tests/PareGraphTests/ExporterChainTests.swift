import PareGraph
import PareTensor
import Testing

/// What exporters write around a batch whose size is not known yet.
@Suite struct ExporterChainTests {
  private static func builder(_ dimensions: [Dimension]) throws -> (GraphBuilder, String) {
    var builder = GraphBuilder(name: "chain")
    let x = try builder.input("x", ValueType(.float32, dimensions))
    return (builder, x)
  }

  private static func integers(_ builder: inout GraphBuilder, _ values: Int64...) throws -> String {
    try builder.constant(Tensor(values))
  }

  @Test func aStateOfZerosTakesTheBatchFromTheInput() throws {
    var (builder, x) = try Self.builder(["batch", 50, 20])
    let shape = try builder.apply("Shape", [x])
    let batch = try builder.apply("Gather", [shape, builder.constant(Tensor(scalar: Int64(0)))])
    let one = try Self.integers(&builder, 0)
    let row = try builder.apply("Unsqueeze", [batch, one])
    let layers = try Self.integers(&builder, 2)
    let width = try Self.integers(&builder, 64)
    let target = try builder.apply("Concat", [layers, row, width], attributes: ["axis": .int(0)])
    let zeros = try builder.apply("Expand", [builder.constant(Tensor(scalar: 0 as Float)), target])
    #expect(try builder.type(of: zeros) == ValueType(.float32, [2, "batch", 64]))
  }

  @Test func headsAreSplitAndJoined() throws {
    var (builder, x) = try Self.builder(["batch", 50, 64])
    let heads = try builder.apply("Reshape", [x, Self.integers(&builder, 0, 50, 4, 16)])
    let moved = try builder.apply("Transpose", [heads], attributes: ["perm": .ints([0, 2, 1, 3])])
    let flat = try builder.apply("Reshape", [moved, Self.integers(&builder, -1, 50, 16)])
    #expect(try builder.type(of: flat).dimensions[0].description == "4·batch")
    let back = try builder.apply("Reshape", [flat, Self.integers(&builder, -1, 4, 50, 16)])
    #expect(try builder.type(of: back) == ValueType(.float32, ["batch", 4, 50, 16]))
  }

  @Test func symbolsAreFoldedIntoTheBatchAndBack() throws {
    var (builder, x) = try Self.builder(["batch", 30, 16])
    let shape = try builder.apply("Shape", [x])
    let zero = try builder.constant(Tensor(scalar: Int64(0)))
    let batch = try builder.apply("Gather", [shape, zero])
    let rows = try builder.apply("Mul", [batch, builder.constant(Tensor(scalar: Int64(30)))])
    let axis = try Self.integers(&builder, 0)
    let target = try builder.apply(
      "Concat", [builder.apply("Unsqueeze", [rows, axis]), Self.integers(&builder, 16)], attributes: ["axis": .int(0)])
    let flat = try builder.apply("Reshape", [x, target])
    #expect(try builder.type(of: flat).dimensions.map(\.description) == ["30·batch", "16"])
    let back = try builder.apply("Reshape", [flat, shape])
    #expect(try builder.type(of: back) == ValueType(.float32, ["batch", 30, 16]))
  }

  @Test func aPlaceholderIsReplacedWhereExportersTestForIt() throws {
    var (builder, x) = try Self.builder(["batch", 1, 64])
    let shape = try builder.apply("Shape", [x])
    let asked = try builder.apply(
      "Concat", [builder.apply("Slice", [shape, Self.integers(&builder, 0), Self.integers(&builder, 1)]), Self.integers(&builder, -1, 64)],
      attributes: ["axis": .int(0)])
    let isPlaceholder = try builder.apply("Equal", [asked, Self.integers(&builder, -1)])
    let ones = try Self.integers(&builder, 1, 1, 1)
    let target = try builder.apply("Where", [isPlaceholder, ones, asked])
    let expanded = try builder.apply("Expand", [x, target])
    #expect(try builder.type(of: expanded) == ValueType(.float32, ["batch", 1, 64]))
  }

  @Test func aNamedAxisIsTakenWholeOrAtAnEnd() throws {
    var (builder, x) = try Self.builder(["batch", 8])
    func slice(_ start: Int64, _ end: Int64) throws -> ValueType {
      let inputs = [x, try Self.integers(&builder, start), try Self.integers(&builder, end), try Self.integers(&builder, 0)]
      let slice = try builder.apply("Slice", inputs)
      return try builder.type(of: slice)
    }
    #expect(try slice(0, .max) == ValueType(.float32, ["batch", 8]))
    #expect(try slice(-1, .max) == ValueType(.float32, [1, 8]))
    #expect(throws: GraphError.self) { try slice(0, 3) }
  }

  @Test func whatOnlyComputesShapesIsGoneOnceTheBatchIsKnown() throws {
    var (builder, x) = try Self.builder(["batch", 4])
    let target = try builder.apply(
      "Concat", [builder.apply("Shape", [x]), Self.integers(&builder, 1)], attributes: ["axis": .int(0)])
    let y = try builder.apply("Reshape", [x, target], output: "y")
    try builder.output(y)
    let bound = try builder.graph.specialized(["batch": 3])
    #expect(bound.nodes.map { $0.operatorName } == ["Reshape"])
    #expect(bound.outputs[0].type == ValueType(.float32, [3, 4, 1]))
    let rows = Tensor((0..<12).map { Float($0) }, shape: [3, 4])
    #expect(try ReferenceEvaluator(builder.graph, binding: ["batch": 3]).run(["x": rows])["y"]?.doubles == rows.doubles)
  }

  @Test func indicesOutOfRangeAreAnErrorWhenRun() throws {
    let subject = OperatorCase("Gather", "", [.variable(.sample([3])), .variable(Tensor([3] as [Int64]))])
    #expect(throws: GraphError.self) { try subject.evaluate() }
  }
}
