import Foundation
import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import PareTraining
import Testing

private let availableSets = InstructionSet.allCases.filter(\.isAvailable)

/// Selective scans on integers, from the technique to the plan.
@Suite struct ScanQuantizationTests {
  static func graph(width: Int = 12, rank: Int = 5, states: Int = 3) throws -> Graph {
    try StockStateSpaceGraph(PanelShape(inputs: 11), width: width, rank: rank, states: states, memory: rank).graph(seed: 1)
  }

  static func context(rows: Int = 4) throws -> CompressionContext {
    let windows = (0..<rows).map { PanelDays(days: 12, symbols: 21, inputs: 11, seed: 10 + UInt64($0)).tensors }
    func joined(_ name: String) -> Tensor {
      let parts = windows.compactMap { $0[name] }
      return Tensor(
        parts.flatMap { $0.values(as: Float.self) }, shape: Shape([rows] + parts[0].shape.dimensions.dropFirst()))
    }
    return CompressionContext(training: try TrainingData(["features": joined("features"), "mask": joined("mask")]), seed: 1)
  }

  static func quantized(_ graph: Graph, recurrent: Quantization.RecurrentForm = .integers) throws -> CompressionResult {
    try Quantization(.int8, recurrent: recurrent).compress(Model(graph: graph), in: context())
  }

  @Test func scansGoWithTheProductsThatTheyRead() throws {
    let graph = try Self.graph()
    let result = try Self.quantized(graph)
    let scans = result.model.graph.nodes.filter { $0.operatorName == SelectiveScan.name }
    #expect(scans.count == 3 && scans.allSatisfy { $0.attributes["state_scale"] != nil })
    #expect(result.layers.count { $0.outcome.contains("pare.QuantizedSelectiveScan") } == 3)
    let lowered = try IntegerLowering.lower(result.model.graph)
    #expect(lowered.nodes.count { $0.operatorName == QuantizedSelectiveScan.name } == 3)
    #expect(!lowered.nodes.contains { $0.operatorName == "Softplus" })
    // Not asked for, or one of what they read left in Float32.
    for technique in [
      Quantization(.int8), Quantization(.int8, overrides: [LayerOverride(.named(["scan.input"]), QuantizationScheme(.float32))], recurrent: .integers),
    ] {
      let other = try technique.compress(Model(graph: graph), in: Self.context()).model.graph
      #expect(other.nodes.allSatisfy { $0.attributes["state_scale"] == nil })
    }
  }

  /// From the features to what leaves a scan everything is integers, or rounded once.
  @Test(arguments: availableSets)
  func scansHaveTheBitsOfTheReference(set: InstructionSet) throws {
    for (width, rank, states) in [(12, 5, 3), (8, 4, 2), (8, 2, 2), (8, 8, 2), (32, 8, 4), (7, 2, 1), (16, 16, 5)] {
      let graph = try Self.quantized(Self.graph(width: width, rank: rank, states: states)).model.graph
      let days = PanelDays(days: 7, symbols: 19, inputs: 11, seed: 4)
      let scans = graph.nodes.filter { $0.operatorName == SelectiveScan.name }.map { $0.outputs[0] }
      let binding = ["batch": 1, "steps": 7, "symbols": 19]
      let expected = try ReferenceEvaluator(IntegerLowering.lower(graph), binding: binding, outputs: scans).run(days.tensors)
      let plan = try ExecutionPlan(graph, outputs: scans, extents: ["steps": 7, "symbols": 19], kernels: KernelSelection(set))
      #expect(try plan.makeContext().run(days.tensors) == expected)
    }
  }

  /// A plan for all days at once gives the bits of the days one by one.
  @Test(arguments: availableSets)
  func daysOneByOneEqualAllAtOnceToTheBit(set: InstructionSet) throws {
    for (width, rank, states) in [(12, 5, 3), (8, 4, 2), (8, 2, 2), (8, 8, 2), (32, 8, 4)] {
      let graph = try Self.quantized(Self.graph(width: width, rank: rank, states: states)).model.graph
      let days = PanelDays(days: 7, symbols: 21, inputs: 11, seed: 3)
      let plan = try PanelPlan(graph, symbols: 21, kernels: KernelSelection(set))
      #expect(plan.plan.steps.allSatisfy { $0.isFast }, "\(plan.plan)")
      #expect(plan.stateByteCount == 3 * 21 * states * rank * 2)
      let context = plan.makeContext()
      let whole = try ExecutionPlan(graph, extents: ["steps": 7, "symbols": 21], kernels: KernelSelection(set))
      let all = try #require(try whole.makeContext().run(days.tensors)["scores"]).doubles
      let exact = try days.scores(IntegerLowering.lower(graph), precision: .float64)
      for day in 0..<7 {
        #expect(try context.run(features: days.features[day], mask: days.masks[day]))
        let scores = context.scores.map(Double.init)
        #expect(scores == Array(all[day * 21..<day * 21 + 21]))
        for (score, expected) in zip(scores, exact[day * 21..<day * 21 + 21]) { #expect((score - expected).magnitude < 1e-4) }
      }
    }
  }

  @Test func integersFollowTheFloatScan() throws {
    let graph = try Self.graph()
    let result = try Self.quantized(graph).model.graph
    let days = PanelDays(days: 12, symbols: 21, inputs: 11, seed: 5)
    let scan = try #require(graph.nodes.first { $0.name == "loading.scan" }).outputs[0]
    func scanned(_ graph: Graph) throws -> [Double] {
      let evaluator = try ReferenceEvaluator(graph, binding: ["batch": 1, "steps": 12, "symbols": 21], outputs: [scan])
      return try #require(try evaluator.run(days.tensors)[scan]).doubles
    }
    let (real, integer) = (try scanned(graph), try scanned(IntegerLowering.lower(result)))
    let noise = zip(real, integer).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let decibels = 10 * log10(real.reduce(0) { $0 + $1 * $1 } / noise)
    print("selective scan on integers, products before it included: \(decibels) dB")
    #expect(decibels > 25)
  }

  @Test func trainingWithRoundingKeepsTheScans() throws {
    let graph = try Self.graph()
    let context = try Self.context()
    let start = try Quantization(.int8, recurrent: .integers).compress(Model(graph: graph), in: context).model.graph
    let form = try FakeQuantizedForm(start, real: graph, learnsScales: true)
    #expect(form.graph.nodes.count { $0.operatorName == SelectiveScan.name } == 3)
    // X, B and C of each, which Δ reads too.
    for scan in form.graph.nodes where scan.operatorName == SelectiveScan.name {
      for input in [0, 3, 4] { #expect(form.graph.producer(of: scan.inputs[input])?.operatorName == FakeQuantize.name) }
    }
    let deployed = try form.standardForm(of: form.graph)
    #expect(try IntegerLowering.lower(deployed).nodes.count { $0.operatorName == QuantizedSelectiveScan.name } == 3)
  }
}
