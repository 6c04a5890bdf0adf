import PareArtifact
import PareGraph
import PareTensor
import Testing

/// What weights with zeros weigh, as files.
@Suite struct SparseSizeTests {
  /// Every tenth weight, or so many of every 32.
  private static func weights(_ extent: Int, keeping kept: (Int) -> Bool) -> Tensor {
    Tensor((0..<extent * extent).map { kept($0) ? Float($0 % 97 + 1) / 97 : 0 }, shape: [extent, extent])
  }

  private static func file(_ storage: ParameterStorage) throws -> Int {
    var builder = GraphBuilder(name: "layer")
    let x = try builder.input("x", ValueType(.float32, ["batch", .fixed(storage.shape[1])]))
    let weight = try builder.parameter("weight", Parameter(storage, isTrainable: false))
    try builder.output(builder.apply("Gemm", [x, weight], attributes: ["transB": .int(1)]))
    return try Artifact.encode(Model(graph: builder.graph)).count
  }

  @Test(arguments: [512, 1024]) func nineTenthsPrunedIsAtMostAFifthOfTheFile(_ extent: Int) throws {
    let weights = Self.weights(extent) { $0 % 10 == 0 }
    let (dense, sparse) = (ParameterStorage(weights), ParameterStorage(weights, layout: .bitmask))
    let count = extent * extent
    #expect(sparse.byteCount == count / 8 + 4 * ((count + 9) / 10))
    #expect(sparse.decoded() == weights)
    let (whole, pruned) = (try Self.file(dense), try Self.file(sparse))
    #expect(Double(pruned) <= 0.132 * Double(whole), "\(pruned) of \(whole) bytes")
  }

  /// A bit a weight: 1/32 of Float32, 1/8 of INT8.
  @Test(arguments: [(ElementType.float32, 31, 32), (.int8, 7, 8)])
  func theMaskIsSmallerBelowItsBreakEvenDensityAndNotAtIt(_ type: ElementType, _ kept: Int, _ of: Int) throws {
    for few in [1, kept - 1, kept] {
      let values = Self.weights(64) { $0 % of < few }
      let weights = type == .int8 ? Tensor(values.values(as: Float.self).map { Int8(($0 * 97).rounded()) }, shape: values.shape) : values
      let (dense, sparse) = (ParameterStorage(weights), ParameterStorage(weights, layout: .bitmask))
      #expect((sparse.byteCount < dense.byteCount) == (few < kept))
      if few == kept { #expect(sparse.byteCount == dense.byteCount) }
    }
  }
}
