import PareGraph
import PareInference
import PareTensor

/// Times a model as it is deployed: one decision at a time, a row of a sequence at a time, or many rows at once, by one
/// thread or several at once.
public struct ModelBench: Sendable {
  private let model: Model
  private let name: String
  private let mode: BenchMode
  private let decisions: Int
  private let instances: Instances
  private let seed: UInt64
  private let symbols: Int?

  /// - Parameters:
  ///   - name: what results call it.
  ///   - decisions: how many are timed one by one, by each instance.
  ///   - instances: threads that decide at once.
  ///   - core: where the first of them stays, the next ones on the cores after it; nil where the system chooses.
  ///   - seed: of the rows, standard normal numbers.
  ///   - symbols: of a panel, where the model leaves their number open.
  public init(
    _ model: Model, name: String, mode: BenchMode, decisions: Int, instances: Int = 1, core: Int? = nil, seed: UInt64 = 1, symbols: Int? = nil
  ) {
    self.model = model
    self.name = name
    self.mode = mode
    self.decisions = decisions
    self.instances = Instances(count: max(instances, 1), firstCore: core)
    self.seed = seed
    self.symbols = symbols
  }

  /// - Throws: `GraphError` and `InferenceError` for models that cannot be planned, or not fed row by row.
  public func run() throws -> BenchResult {
    let kernels = try KernelSelection.fromEnvironment()
    switch mode {
    case .decision:
      let plan = try ExecutionPlan(model, kernels: kernels)
      return try result(
        of: instances.run { try DecisionSubject(plan, seed: seed + UInt64($0)).sample(decisions, $1) }, kernels, plan: plan,
        null: ExecutionPlan(Self.nullGraph(plan.inputs.first?.type), kernels: kernels))
    case .window, .stream:
      let plan = try SequencePlan(model, kernels: kernels)
      let null = try? SequencePlan(Self.nullSequence(plan.featureCount), kernels: kernels)
      let mode: RowLatency.Mode = mode == .window ? .windowed : .streaming
      func sample(_ plan: SequencePlan, _ decisions: Int) throws -> [BenchSample] {
        try instances.run { try RowSubject(plan, mode: mode, seed: seed + UInt64($0)).sample(decisions, $1) }
      }
      var result = try result(
        of: sample(plan, decisions), kernels, row: plan, steps: mode == .windowed ? plan.steps : plan.streamingSteps)
      result.keptBytes = mode == .windowed ? plan.keeping?.byteCount : nil
      result.harnessNs = try null.map { try Self.middle(sample($0, min(decisions, 20_000)).map(\.p50)) }
      return result
    case .panel:
      let plan = try PanelPlan(model, symbols: symbols, kernels: kernels)
      let samples = try instances.run { try PanelSubject(plan, seed: seed + UInt64($0)).sample(decisions, $1) }
      let day = plan.symbols * (plan.featureCount + 1) * 4
      return merged(
        samples, kernels, planBytes: plan.plan.residentByteCount, featureBytes: day + plan.stateByteCount, steps: plan.plan.steps)
    case .batch:
      let plan = try BatchPlan(model.graph, kernels: kernels)
      return try result(
        of: instances.run { try BatchSubject(plan, seed: seed + UInt64($0)).sample(decisions, $1) }, kernels,
        plan: plan.block ?? plan.single, rows: plan.block == nil ? 1 : BatchSubject.blockRows, null: nil)
    }
  }

  // MARK: a plan that does next to nothing

  /// A model of the same input that looks at one number of it.
  private static func nullGraph(_ type: TensorType?) throws -> Graph {
    var builder = GraphBuilder(name: "null")
    let dimensions = type?.shape.dimensions.map(Dimension.fixed) ?? [1]
    let x = try builder.input("x", ValueType(type?.elementType ?? .float32, dimensions))
    let row = try builder.apply("Reshape", [x, builder.constant(Tensor([Int64(-1)]), named: "shape")], name: "row")
    try builder.output(builder.apply("Gather", [row, builder.constant(Tensor([Int64(0)]), named: "first")], output: "y"))
    return builder.graph
  }

  /// A recurrent layer of one cell over the first feature, in windows of one row.
  private static func nullSequence(_ features: Int) throws -> Graph {
    var builder = GraphBuilder(name: "null")
    let x = try builder.input("x", ValueType(.float32, [1, 1, .fixed(features)]))
    let first = try builder.apply(
      "Gather", [x, builder.constant(Tensor([Int64(0)]))], attributes: ["axis": .int(2)], name: "first")
    let shapes: [Shape] = [[1, 4, 1], [1, 4, 1]]
    let weights = try shapes.map { try builder.constant(Tensor([Float](repeating: 0, count: $0.elementCount), shape: $0)) }
    try builder.append(
      Node("LSTM", name: "lstm", inputs: [first] + weights, outputs: ["all", "y"], attributes: ["hidden_size": .int(1)]))
    try builder.output("y")
    return builder.graph
  }

  // MARK: figures

  private func result(
    of samples: [BenchSample], _ kernels: KernelSelection, plan: ExecutionPlan, rows: Int = 1, null: ExecutionPlan?
  ) throws -> BenchResult {
    let features = plan.inputs.reduce(0) { $0 + $1.type.byteCount }
    var result = merged(samples, kernels, planBytes: plan.residentByteCount, featureBytes: features, steps: plan.steps)
    result.estimateNs = plan.estimate.map { $0 / Double(rows) }
    result.harnessNs = try null.map { null in
      try Self.middle(instances.run { try DecisionSubject(null, seed: seed + UInt64($0)).sample(20_000, $1).p50 })
    }
    return result
  }

  private func result(
    of samples: [BenchSample], _ kernels: KernelSelection, row plan: SequencePlan, steps: [ExecutionPlan.Step]
  ) -> BenchResult {
    merged(samples, kernels, planBytes: plan.residentByteCount, featureBytes: plan.featureCount * 4, steps: steps)
  }

  private func merged(
    _ samples: [BenchSample], _ kernels: KernelSelection, planBytes: Int, featureBytes: Int, steps: [ExecutionPlan.Step]
  ) -> BenchResult {
    var (answers, prepared) = (samples[0].answers, samples[0].prepared)
    for sample in samples.dropFirst() {
      answers.add(sample.answers)
      if let more = sample.prepared { prepared?.add(more) }
    }
    var latency = answers.percentiles
    latency.p50 = (Self.middle(samples.map(\.p50)) * 10).rounded() / 10
    let instructions = samples.compactMap(\.instructions)
    return BenchResult(
      model: name, mode: mode, kernels: kernels.instructionSet.rawValue, costs: kernels.costs.digest, instances: samples.count,
      planBytes: planBytes, bytesTouched: planBytes + featureBytes, decisions: decisions, latencyNs: latency,
      prepareNs: prepared?.percentiles, keptBytes: nil, clockNs: (samples[0].clock * 10).rounded() / 10, harnessNs: nil, estimateNs: nil,
      instructions: instructions.isEmpty ? nil : Self.middle(instructions).rounded(),
      decisionsPerSecond: samples.reduce(0) { $0 + $1.perSecond }, referenceSteps: steps.filter { !$0.isFast }.flatMap(\.nodes),
      remarks: steps.compactMap { step in step.remark.map { "\(step.nodes.joined(separator: " + ")): \($0)" } },
      distribution: answers.curve)
  }

  private static func middle(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
