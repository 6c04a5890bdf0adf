import CRuntimeCounters
import PareGraph
import PareInference
import PareTensor
import Testing

private let availableSets = InstructionSet.allCases.filter(\.isAvailable)

/// QuantizeLinear/DequantizeLinear around convolutions and products of many rows, lowered to integers.
@Suite struct QuantizedNetworkTests {
  @Test(arguments: Window.all, availableSets)
  func aQuantizedConvolutionEqualsItsReferenceBitForBit(window: Window, set: InstructionSet) throws {
    for (relu, requantizes) in [(false, false), (false, true), (true, true)] {
      let graph = try quantized(window.input) { layers in
        try layers.conv(window, relu: relu)
        if requantizes { try layers.quantize(low: -3, high: 5) }
      }
      try expectEqual(graph, set, window.input, lowersTo: QuantizedConvolution.name)
    }
  }

  @Test(arguments: [(1, 1), (1, 17), (2, 16), (5, 3), (8, 33), (13, 48), (50, 64)], availableSets)
  func aQuantizedProductOfRowsEqualsItsReferenceBitForBit(shape: (rows: Int, outputs: Int), set: InstructionSet) throws {
    for inputs in [1, 3, 20, 33] {
      for requantizes in [false, true] {
        let graph = try quantized([1, shape.rows, inputs]) { layers in
          try layers.matMul(inputs, shape.outputs)
          if requantizes { try layers.quantize(low: -3, high: 5) }
        }
        try expectEqual(graph, set, [1, shape.rows, inputs], lowersTo: QuantizedDense.name)
      }
    }
  }

  /// Fed the same integers, the two readings of a layer are a step apart at most: §7 of docs/integer-arithmetic.md.
  @Test(arguments: Window.all)
  func aConvolutionsTwoReadingsAreAStepApart(window: Window) throws {
    let graph = try quantized(window.input) { layers in
      try layers.conv(window, relu: true)
      try layers.quantize(low: -3, high: 5, dequantizes: false)
    }
    let features = ["x": random(window.input, seed: 5)]
    let integers = try #require(evaluate(IntegerLowering.lower(graph), features, rows: 1)["y"]).values(as: UInt8.self)
    let reading = try #require(evaluate(graph, features, rows: 1)["y"]).values(as: UInt8.self)
    // The first layer's input may differ by a step where it is near a half: none of these is.
    #expect(zip(integers, reading).allSatisfy { Int($0).distance(to: Int($1)).magnitude <= 1 })
  }

  @Test func anAccumulatorThatCouldLeaveInt32IsRefused() throws {
    var builder = GraphBuilder(name: "wide")
    let x = try builder.input("x", ValueType(.uint8, [1, 70_000, 2]))
    let inputs = [
      x, try builder.constant(Tensor(scalar: UInt8(0))),
      try builder.constant(Tensor([Int8](repeating: 127, count: 70_000), shape: [1, 70_000, 1])),
      try builder.constant(Tensor([Int32(0)])), try builder.constant(Tensor([Float(1)])),
    ]
    try builder.output(builder.apply(QuantizedConvolution.name, inputs))
    #expect { try ExecutionPlan(builder.graph) } throws: { "\($0)".contains("accumulate within") }
  }

  @Test(.enabled(if: pare_runtime_counters_available() != 0, "needs glibc's allocator"))
  func aDecisionNeitherAllocatesNorCountsReferences() throws {
    let window = Window.all[3]
    let graph = try quantized(window.input) { layers in
      try layers.conv(window, relu: true)
      try layers.quantize(low: -3, high: 5)
    }
    let context = try ExecutionPlan(graph).makeContext()
    let features = random(window.input, seed: 1).values(as: Float.self)
    let counts = try features.withUnsafeBufferPointer { features in
      let base = try #require(features.baseAddress)
      _ = try context.run(features: base)
      pare_runtime_counters_reset()
      for _ in 0..<100 { _ = try context.run(features: base) }
      return pare_runtime_counters_read()
    }
    #expect(counts.allocations == 0)
    #expect(counts.retains < 10 && counts.releases < 10)
  }

  private func expectEqual(_ graph: Graph, _ set: InstructionSet, _ shape: Shape, lowersTo name: OperatorName) throws {
    let lowered = try IntegerLowering.lower(graph)
    #expect(lowered.nodes.contains { $0.operatorName == name })
    let plan = try ExecutionPlan(graph, kernels: KernelSelection(set))
    #expect(plan.steps.allSatisfy { $0.isFast }, "\(plan)")
    let context = plan.makeContext()
    for seed in 1...3 as ClosedRange<UInt64> {
      let features = random(shape, seed: seed)
      let expected = try #require(evaluate(lowered, ["x": features], rows: 1)["y"])
      let found = try #require(context.run(["x": features])["y"])
      let areEqual = found == expected
      #expect(areEqual, "\(set) \(shape)")
    }
  }

  private func quantized(_ shape: Shape, _ make: (inout QuantizedLayers) throws -> Void) throws -> Graph {
    try oneInput(shape) { builder, x in
      var layers = QuantizedLayers(builder: builder, value: x)
      try layers.quantize(low: -4, high: 4)
      try make(&layers)
      builder = layers.builder
      return layers.value
    }
  }
}

/// Layers in the QuantizeLinear/DequantizeLinear form.
struct QuantizedLayers {
  var builder: GraphBuilder
  var value: String

  mutating func quantize(low: Double, high: Double, dequantizes: Bool = true) throws {
    let scale = Float((high - low) / 255)
    let parameters = [
      try builder.constant(Tensor(scalar: scale), named: "scale"),
      try builder.constant(Tensor(scalar: UInt8((-low / Double(scale)).rounded(.toNearestOrEven))), named: "zero"),
    ]
    value = try builder.apply("QuantizeLinear", [value] + parameters)
    if dequantizes { value = try builder.apply("DequantizeLinear", [value] + parameters) }
  }

  mutating func conv(_ window: Window, relu: Bool, quantized: Bool = true) throws {
    let weight = try quantized ? weights(window.weights, axis: 0) : builder.constant(random(window.weights, seed: 1))
    value = try builder.apply(
      "Conv", [value, weight, builder.constant(random([window.weights[0]], seed: 2))], attributes: window.attributes)
    if relu { value = try builder.apply("Relu", [value]) }
  }

  mutating func matMul(_ inputs: Int, _ outputs: Int) throws {
    value = try builder.apply("MatMul", [value, weights([inputs, outputs], axis: 1)])
    value = try builder.apply("Add", [value, builder.constant(random([outputs], seed: 2))])
  }

  /// Int8 with a scale per output.
  private mutating func weights(_ shape: Shape, axis: Int) throws -> String {
    var generator = SeededGenerator(seed: 11)
    let integers = (0..<shape.elementCount).map { _ in Int8(generator.below(255) - 127) }
    let largest = 127 * Double(max(1, shape.elementCount / shape[axis])).squareRoot()
    let scales = (0..<shape[axis]).map { _ in Float((0.5 + generator.uniform()) / largest) }
    return try builder.apply(
      "DequantizeLinear",
      [
        builder.parameter(builder.freshValueName("integers"), Tensor(integers, shape: shape), isTrainable: false),
        builder.constant(Tensor(scales)),
      ], attributes: ["axis": .int(axis)])
  }
}
