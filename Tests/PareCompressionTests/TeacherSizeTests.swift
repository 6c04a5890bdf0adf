import PareArtifact
import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

/// The sizes that `docs/techniques/README.md` states for the network 20-128-64-32-3.
@Suite struct TeacherSizeTests {
  static func model() throws -> Model {
    let normalizer = Normalizer(offset: [Float](repeating: 0.1, count: 20), scale: [Float](repeating: 2, count: 20))
    return Model(
      graph: try MultilayerPerceptron(inputs: 20, hidden: [128, 64, 32], outputs: 3).graph(
        seed: 1, normalizer: normalizer, thresholds: DecisionThresholds(short: 0.4, long: 0.4)))
  }

  static func compressed(@RecipeBuilder _ steps: () -> [any CompressionTechnique]) throws -> Model {
    var generator = SeededGenerator(seed: 1)
    let rows = try TrainingData(["features": Tensor((0..<200 * 20).map { _ in Float(generator.normal()) }, shape: [200, 20])])
    return try Recipe("sizes", steps: steps).apply(to: model(), in: CompressionContext(training: rows)).model
  }

  /// Bytes of weights, biases and their scales.
  static func bytes(_ model: Model) -> Int {
    model.graph.parameters.filter { $0.key.hasPrefix("dense_") }.values.reduce(0) { $0 + $1.storage.byteCount }
  }

  @Test func theyAreAsTheArticleSays() throws {
    #expect(try Self.bytes(Self.model()) == 52_492)
    #expect(try Self.bytes(Self.compressed { LowRankFactorization(.ratio(0.5)) }) == 25_752)
    #expect(try Self.bytes(Self.compressed { Pruning(sparsity: 0.5, scope: .perLayer) }) == 28_312)
    #expect(try Self.bytes(Self.compressed { Quantization(.int8) }) == 14_712)
    let both = try Self.compressed {
      Pruning(sparsity: 0.5, scope: .perLayer)
      Quantization(.int8)
    }
    #expect(Self.bytes(both) <= 9_876)
    #expect(try Self.bytes(Self.compressed { WeightSharing(bits: 4) }) <= 7_612)
  }

  @Test func theWholeFileInIntegersIsAtMost35PerCent() throws {
    let real = try Artifact.encode(Self.model()).count
    let integer = try Artifact.encode(Self.compressed { Quantization(.int8) }).count
    #expect(Double(integer) <= 0.35 * Double(real), "\(integer) of \(real) bytes")
  }
}
