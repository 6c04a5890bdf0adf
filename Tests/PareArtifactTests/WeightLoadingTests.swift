import PareArtifact
import PareGraph
import PareTensor
import Testing

@Suite struct WeightLoadingTests {
  private static func graph() throws -> Graph {
    var builder = GraphBuilder(name: "linear")
    let x = try builder.input("x", ValueType(.float32, ["batch", 2]))
    let w = try builder.parameter("w", Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]), isTrainable: true)
    let b = try builder.parameter("b", Tensor([0, 0, 0] as [Float]), isTrainable: true)
    let scale = try builder.constant(Tensor(scalar: Float(2)), named: "scale")
    try builder.output(builder.apply("Mul", [builder.apply("Gemm", [x, w, b]), scale], output: "y"))
    return builder.graph
  }

  private static let weights = Tensor([9, 8, 7, 6, 5, 4] as [Float], shape: [2, 3])
  private static let bias = Tensor([1, 2, 3] as [Float])

  @Test func everyTrainableParameterTakesTheTensorOfItsName() throws {
    let result = try WeightLoading().load(
      ["w": Self.weights, "b": Self.bias, "other": Self.bias], into: Self.graph(), source: "file")
    #expect(result.loaded == ["w", "b"])
    #expect(result.unused == ["other"])
    #expect(result.graph.parameters["w"]?.storage.decoded() == Self.weights)
    #expect(result.graph.parameters["w"]?.isTrainable == true)
    #expect(result.graph.parameters["scale"] == (try Self.graph()).parameters["scale"])
  }

  @Test func aMapNamesTensorsAndTransposesThem() throws {
    let transposed = Tensor([9, 6, 8, 5, 7, 4] as [Float], shape: [3, 2])
    let result = try WeightLoading(names: ["w": "fc.weight^T", "b": "fc.bias"]).load(
      ["fc.weight": transposed, "fc.bias": Self.bias], into: Self.graph(), source: "file")
    #expect(result.graph.parameters["w"]?.storage.decoded() == Self.weights)
  }

  @Test func otherWidthsOfFloatingPointAreRounded() throws {
    let result = try WeightLoading().load(
      ["w": Self.weights, "b": Tensor([1, 2, 3] as [Double])], into: Self.graph(), source: "file")
    #expect(result.graph.parameters["b"]?.storage.decoded() == Self.bias)
  }

  @Test func whatDoesNotFitIsRefusedByName() throws {
    func refuses(_ loading: WeightLoading, _ tensors: [String: Tensor]) throws {
      let graph = try Self.graph()
      #expect(throws: ArtifactError.self) { try loading.load(tensors, into: graph, source: "file") }
    }
    try refuses(WeightLoading(), ["w": Self.weights])
    try refuses(WeightLoading(), ["w": Self.weights, "b": Self.weights])
    try refuses(WeightLoading(), ["w": Self.weights, "b": Tensor([1, 2, 3] as [Int32])])
    try refuses(WeightLoading(names: ["v": "w"]), ["w": Self.weights, "b": Self.bias])
    try refuses(WeightLoading(names: ["b": "b^T"]), ["w": Self.weights, "b": Self.bias])
  }
}
