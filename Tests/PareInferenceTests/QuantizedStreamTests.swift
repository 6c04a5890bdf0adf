import PareGraph
import PareInference
import PareTensor
import Testing

private let availableSets = InstructionSet.allCases.filter(\.isAvailable)

/// Quantized convolutions along time, row by row: the bits of the whole window.
@Suite struct QuantizedStreamTests {
  private static let (steps, features) = (12, 5)

  /// Features [1, steps, features] → two dilated convolutions with Relu, on integers → what `head` makes of [1, 7, steps].
  /// The last step sees seven rows.
  private static func graph(
    _ padding: CausalConvolutionTests.Padding, head: (inout QuantizedLayers) throws -> Void
  ) throws -> Graph {
    try oneInput([1, steps, features]) { builder, x in
      var layers = QuantizedLayers(builder: builder, value: x)
      layers.value = try layers.builder.apply("Transpose", [layers.value], attributes: ["perm": .ints([0, 2, 1])])
      var channels = features
      for (filters, taps, dilation) in [(18, 3, 1), (7, 3, 2)] {
        let reach = (taps - 1) * dilation
        if padding == .before {
          let pads = try layers.builder.constant(Tensor([Int64(0), 0, Int64(reach), 0, 0, 0]))
          layers.value = try layers.builder.apply("Pad", [layers.value, pads])
        }
        try layers.quantize(low: channels == features ? -4 : 0, high: 4)
        let pads = padding == .byItself ? [reach, 0] : padding == .before ? [0, 0] : [reach, reach]
        let window = Window(
          input: [1, channels, steps], weights: [filters, channels, taps],
          attributes: ["pads": .ints(pads), "dilations": .ints([dilation])])
        try layers.conv(window, relu: false)
        if padding == .onBothSides {
          let bounds = try [0, -Int64(reach), 2].map { try layers.builder.constant(Tensor([$0])) }
          layers.value = try layers.builder.apply("Slice", [layers.value] + bounds)
        }
        layers.value = try layers.builder.apply("Relu", [layers.value])
        channels = filters
      }
      try head(&layers)
      builder = layers.builder
      return layers.value
    }
  }

  private static func lastStep(_ layers: inout QuantizedLayers) throws {
    try layers.quantize(low: 0, high: 4)
    let last = try layers.builder.constant(Tensor(scalar: Int64(-1)))
    layers.value = try layers.builder.apply("Gather", [layers.value, last], attributes: ["axis": .int(2)])
    try layers.matMul(7, 3)
  }

  private static func rows(_ count: Int) -> [Float] { random([count, features], seed: 8).values() }

  @Test(arguments: CausalConvolutionTests.Padding.allCases, availableSets)
  func aStreamGivesTheBitsOfTheWholeWindow(_ padding: CausalConvolutionTests.Padding, _ set: InstructionSet) throws {
    let graph = try Self.graph(padding, head: Self.lastStep)
    let plan = try SequencePlan(graph, kernels: KernelSelection(set))
    #expect(plan.streamingSteps.count { $0.kernel.hasPrefix("causal_conv + product_u8s8_") } == 2, "\(plan.streamingSteps)")
    let (stream, whole) = (try plan.makeStreamingContext(), try ExecutionPlan(graph, kernels: KernelSelection(set)).makeContext())
    let rows = Self.rows(40)
    for _ in 0..<2 {
      stream.reset()
      for row in 0..<40 {
        if row % 3 == 0 { stream.prepare() }
        try rows.withUnsafeBufferPointer { rows in
          _ = try stream.run(row: #require(rows.baseAddress) + row * Self.features)
        }
        guard row + 1 >= Self.steps else { continue }
        let window = Array(rows[(row + 1 - Self.steps) * Self.features..<(row + 1) * Self.features])
        let expected = try #require(whole.run(["x": Tensor(window, shape: [1, Self.steps, Self.features])])["y"])
        #expect(stream.output("y", as: Float.self).map(Array.init) == expected.values(as: Float.self), "row \(row)")
      }
    }
  }

  /// With a recurrent layer behind them the rows of a window go through several at a time.
  @Test(arguments: availableSets)
  func aWindowThatGoesRowByRowGivesThemToo(_ set: InstructionSet) throws {
    let graph = try Self.graph(.byItself) { layers in
      layers.value = try layers.builder.apply("Transpose", [layers.value], attributes: ["perm": .ints([2, 0, 1])])
      let (w, r) = (try layers.builder.constant(random([1, 16, 7], seed: 1)), try layers.builder.constant(random([1, 16, 4], seed: 2)))
      try layers.builder.append(
        Node("LSTM", name: "lstm", inputs: [layers.value, w, r], outputs: ["all", "state"], attributes: ["hidden_size": .int(4)]))
      layers.value = "state"
    }
    let plan = try SequencePlan(graph, kernels: KernelSelection(set))
    #expect(plan.keeping == nil && plan.steps.count { $0.kernel.hasPrefix("causal_conv + product_u8s8_") } == 2)
    let (windowed, whole) = (plan.makeWindowedContext(), try ExecutionPlan(graph, kernels: KernelSelection(set)).makeContext())
    let rows = Self.rows(Self.steps)
    try windowed.prepare(Array(rows.dropLast(Self.features)))
    try rows.withUnsafeBufferPointer { rows in
      _ = try windowed.run(newestRow: #require(rows.baseAddress) + (Self.steps - 1) * Self.features)
    }
    let expected = try #require(whole.run(["x": Tensor(rows, shape: [1, Self.steps, Self.features])])["y"])
    #expect(windowed.output("y", as: Float.self).map(Array.init) == expected.values(as: Float.self))
  }

  @Test func groupsAreRefusedByName() throws {
    let graph = try oneInput([1, 6, 4]) { builder, x in
      var layers = QuantizedLayers(builder: builder, value: x)
      layers.value = try layers.builder.apply("Transpose", [x], attributes: ["perm": .ints([0, 2, 1])])
      try layers.quantize(low: -4, high: 4)
      try layers.conv(
        Window(input: [1, 4, 6], weights: [6, 2, 3], attributes: ["pads": .ints([2, 0]), "group": .int(2)]), relu: false)
      let last = try layers.builder.constant(Tensor(scalar: Int64(-1)))
      layers.value = try layers.builder.apply("Gather", [layers.value, last], attributes: ["axis": .int(2)])
      builder = layers.builder
      return layers.value
    }
    let error = #expect(throws: InferenceError.self) { try SequencePlan(graph).makeStreamingContext() }
    #expect(error?.code == "inference.row-by-row" && String(describing: error).contains("without groups"))
  }
}
