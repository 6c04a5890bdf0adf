import PareGraph
import PareModels
import PareTensor
import Testing

@Suite struct ModelScoresTests {
  private func builder() throws -> (GraphBuilder, String) {
    var builder = GraphBuilder(name: "scores")
    let x = try builder.input("x", ValueType(.float32, ["batch", 4]))
    return (builder, x)
  }

  /// A product with weights of one.
  private func dense(_ x: String, _ outputs: Int, _ builder: inout GraphBuilder, output: String? = nil) throws -> String {
    let weight = try builder.parameter("w\(outputs)", Tensor([Float](repeating: 1, count: 4 * outputs), shape: [4, outputs]), isTrainable: true)
    return try builder.apply("MatMul", [x, weight], name: "dense\(outputs)", output: output)
  }

  @Test func behindASoftmaxStandTheLogits() throws {
    var (builder, _) = try builder()
    let scores = try dense("x", 3, &builder)
    let soft = try builder.apply("Softmax", [scores], attributes: ["axis": .int(1)], name: "soft")
    try builder.output(try builder.apply("Identity", [soft], name: "zip", output: "p"))
    let found = try builder.graph.scores()
    #expect(found.value == scores && found.kind == .classes && found.rowDimensions == [3])
  }

  @Test func aSoftmaxOverRowsIsNoneOfAClassifier() throws {
    var (builder, _) = try builder()
    let scores = try dense("x", 3, &builder)
    try builder.output(try builder.apply("Softmax", [scores], attributes: ["axis": .int(0)], name: "soft", output: "p"))
    #expect(try builder.graph.scores().value == "p")
  }

  @Test func oneColumnIsANumber() throws {
    var (builder, _) = try builder()
    try builder.output(try dense("x", 1, &builder, output: "y"))
    #expect(try builder.graph.scores() == ModelScores(value: "y", kind: .numbers, rowDimensions: [1]))
    let error = #expect(throws: GraphError.self) { try builder.graph.scores(as: .classes) }
    #expect(error?.code == "graph.scores")
  }

  @Test func ofSeveralOutputsOneHasToBeNamed() throws {
    var (builder, _) = try builder()
    try builder.output(try dense("x", 3, &builder, output: "a"))
    try builder.output(try dense("x", 2, &builder, output: "b"))
    let error = #expect(throws: GraphError.self) { try builder.graph.scores() }
    #expect(error?.found?.contains("a: ") == true && error?.found?.contains("b: ") == true)
    #expect(try builder.graph.scores(named: "b").rowDimensions == [2])
    #expect(try builder.graph.scores(named: "a", as: .numbers).kind == .numbers)
    #expect(throws: GraphError.self) { try builder.graph.scores(named: "c") }
  }
}
