import PareGraph
import PareTensor
import PareTraining
import Testing

struct DifferentiationTests {
  /// The gradient graph in Float64 against central differences of fourth order, `(8(f₁ − f₋₁) − (f₂ − f₋₂)) / 12h`,
  /// whose error is `h⁴ f⁽⁵⁾ / 30` and some 2⁻⁵² / h from rounding.
  private func checkGradients(_ graph: Graph, loss: String, inputs: [String: Tensor], binding: [String: Int]) throws {
    let wanted = graph.parameters.filter { $0.value.isTrainable }.map(\.key)
    var opened = graph
    var values = inputs
    for name in wanted {
      guard let tensor = opened.parameters.removeValue(forKey: name)?.storage.decoded() else { continue }
      opened.inputs.append(ValueInfo(name, ValueType(tensor)))
      values[name] = Tensor(tensor.doubles, shape: tensor.shape)
    }
    let differentiation = try Differentiation(of: loss, in: opened, by: wanted)
    let evaluator = try ReferenceEvaluator(
      differentiation.graph, binding: binding, precision: .float64, outputs: [loss] + differentiation.gradients.values)
    let analytic = try evaluator.run(values)
    let forward = try ReferenceEvaluator(opened, binding: binding, precision: .float64, outputs: [loss])
    let h = 0x1p-10
    for name in wanted {
      let gradient = try #require(analytic[differentiation.gradients[name] ?? ""]).doubles
      let start = try #require(values[name])
      for index in 0..<start.elementCount {
        func f(_ steps: Double) throws -> Double {
          var moved = start
          moved.withUnsafeMutableElements(as: Double.self) { $0[index] += steps * h }
          return try #require(try forward.run(values.merging([name: moved]) { $1 })[loss]).doubles[0]
        }
        let numeric = try (8 * (f(1) - f(-1)) - (f(2) - f(-2))) / (12 * h)
        #expect(abs(numeric - gradient[index]) <= 1e-9 * max(1, abs(numeric)), "\(name)[\(index)]")
      }
    }
  }

  private static func inputs(rows: Int, features: Int, classes: Int, seed: UInt64) -> [String: Tensor] {
    var generator = SeededGenerator(seed: seed)
    func draw(_ count: Int) -> [Float] { (0..<count).map { _ in Float(generator.normal()) } }
    return [
      "features": Tensor(draw(rows * features), shape: [rows, features]),
      "teacherLogits": Tensor(draw(rows * classes), shape: [rows, classes]),
      "target": Tensor(draw(rows * classes), shape: [rows, classes]),
      "labels": Tensor((0..<rows).map { _ in Int64(generator.below(classes)) }),
    ]
  }

  @Test(arguments: ["Relu", "Tanh", "Sigmoid", "Gelu", "LeakyRelu"])
  func gradientsOfNetworksMatchFiniteDifferences(activation: String) throws {
    let losses: [any Loss] = [
      CrossEntropy(), MeanSquaredError(prediction: "logits"), KullbackLeibler(temperature: 2.5),
      DistillationLoss(hardWeight: 0.3, temperature: 4),
    ]
    for (index, loss) in losses.enumerated() {
      var builder = try GraphBuilder(
        SampleNetworks.dense([4, 5, 3], activation: OperatorName(activation), seed: UInt64(index)))
      let value = try loss.append(to: &builder)
      try checkGradients(
        builder.graph, loss: value, inputs: Self.inputs(rows: 6, features: 4, classes: 3, seed: 9), binding: ["batch": 6])
    }
  }

  @Test(arguments: UInt64(0)..<8)
  func gradientsOfRandomGraphsMatchFiniteDifferences(seed: UInt64) throws {
    let sample = try RandomGraph(seed: seed)
    try checkGradients(sample.graph, loss: sample.loss, inputs: sample.inputs, binding: ["batch": sample.rows])
  }

  @Test func contributionsOfSeveralUsesAreAdded() throws {
    var builder = GraphBuilder(name: "uses")
    let w = try builder.parameter("w", Tensor([Float(3)]), isTrainable: true)
    let square = try builder.apply("Mul", [w, w])
    let cube = try builder.apply("Mul", [square, w])
    let loss = try builder.apply("Add", [cube, square])
    let result = try Differentiation(of: loss, in: builder.graph)
    let value = try #require(result.gradients["w"])
    let gradient = try ReferenceEvaluator(result.graph, outputs: [value]).run([:])[value]
    #expect(gradient?.values(as: Float.self) == [3 * 9 + 2 * 3])
  }

  @Test func onlyWhatIsWantedIsBuilt() throws {
    let graph = try SampleNetworks.dense([3, 4, 2])
    var builder = try GraphBuilder(graph)
    let loss = try MeanSquaredError(prediction: "logits").append(to: &builder)
    let whole = try Differentiation(of: loss, in: builder.graph)
    let last = try Differentiation(of: loss, in: builder.graph, by: ["b2"])
    #expect(Array(last.gradients.keys) == ["b2"])
    #expect(last.graph.nodes.count < whole.graph.nodes.count)
    #expect(!last.graph.nodes.contains { $0.operatorName == "pare.ReluGradient" })
    // Nobody asks for the gradient by the features: one product for each weight and one for the hidden layer.
    let added = whole.graph.nodes.dropFirst(builder.graph.nodes.count)
    #expect(added.count { $0.operatorName == "Gemm" } == 3)
  }

  @Test func aParameterThatTheLossDoesNotSeeHasNoGradient() throws {
    var builder = try GraphBuilder(try SampleNetworks.dense([3, 2]))
    _ = try builder.parameter("idle", Tensor([Float(1)]), isTrainable: true)
    let loss = try MeanSquaredError(prediction: "logits").append(to: &builder)
    #expect(try Differentiation(of: loss, in: builder.graph).gradients.keys == ["w1", "b1"])
  }

  @Test func anOperatorWithoutGradientIsAnErrorOnlyBehindSomethingTrainable() throws {
    var builder = GraphBuilder(name: "opaque")
    let x = try builder.input("x", ValueType(.float32, ["batch", 2]))
    let thresholds = try builder.constant(Tensor([Float(0.5), 0.5]))
    let before = try builder.apply("Cast", [builder.apply("pare.Decide", [x, thresholds])], attributes: ["to": .int(1)])
    let w = try builder.parameter("w", Tensor([Float(2)]), isTrainable: true)
    let product = try builder.apply("Mul", [before, w])
    let loss = try builder.apply("ReduceMean", [product], attributes: ["keepdims": .int(0)])
    #expect(try Differentiation(of: loss, in: builder.graph).gradients.count == 1)

    let scaled = try builder.apply("Mul", [x, w])
    let after = try builder.apply("Cast", [builder.apply("pare.Decide", [scaled, thresholds])], attributes: ["to": .int(1)])
    let opaque = try builder.apply("ReduceMean", [after], attributes: ["keepdims": .int(0)])
    #expect(throws: GraphError.self) { try Differentiation(of: opaque, in: builder.graph) }
  }

  @Test func aLossThatIsNoScalarIsRefused() throws {
    #expect(throws: TrainingError.self) { try Differentiation(of: "logits", in: try SampleNetworks.dense([3, 2])) }
    #expect(throws: GraphError.self) { try Differentiation(of: "nowhere", in: try SampleNetworks.dense([3, 2])) }
  }
}
