import Foundation
import PareCompression
import PareGraph
import PareLinearAlgebra
import PareTensor
import PareTraining
import Testing

@Suite struct TensorFactorizationTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let window: [Int]
    let attributes: [String: Attribute]
    let extents: [Int]

    var testDescription: String { "\(window) \(attributes.keys.sorted())" }
  }

  static let cases = [
    Case(window: [3], attributes: ["pads": .ints([2, 1]), "strides": .ints([2])], extents: [14]),
    Case(window: [5], attributes: ["dilations": .ints([2])], extents: [16]),
    Case(window: [3, 3], attributes: ["pads": .ints([1, 0, 2, 1]), "strides": .ints([1, 2])], extents: [9, 8]),
    Case(window: [3, 2], attributes: ["auto_pad": .string("SAME_UPPER"), "dilations": .ints([2, 1])], extents: [8, 7]),
  ]

  /// One convolution of 8 channels to 12, with filters of few components, to which noise may be added.
  static func model(_ example: Case, components: Int?) throws -> Model {
    var generator = SeededGenerator(seed: 41)
    var builder = GraphBuilder(name: "convolution")
    let x = try builder.input("x", ValueType(.float32, ["batch", 8] + example.extents.map { .fixed($0) }))
    let shape = [12, 8] + example.window
    var values = [Float](repeating: 0, count: shape.reduce(1, *))
    if let components {
      for _ in 0..<components {
        let vectors = shape.map { extent in (0..<extent).map { _ in generator.normal() } }
        for position in values.indices {
          var (rest, product) = (position, 0.3)
          for axis in shape.indices.reversed() {
            product *= vectors[axis][rest % shape[axis]]
            rest /= shape[axis]
          }
          values[position] += Float(product)
        }
      }
    } else {
      for position in values.indices { values[position] = Float(generator.normal() * 0.3) }
    }
    let w = try builder.parameter("w", Tensor(values, shape: Shape(shape)), isTrainable: true)
    let b = try builder.parameter("b", NetworkFixture.tensor([12], &generator), isTrainable: true)
    try builder.output(builder.apply("Conv", [x, w, b], attributes: example.attributes, name: "conv", output: "y"))
    return Model(graph: builder.graph)
  }

  static func rows(_ example: Case) throws -> TrainingData {
    var generator = SeededGenerator(seed: 42)
    return try TrainingData(["x": NetworkFixture.tensor(Shape([4, 8] + example.extents), scale: 1, &generator)])
  }

  static func expectEqual(_ one: Graph, _ other: Graph, _ rows: TrainingData, within bound: Double) throws {
    let (a, b) = (try NetworkFixture.output(one, rows), try NetworkFixture.output(other, rows))
    #expect(a.count == b.count && !a.isEmpty)
    for (a, b) in zip(a, b) { #expect((a - b).magnitude < bound) }
  }

  @Test(arguments: cases) func filtersOfFewComponentsAreReplacedWithoutLoss(_ example: Case) throws {
    let model = try Self.model(example, components: 2)
    for (method, keep) in [
      (TensorFactorization.Method.tuckerOfChannels, RankTarget.rank(2)), (.tucker, .energy(1 - 1e-10)), (.polyadic, .rank(2)),
    ] {
      let result = try TensorFactorization(method, keep, condition: .smaller).compress(model, in: CompressionContext())
      #expect(result.model.graph.parameters["w"] == nil, "\(method): \(result.layers[0].outcome)")
      #expect(result.layers[0].figures["relative_error"] ?? 1 < 1e-3)
      try Self.expectEqual(model.graph, result.model.graph, Self.rows(example), within: method == .polyadic ? 1e-2 : 1e-4)
    }
  }

  /// Whatever is left out of the filters, the sequence is the convolution with what the factors stand for.
  @Test(arguments: cases) func theSequenceIsTheConvolutionWithTheReconstructedFilters(_ example: Case) throws {
    let model = try Self.model(example, components: nil)
    let filters = try #require(model.graph.parameters["w"]).storage.decoded()
    for method in [TensorFactorization.Method.tuckerOfChannels, .tucker, .polyadic] {
      let result = try TensorFactorization(method, method == .polyadic ? .rank(6) : .ratio(0.4), condition: .smaller)
        .compress(model, in: CompressionContext())
      #expect(result.model.graph.parameters["w"] == nil, "\(result.layers[0].outcome)")
      let reconstructed: Tensor
      if method == .polyadic {
        reconstructed = try PolyadicDecomposition(filters, rank: 6).reconstructed()
      } else {
        var ranks: [Int: Int] = [:]
        for axis in 0..<filters.shape.rank { ranks[axis] = result.layers[0].figures["rank_\(axis)"].map { Int($0) } }
        reconstructed = try TuckerDecomposition(filters, ranks: ranks).reconstructed()
      }
      var other = model.graph
      other.parameters["w"]?.storage = ParameterStorage(Tensor(reconstructed.doubles.map { Float($0) }, shape: filters.shape))
      try Self.expectEqual(other, result.model.graph, Self.rows(example), within: 1e-4)
      let error = try #require(result.layers[0].weightError?.signalToNoiseDecibels)
      let relative = try #require(result.layers[0].figures["relative_error"])
      #expect((error + 20 * log10(relative)).magnitude < 1e-3)
    }
  }

  @Test func whatWouldNotBeSmallerOrFasterStaysWhole() throws {
    let model = try Self.model(Self.cases[0], components: nil)
    let result = try TensorFactorization(.tuckerOfChannels, .rank(8), condition: .smaller).compress(model, in: CompressionContext())
    #expect(result.layers[0].outcome.hasPrefix("kept whole: a core of 8 × 8 of 12 × 8 would be "))
    #expect(result.model.graph.nodes == model.graph.nodes)
  }

  @Test func ranksBelowOneAndFiltersThatAreNoNumbersAreErrors() throws {
    #expect(throws: CompressionError.self) {
      try TensorFactorization(.polyadic, .rank(0)).apply(to: Self.model(Self.cases[0], components: 1), in: CompressionContext())
    }
    var model = try Self.model(Self.cases[0], components: 1)
    model.graph.parameters["w"]?.storage = ParameterStorage(Tensor([Float](repeating: .infinity, count: 288), shape: [12, 8, 3]))
    #expect(throws: CompressionError.self) {
      try TensorFactorization(.tuckerOfChannels, .rank(2)).apply(to: model, in: CompressionContext())
    }
  }
}
