import PareGraph
import PareInference
import PareTensor
import Testing

/// Convolutions along time, row by row.
@Suite struct CausalConvolutionTests {
  enum Padding: CaseIterable { case byItself, before, onBothSides }

  /// Features [1, steps, features] → two dilated convolutions with Relu → the last step → one number.
  private static func graph(_ padding: Padding, absolute: Bool = false) throws -> Graph {
    var generator = SeededGenerator(seed: 6)
    var builder = GraphBuilder(name: "causal")
    func draw(_ shape: Shape) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in
        let value = Float(0.3 * generator.normal())
        return absolute ? abs(value) : value
      }, shape: shape)
    }
    var value = try builder.input("x", ValueType(.float32, [1, 12, 5]))
    value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([0, 2, 1])])
    var channels = 5
    for (layer, (filters, taps, dilation)) in [(18, 3, 1), (7, 3, 2)].enumerated() {
      let reach = (taps - 1) * dilation
      var pads = [reach, 0]
      if padding == .before {
        value = try builder.apply("Pad", [value, builder.constant(Tensor([Int64(0), 0, Int64(reach), 0, 0, 0]))])
        pads = [0, 0]
      }
      if padding == .onBothSides { pads = [reach, reach] }
      value = try builder.apply(
        "Conv", [value, builder.constant(draw([filters, channels, taps])), builder.constant(draw([filters]))],
        attributes: ["pads": .ints(pads), "dilations": .ints([dilation])], name: "conv_\(layer)")
      if padding == .onBothSides {
        let bounds = try [0, -Int64(reach), 2].map { try builder.constant(Tensor([$0])) }
        value = try builder.apply("Slice", [value] + bounds)
      }
      value = try builder.apply("Relu", [value])
      channels = filters
    }
    value = try builder.apply("Gather", [value, builder.constant(Tensor(scalar: Int64(-1)))], attributes: ["axis": .int(2)])
    try builder.output(
      builder.apply("Gemm", [value, builder.constant(draw([1, 7]))], attributes: ["transB": .int(1)], output: "y"))
    return builder.graph
  }

  private func window(_ seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed, stream: "window")
    return (0..<12 * 5).map { _ in Float(generator.normal()) }
  }

  /// The bound: the roundings of sums of 15, 54 and 7 terms and their biases, on what the same network of magnitudes
  /// yields.
  @Test(arguments: Padding.allCases)
  func aPreparedWindowIsWithinTheBoundOfFloat64(padding: Padding) throws {
    let graph = try Self.graph(padding)
    let exact = try ReferenceEvaluator(graph, precision: .float64)
    let magnitudes = try ReferenceEvaluator(Self.graph(padding, absolute: true), precision: .float64)
    for set in InstructionSet.allCases where set.isAvailable {
      let plan = try SequencePlan(graph, kernels: KernelSelection(set))
      #expect(plan.windowLength == 12 && plan.streamingSteps.count { $0.kernel.hasPrefix("causal_conv_f32/") } == 2)
      let (context, stream) = (plan.makeWindowedContext(), try plan.makeStreamingContext())
      for seed in 0..<3 as Range<UInt64> {
        let rows = window(seed)
        let expected = try #require(exact.run(["x": Tensor(rows, shape: [1, 12, 5])])["y"]).doubles[0]
        let magnitude = try #require(magnitudes.run(["x": Tensor(rows.map(abs), shape: [1, 12, 5])])["y"]).doubles[0]
        try context.prepare(Array(rows[..<55]))
        try rows.withUnsafeBufferPointer { rows in
          let base = try #require(rows.baseAddress)
          _ = try context.run(newestRow: base + 55)
          stream.reset()
          for step in 0..<12 { _ = try stream.run(row: base + step * 5) }
        }
        let found = try #require(context.output("y", as: Float.self))[0]
        let error = abs(Double(found) - expected)
        #expect(error <= 80 * 0x1p-24 / (1 - 80 * 0x1p-24) * magnitude, "\(set): \(error)")
        let streamed = try #require(stream.output("y", as: Float.self))[0]
        #expect(abs(Double(streamed) - expected) <= 80 * 0x1p-24 / (1 - 80 * 0x1p-24) * magnitude)
      }
    }
  }

  @Test func aWindowThatSeesLaterStepsIsRefused() throws {
    var graph = try Self.graph(.byItself)
    let index = try #require(graph.nodes.firstIndex { $0.name == "conv_0" })
    graph.nodes[index].attributes["pads"] = .ints([1, 1])
    do {
      _ = try SequencePlan(graph).makeStreamingContext()
      Issue.record("it was taken")
    } catch let error as InferenceError {
      #expect(error.code == "inference.row-by-row" && error.subject.contains("conv_0"))
    }
  }
}
