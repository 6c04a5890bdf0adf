import PareCompression
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Ranks under one budget, errors weighted by inputs, and recurrent layers.
@Suite struct LowRankWeightingTests {
  /// Rows whose features are of very different sizes, so that weights of small ones hardly matter.
  static func uneven() throws -> CompressionContext {
    var generator = SeededGenerator(seed: 31)
    let values = (0..<512 * 6).map { Float(generator.normal() * [4, 2, 1, 0.3, 0.1, 0.02][$0 % 6]) }
    return CompressionContext(training: try TrainingData(["features": Tensor(values, shape: [512, 6])]))
  }

  @Test(arguments: [1, 2, 3]) func theWeightedErrorIsTheLeastThatTheRankPermits(_ rank: Int) throws {
    let result = try LowRankFactorization(.rank(rank), weighting: .activations, layers: .named(["dense_0"]))
      .compress(Fixture.model(hidden: [24, 10]), in: Self.uneven())
    let figures = result.layers[0].figures
    let (error, best, plain) = (figures["output_error"] ?? .nan, figures["truncation_error"] ?? .nan, figures["output_error_of_plain"] ?? .nan)
    #expect((error - best).magnitude <= 1e-5 * best)
    #expect(best < plain)
  }

  @Test func theWeightedErrorIsThatOfTheOutputs() throws {
    let model = try Fixture.model(hidden: [24, 10])
    let context = try Self.uneven()
    let result = try LowRankFactorization(.rank(2), weighting: .activations, layers: .named(["dense_0"])).compress(model, in: context)
    let layer = try #require(model.graph.nodes.first { $0.name == "dense_0" })
    let rows = try #require(context.training)
    let (before, after) = (
      try NetworkFixture.output(model.graph, rows, of: layer.outputs[0]), try NetworkFixture.output(result.model.graph, rows, of: layer.outputs[0]))
    let square = zip(before, after).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 512
    let error = try #require(result.layers[0].figures["output_error"])
    #expect((square.squareRoot() - error).magnitude <= 1e-4 * error)
  }

  @Test(arguments: [0.2, 0.4, 0.7]) func aBudgetIsKeptAndNoOtherRanksOfItKeepMore(_ ratio: Double) throws {
    let model = try Fixture.model(hidden: [30, 24])
    let names = ["dense_0", "dense_1"]
    let spectra = try names.map { name -> (values: [Double], rows: Int, columns: Int) in
      let shape = try #require(model.graph.parameters["\(name).weight"]).storage.shape
      let squares = try (1...min(shape[0], shape[1])).map { rank -> Double in
        let result = try LowRankFactorization(.rank(rank), layers: .named([name])).compress(model, in: CompressionContext())
        return result.layers[0].figures["truncation_error"].map { $0 * $0 } ?? 0
      }
      let total = try Fixture.weights(model.graph, "\(name).weight").reduce(0) { $0 + Double($1 * $1) }
      return (squares.map { $0 / total }, shape[0], shape[1])
    }
    let result = try LowRankFactorization(.budget(ratio), layers: .named(names)).compress(model, in: CompressionContext())
    let ranks = result.layers.map { $0.figures["rank"].map { Int($0) } }
    let permitted = Int(ratio * Double(spectra.reduce(0) { $0 + $1.rows * $1.columns }))
    func cost(_ index: Int, _ rank: Int) -> Int { rank * (spectra[index].rows + spectra[index].columns) }
    guard let first = ranks[0], let second = ranks[1] else { return }
    #expect(cost(0, first) + cost(1, second) <= permitted)
    let lost = spectra[0].values[first - 1] + spectra[1].values[second - 1]
    // One more rank of the smaller layer may have had room: that much is left to chance by taking one after another.
    let slack = max(spectra[0].values[first - 1], spectra[1].values[second - 1]) / 4
    for a in 1...spectra[0].values.count {
      for b in 1...spectra[1].values.count where cost(0, a) + cost(1, b) <= permitted {
        #expect(lost <= spectra[0].values[a - 1] + spectra[1].values[b - 1] + slack)
      }
    }
  }

  @Test func whatIsSlowerByTheCostTableStaysWhole() throws {
    let result = try LowRankFactorization(.rank(2), layers: .named(["dense_1"]), condition: .faster)
      .compress(Fixture.model(), in: CompressionContext())
    #expect(result.layers[0].outcome.hasPrefix("kept whole: rank 2 would be "))
    #expect(result.layers[0].outcome.contains("by the cost table"))
  }

  @Test func aRecurrentLayersInputWeightsOfLowRankAreReplacedWithoutLoss() throws {
    var model = try NetworkFixture.recurrent()
    // Of rank one, so that one value a step is enough.
    let (left, right) = ((0..<32).map { 0.3 - Float($0 % 7) / 10 }, [Float(0.5), -1, 0.25, 0.75])
    model.graph.parameters["w"]?.storage = ParameterStorage(Tensor(left.flatMap { l in right.map { l * $0 } }, shape: [1, 32, 4]))
    let result = try LowRankFactorization(.rank(1), layers: .operators(["LSTM"])).compress(model, in: CompressionContext())
    #expect(result.model.graph.parameters["w"] == nil)
    #expect(result.model.graph.parameters["lstm.v.weight"]?.storage.shape == [4, 1])
    #expect(result.model.graph.parameters["lstm.u.weight"]?.storage.shape == [1, 32, 1])
    #expect(result.layers.map(\.layer) == ["lstm, of its input", "lstm, of its state"])
    #expect(result.layers[1].outcome.hasPrefix("left as it is"))
    let rows = try NetworkFixture.windows(16)
    for (a, b) in zip(try NetworkFixture.output(model.graph, rows), try NetworkFixture.output(result.model.graph, rows)) {
      #expect((a - b).magnitude < 1e-5)
    }
  }
}
