import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

/// What holds for every architecture.
struct ArchitectureTests {
  private static func inputs(_ sample: ArchitectureSample, _ graph: Graph, rows: Int) -> [String: Tensor] {
    var inputs = ["features": sample.features(rows)]
    guard graph.inputs.count > 1 else { return inputs }
    let symbols = sample.row[0]
    // Now and then a symbol is missing, another one in each row.
    inputs["mask"] = Tensor((0..<rows * symbols).map { Float($0 % (symbols + 1) == 1 ? 0 : 1) }, shape: [rows, symbols])
    return inputs
  }

  @Test(arguments: ArchitectureSample.all) func valuesAndCountsAreAsStated(_ sample: ArchitectureSample) throws {
    let graph = try sample.build(1)
    let types = try graph.inferredTypes()
    let isCrossSection = graph.inputs.count > 1
    let rows: [Dimension] = isCrossSection ? ["batch", 4] : ["batch"]
    #expect(types["logits"]?.dimensions == rows + [isCrossSection ? 3 : 2])
    #expect(types["probabilities"] == types["logits"])
    #expect(graph.outputs.prefix(2).map(\.name) == ["logits", "probabilities"])
    if graph.outputs.count > 2 { #expect(types["decision"] == ValueType(.int8, rows)) }
    #expect(graph.trainableElementCount == sample.parameterCount)
  }

  @Test(arguments: ArchitectureSample.all) func aSeedDecidesEveryWeightMatrix(_ sample: ArchitectureSample) throws {
    let (graph, same, other) = (try sample.build(1), try sample.build(1), try sample.build(2))
    #expect(graph.nodes == same.nodes && graph.parameters == same.parameters)
    for (name, parameter) in graph.parameters where parameter.isTrainable {
      let values = parameter.storage.decoded().values(as: Float.self)
      guard Set(values).count > 2 else { continue }
      #expect(values != other.parameters[name]?.storage.decoded().values(as: Float.self), "\(name)")
    }
    // Matrices of equal shape do not share their draws.
    let matrices = graph.parameters.values.filter { $0.isTrainable }.map { $0.storage.decoded() }
      .filter { Set($0.values(as: Float.self)).count > 4 }
    #expect(Set(matrices.map { $0.values(as: Float.self).prefix(4).map { $0 } }).count == matrices.count)
  }

  /// The batch executor's distance from Float64 is at most four times the reference's in Float32, or 64 roundings of the
  /// largest result, where the reference is near by chance: both stay within γ bounds of the same form and differ in the order
  /// of sums, and some twenty layers and normalizations stand behind each other.
  @Test(arguments: ArchitectureSample.all)
  func theBatchExecutorIsAsNearToFloat64AsTheReference(_ sample: ArchitectureSample) throws {
    let graph = try sample.build(3)
    let inputs = Self.inputs(sample, graph, rows: 5)
    func reference(_ precision: ReferenceEvaluator.Precision) throws -> [Double] {
      let evaluator = try ReferenceEvaluator(graph, binding: ["batch": 5], precision: precision, outputs: ["logits"])
      return try #require(try evaluator.run(inputs)["logits"]).doubles
    }
    let (exact, stored) = (try reference(.float64), try reference(.stored))
    let executor = try BatchExecutor(graph, binding: ["batch": 5], outputs: ["logits"])
    let found = try #require(try executor.run(inputs)["logits"]).doubles
    #expect(try executor.run(inputs)["logits"]?.doubles == found)
    func distance(_ values: [Double]) -> Double { zip(values, exact).map { abs($0 - $1) }.max() ?? 0 }
    let largest = exact.map(abs).max() ?? 0
    #expect(largest > 0.01 && exact.allSatisfy(\.isFinite))
    #expect(distance(found) <= max(4 * distance(stored), 64 * 0x1p-24 * largest))
  }

  /// The loss in Float64 at two points next to the weights, against the gradient: `L(w₊) − L(w₋) = g · (w₊ − w₋)` but for a
  /// term of third order in the step of 2⁻²¹, 2⁻⁴⁴ of what the third derivative has beside the first; 10⁻⁵ leaves that room
  /// for 10⁸. Sums in Float64 leave 10⁻¹⁴ of the loss; no kink of a Relu lies between points so near.
  @Test(arguments: ArchitectureSample.all) func gradientsMatchFiniteDifferences(_ sample: ArchitectureSample) throws {
    let graph = try sample.build(4)
    let rows = 3
    var inputs = Self.inputs(sample, graph, rows: rows)
    var builder = try GraphBuilder(graph)
    let isCrossSection = graph.inputs.count > 1
    let labels = isCrossSection ? (0..<rows * 4).map { Int64($0 % 4) - 1 } : [0, 1, 1]
    inputs["labels"] = Tensor(labels, shape: isCrossSection ? [rows, 4] : [rows])
    let loss = isCrossSection ? try CrossSectionCrossEntropy().append(to: &builder) : try CrossEntropy().append(to: &builder)
    let differentiation = try Differentiation(of: loss, in: builder.graph)
    let wanted = Array(differentiation.gradients.values)
    let all = try ReferenceEvaluator(differentiation.graph, binding: ["batch": rows], precision: .float64, outputs: wanted).run(inputs)
    func value(_ name: String, _ tensor: Tensor) throws -> Double {
      var moved = builder.graph
      moved.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: true)
      let evaluator = try ReferenceEvaluator(moved, binding: ["batch": rows], precision: .float64, outputs: [loss])
      return try #require(try evaluator.run(inputs)[loss]).doubles[0]
    }
    #expect(differentiation.gradients.count == graph.parameters.count { $0.value.isTrainable })
    var generator = SeededGenerator(seed: 5)
    for (name, gradientName) in differentiation.gradients {
      let weights = try #require(graph.parameters[name]).storage.decoded()
      let (centre, gradient) = (weights.values(as: Float.self), try #require(all[gradientName]).doubles)
      let direction = centre.map { _ in Float(generator.normal()) * 0x1p-21 }
      let (above, below) = (zip(centre, direction).map { $0 + $1 }, zip(centre, direction).map { $0 - $1 })
      let difference =
        try value(name, Tensor(above, shape: weights.shape)) - value(name, Tensor(below, shape: weights.shape))
      let steps = zip(above, below).map { Double($0) - Double($1) }
      let expected = zip(gradient, steps).reduce(0) { $0 + $1.0 * $1.1 }
      let scale = zip(gradient, steps).reduce(0) { $0 + abs($1.0 * $1.1) }
      #expect(abs(difference - expected) <= 1e-5 * scale + 1e-14, "\(name): \(difference), expected \(expected)")
    }
  }

  @Test(arguments: ArchitectureSample.all) func trainingHasAFastFormForWhatCosts(_ sample: ArchitectureSample) throws {
    let graph = try sample.build(1)
    var inputs = Self.inputs(sample, graph, rows: 8)
    var builder = try GraphBuilder(graph)
    let isCrossSection = graph.inputs.count > 1
    inputs["labels"] = Tensor([Int64](repeating: 1, count: isCrossSection ? 32 : 8), shape: isCrossSection ? [8, 4] : [8])
    let loss = isCrossSection ? try CrossSectionCrossEntropy().append(to: &builder) : try CrossEntropy().append(to: &builder)
    let step = try TrainingStep(
      builder.graph, loss: loss, data: TrainingData(inputs), settings: TrainingSettings(batchSize: 8), threads: 1)
    // What only moves elements, or works on one number for a symbol, may be left to the reference.
    let cheap: Set<OperatorName> = [
      "Transpose", "Squeeze", "Unsqueeze", "Reshape", "Concat", "Gather", "Slice", "Greater", "Split", "Expand",
      "SoftmaxCrossEntropyLoss", "pare.GatherGradient", "pare.SoftmaxCrossEntropyLossGradient",
    ]
    var slow: [OperatorName] = []
    for (node, _) in try step.profile() where step.referenceNodes.contains(node.name) {
      if !cheap.contains(node.operatorName), !node.operatorName.type.hasSuffix("Like") { slow.append(node.operatorName) }
    }
    #expect(slow.isEmpty, "\(slow)")
  }
}
