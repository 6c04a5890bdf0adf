import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Batch normalization while training: passes against the reference, running averages, what stays frozen.
struct BatchNormalizationTests {
  /// A dense network with a normalization in its middle; statistics away from those of the data.
  private static func network(trainsNormalization: Bool = true) throws -> Graph {
    var generator = SeededGenerator(seed: 3)
    func normal(_ shape: Shape) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in Float(generator.normal() * 0.5) }, shape: shape)
    }
    var builder = GraphBuilder(name: "normalized")
    let x = try builder.input("features", ValueType(.float32, ["batch", 6]))
    let first = try builder.parameter("w1", normal([8, 6]), isTrainable: true)
    let last = try builder.parameter("w2", normal([3, 8]), isTrainable: true)
    let ones = Tensor([Float](repeating: 1, count: 8))
    let scale = try builder.parameter("scale", ones, isTrainable: trainsNormalization)
    let shift = try builder.parameter("shift", Tensor(zeros: .float32, shape: [8]), isTrainable: trainsNormalization)
    let mean = try builder.parameter("mean", Tensor([Float](repeating: 2, count: 8)), isTrainable: false)
    let variance = try builder.parameter("variance", ones, isTrainable: false)
    var value = try builder.apply("Gemm", [x, first], attributes: ["transB": .int(1)])
    value = try builder.apply("BatchNormalization", [value, scale, shift, mean, variance], attributes: ["momentum": .float(0.8)])
    value = try builder.apply("Relu", [value])
    value = try builder.apply("Gemm", [value, last], attributes: ["transB": .int(1)], output: "logits")
    try builder.output(value)
    return builder.graph
  }

  private static func train(_ graph: Graph, epochs: Int) throws -> TrainingResult {
    let data = try SampleNetworks.linear(rows: 300, features: 6, classes: 3, seed: 2)
    let validation = try SampleNetworks.linear(rows: 100, features: 6, classes: 3, seed: 3)
    let settings = TrainingSettings(epochs: epochs, batchSize: 64, optimizer: .adam(learningRate: 0.01), patience: nil)
    return try Trainer(settings).train(graph, loss: CrossEntropy(), on: data, validation: validation)
  }

  private static func values(_ graph: Graph, _ name: String) throws -> [Float] {
    try #require(graph.parameters[name]).storage.decoded().values(as: Float.self)
  }

  @Test func trainingMovesTheRunningAveragesAndLowersTheLoss() throws {
    let graph = try Self.network()
    let result = try Self.train(graph, epochs: 8)
    let (first, last) = (try #require(result.history.first), try #require(result.history.last))
    #expect(last.trainingLoss < first.trainingLoss * 0.8)
    #expect(try #require(last.validationLoss) < (try #require(first.validationLoss)))
    #expect(try Self.values(result.graph, "mean") != Self.values(graph, "mean"))
    #expect(try Self.values(result.graph, "variance") != Self.values(graph, "variance"))
    // The result is a graph for use: by its own statistics, one row at a time.
    #expect(result.graph.nodes == graph.nodes)
    let again = try Self.train(graph, epochs: 8).graph
    #expect(again.parameters == result.graph.parameters)
  }

  /// After one epoch of one batch with zero weights before it, the averages are what ONNX's formula says.
  @Test func runningAveragesFollowTheFormula() throws {
    var graph = try Self.network()
    graph.parameters["w1"]?.storage = ParameterStorage(Tensor(zeros: .float32, shape: [8, 6]))
    let data = try SampleNetworks.linear(rows: 10, features: 6, classes: 3, seed: 2)
    let result = try Trainer(TrainingSettings(epochs: 1, batchSize: 10)).train(graph, loss: CrossEntropy(), on: data)
    #expect(try Self.values(result.graph, "mean").allSatisfy { $0 == 2 * Float(0.8) })
    #expect(try Self.values(result.graph, "variance").allSatisfy { $0 == Float(0.8) })
  }

  @Test func aFrozenNormalizationKeepsItsStatistics() throws {
    let graph = try Self.network(trainsNormalization: false)
    let result = try Self.train(graph, epochs: 2)
    #expect(result.graph.parameters["mean"] == graph.parameters["mean"])
    #expect(result.graph.parameters["variance"] == graph.parameters["variance"])
    #expect(result.graph.parameters["w1"] != graph.parameters["w1"])
  }

  @Test(arguments: [[5, 3, 37], [40, 7], [2, 4, 3, 5], [1, 1, 16]] as [Shape], [0, 1])
  func everyVariantAgreesWithTheReference(_ shape: Shape, training: Int) throws {
    var generator = SeededGenerator(seed: 1)
    func sample(_ shape: Shape, _ map: (Float) -> Float = { $0 }) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in map(Float(generator.normal())) }, shape: shape)
    }
    let vector: Shape = [shape[1]]
    let inputs = [
      "x": sample(shape), "dy": sample(shape), "scale": sample(vector), "shift": sample(vector), "mean": sample(vector),
      "variance": sample(vector) { abs($0) + 0.5 },
    ]
    var builder = GraphBuilder(name: "normalization")
    for (name, tensor) in inputs.sorted(by: { $0.key < $1.key }) { _ = try builder.input(name, ValueType(tensor)) }
    let attributes: [String: Attribute] = ["training_mode": .int(training), "epsilon": .float(0.1)]
    let forward = training == 0 ? ["y"] : ["y", "running_mean", "running_variance"]
    try builder.append(
      Node("BatchNormalization", name: "forward", inputs: ["x", "scale", "shift", "mean", "variance"], outputs: forward, attributes: attributes))
    let gradients = ["dx", "dscale", "dshift", "dmean", "dvariance"]
    try builder.append(
      Node(
        "pare.BatchNormalizationGradient", name: "gradient", inputs: ["dy", "x", "scale", "mean", "variance"],
        outputs: gradients, attributes: attributes))
    let outputs = forward + gradients
    let truth = try ReferenceEvaluator(builder.graph, precision: .float64, outputs: outputs).run(inputs)
    // Numbers of a normal distribution, below 5 in magnitude; n of them in a sum, and factors of at most 5 / √0.1.
    let count = shape.elementCount / shape[1]
    let bound = Double(4 * count + 64) * 0x1p-24 * 5 * 16 * Double(count)
    var first: [String: Tensor]?
    for (name, kernels) in TrainingKernels.variants {
      guard let kernels else { continue }
      let executor = try BatchExecutor(
        builder.graph, binding: [:], outputs: outputs, placed: [:], owners: [], kernels: kernels)
      #expect(executor.referenceNodes == [])
      let results = try executor.run(inputs)
      #expect(results == first ?? results, "\(name)")
      first = results
      for output in outputs {
        let (found, expected) = (try #require(results[output]).doubles, try #require(truth[output]).doubles)
        let error = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(error <= bound, "\(output) of \(name)")
      }
    }
  }
}
