import PareArtifact
import PareCompression
import PareGraph
import PareInference
import PareTensor
import PareTraining
import Testing

@Suite struct EntropyCodingTests {
  /// A network most of whose weights are small.
  static func peaked(_ hidden: [Int]) throws -> Model {
    var model = try Fixture.model(hidden: hidden)
    var generator = SeededGenerator(seed: 17)
    for layer in model.graph.linearLayers {
      let weights = (0..<layer.shape.elementCount).map { _ -> Float in
        let number = generator.normal()
        return Float(0.1 * number * number * number)
      }
      model.graph.parameters[layer.weight]?.storage = ParameterStorage(Tensor(weights, shape: layer.shape))
    }
    return model
  }

  private func coded(_ model: Model) throws -> Model { try EntropyCoding().apply(to: model, in: CompressionContext()) }

  private static let steps: [any CompressionTechnique] = [
    Pruning(sparsity: 0.8), WeightSharing(bits: 4), WeightSharing(bits: 5, scope: .model), Quantization(.int8), Quantization(.int4),
    Quantization(.ternary), Quantization(.float16), Quantization(.bfloat16), Quantization(.kMeans(bits: 3)),
  ]

  @Test(arguments: steps) func theModelStaysWhatItWasInFewerBytes(_ step: any CompressionTechnique) throws {
    let model = try step.apply(to: Self.peaked([64, 64]), in: Fixture.context())
    let after = try coded(model)
    #expect(after.graph.nodes == model.graph.nodes)
    for (name, parameter) in model.graph.parameters {
      let stored = try #require(after.graph.parameters[name])
      #expect(stored.storage.decoded() == parameter.storage.decoded() && stored.isTrainable == parameter.isTrainable)
      #expect(stored.storage.uncoded() == parameter.storage)
    }
    let file = try Artifact.encode(after)
    #expect(try file.count < Artifact.encode(model).count)
    let rows = try Fixture.rows(16)
    let read = try Artifact.decode(file)
    #expect(try Scorer(read.graph, outputs: ["logits"]).values(rows) == Scorer(model.graph, outputs: ["logits"]).values(rows))
    #expect(try ExecutionPlan(read).steps.map(\.kernel) == ExecutionPlan(model).steps.map(\.kernel))
  }

  @Test func noParameterIsCodedThatWouldMakeTheFileLarger() throws {
    for width in [4, 8, 12, 16, 24, 32] {
      let model = try Quantization(.int8).apply(to: Self.peaked([width, width]), in: Fixture.context())
      let after = try coded(model)
      #expect(try Artifact.encode(after).count <= Artifact.encode(model).count)
      for name in after.graph.parameters.keys where after.graph.parameters[name]?.storage.coding == .entropy {
        var without = after
        without.graph.parameters[name] = model.graph.parameters[name]
        #expect(try Artifact.encode(after).count < Artifact.encode(without).count, "\(name) of \(width)")
      }
    }
  }

  @Test func aLargeLayerTakesItsEntropy() throws {
    let context = try Fixture.context()
    let model = try Self.peaked([256, 256])
    for step: any CompressionTechnique in [WeightSharing(bits: 5), Quantization(.int8), Pruning(sparsity: 0.9), Quantization(.ternary)] {
      let stored = try step.apply(to: model, in: context)
      let report = try #require(try EntropyCoding().compress(stored, in: context).layers.first { $0.layer == "dense_1" })
      let (bits, entropy) = (try #require(report.figures["bits_per_number"]), try #require(report.figures["entropy_bits_per_number"]))
      // A table of 256 frequencies has at most 190 bytes. The rest is for biases and scales, of which there are too few for their entropy
      // to be that of random bytes.
      let tables = 8.0 * 400 / 65_536
      #expect(bits <= 1.02 * entropy + tables, "\(step): \(bits) bits, entropy \(entropy)")
      #expect(try #require(report.figures["bytes"]) < #require(report.figures["bytes_before"]))
    }
  }

  @Test func whatIsNotSelectedIsNotCoded() throws {
    let shared = try WeightSharing(bits: 4).apply(to: Self.peaked([48, 40]), in: CompressionContext())
    let result = try EntropyCoding(layers: .named(["dense_1"])).compress(shared, in: CompressionContext())
    #expect(result.layers.map(\.layer) == ["dense_1"])
    let codings = result.model.graph.parameters.filter { $0.value.storage.coding == .entropy }.map(\.key)
    #expect(codings.contains("dense_1.weight") && codings.allSatisfy { $0.hasPrefix("dense_1.") })
    let error = #expect(throws: CompressionError.self) {
      try EntropyCoding(layers: .named(["dense_7"])).apply(to: shared, in: CompressionContext())
    }
    #expect(error?.code == "compression.no-layers")
  }

  @Test func integersAreFoundBehindWhatReadsThem() throws {
    for technique in [Quantization(.int8, recurrent: .integers), Quantization(.int4, mode: .weightOnly)] {
      let model = try technique.apply(to: NetworkFixture.recurrent(), in: CompressionContext(training: NetworkFixture.windows(64)))
      let result = try EntropyCoding(layers: .named(["lstm"])).compress(model, in: CompressionContext())
      #expect(result.layers.map(\.layer) == ["lstm"])
    }
  }

  @Test func masksSurviveCodingAndTraining() throws {
    let context = try Fixture.context()
    let pruned = try Pruning(sparsity: 0.7).apply(to: Fixture.model(hidden: [48, 40]), in: context)
    let after = try coded(pruned)
    let storage = try #require(after.graph.parameters["dense_1.weight"]?.storage)
    #expect(storage.coding == .entropy && storage.trainingMask == pruned.graph.parameters["dense_1.weight"]?.storage.trainingMask)
    let schedule = TrainingSchedule(epochs: 1, batchSize: 64)
    let trained = try Pruning(sparsity: 0.7, fineTuning: FineTuning(schedule)).apply(to: after, in: context)
    let straight = try Pruning(sparsity: 0.7, fineTuning: FineTuning(schedule)).apply(to: pruned, in: context)
    for (name, parameter) in straight.graph.parameters {
      #expect(trained.graph.parameters[name]?.storage.decoded() == parameter.storage.decoded(), "\(name)")
    }
    #expect(trained.graph.parameters["dense_1.weight"]?.storage.coding == ParameterStorage.Coding.none)
  }

  @Test func whatFollowsUndoesTheCoding() {
    let steps: [any CompressionTechnique] = [WeightSharing(bits: 4), EntropyCoding(), Quantization(.int8)]
    #expect(
      Recipe(name: "x", steps: steps).warnings == [
        "steps[2], 'quantization', undoes the shared values of steps[0], 'weight-sharing': each weight becomes a number of its own "
          + "precision, without a table",
        "steps[2], 'quantization', undoes the entropy coding of steps[1], 'entropy-coding': what it changes is stored anew, without a code",
      ])
    #expect(Recipe(name: "x", steps: [Quantization(.int8, recurrent: .integers), EntropyCoding()]).warnings.isEmpty)
    #expect(RecipeOrderTests.error(Quantization(.int8, recurrent: .integers), EntropyCoding()) == nil)
  }
}
