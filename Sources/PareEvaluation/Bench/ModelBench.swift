import Histogram
import PareGraph
import PareInference
import PareTensor

/// Times a model as it is deployed: one decision at a time, a row of a sequence at a time, or many rows at once.
public struct ModelBench: Sendable {
  private let model: Model
  private let name: String
  private let mode: BenchMode
  private let decisions: Int
  private let seed: UInt64

  /// - Parameters:
  ///   - name: what results call it.
  ///   - decisions: how many are timed one by one.
  ///   - seed: of the rows, standard normal numbers.
  public init(_ model: Model, name: String, mode: BenchMode, decisions: Int, seed: UInt64 = 1) {
    self.model = model
    self.name = name
    self.mode = mode
    self.decisions = decisions
    self.seed = seed
  }

  /// - Throws: `GraphError` and `InferenceError` for models that cannot be planned, or not fed row by row.
  public func run() throws -> BenchResult {
    switch mode {
    case .decision: try single()
    case .window: try rowByRow(.windowed)
    case .stream: try rowByRow(.streaming)
    case .batch: try batch()
    }
  }

  // MARK: single decisions

  private func single() throws -> BenchResult {
    let plan = try ExecutionPlan(model)
    let latency = try LatencyMeasurement(plan, seed: seed).measure(decisions: decisions)
    var result = result(
      planBytes: plan.residentByteCount, p50: latency.p50,
      .init(p50: latency.p50, p99: latency.p99, p999: latency.p999, max: latency.max), clock: latency.clock,
      steps: plan.steps)
    result.harnessNs = try plan.inputs.first.map { input in
      try LatencyMeasurement(ExecutionPlan(Self.nullModel(input.type)), seed: seed).measure(decisions: 20_000).p50
    }
    return result
  }

  /// A model of the same input that looks at one number of it.
  private static func nullModel(_ type: TensorType) throws -> Model {
    var builder = GraphBuilder(name: "null")
    let x = try builder.input("x", ValueType(type.elementType, type.shape.dimensions.map(Dimension.fixed)))
    let shape = try builder.constant(Tensor([Int64(-1)]), named: "shape")
    let row = try builder.apply("Reshape", [x, shape], name: "row")
    let first = try builder.constant(Tensor([Int64(0)]), named: "first")
    try builder.output(try builder.apply("Gather", [row, first], name: "pick", output: "y"))
    return Model(graph: builder.graph)
  }

  // MARK: rows of a sequence

  private func rowByRow(_ mode: RowLatency.Mode) throws -> BenchResult {
    let plan = try SequencePlan(model)
    let rows = max(plan.windowLength, 1) + 1024
    var generator = SeededGenerator(seed: seed, stream: "bench")
    let inputs = (0..<rows * plan.featureCount).map { _ in Float(generator.normal()) }
    let timing = try RowLatency(plan, inputs: inputs, mode: mode)
    let clock = DecisionLatency.Clock()
    var (answers, prepared) = (Self.histogram(), Self.histogram())
    try timing.stamps(count: max(min(decisions / 10, 200), 2), clock: clock) { _, _ in }
    try timing.stamps(count: decisions, clock: clock) { answer, prepare in
      answers.record(UInt64((answer * 10).rounded()))
      prepared.record(UInt64((prepare * 10).rounded()))
    }
    var p50 = Self.percentiles(answers).p50
    if p50 < 1000 {
      // Below a microsecond the clock costs too much of it.
      let rounds = max(decisions / 16 / 9, 1)
      p50 = try (0..<9).map { _ in try timing.chain(rounds: rounds) }.sorted()[4]
    }
    var result = result(
      planBytes: plan.residentByteCount, p50: p50, Self.percentiles(answers), clock: clock.costNanoseconds,
      steps: plan.steps)
    result.prepareNs = Self.percentiles(prepared)
    let both = result.latencyNs.p50 + (result.prepareNs?.p50 ?? 0)
    result.decisionsPerSecond = both > 0 ? 1e9 / both : 0
    return result
  }

  // MARK: batches

  private func batch() throws -> BenchResult {
    let plan = try ExecutionPlan(model)
    guard plan.inputs.count == 1, plan.inputs[0].type.elementType == .float32 else {
      throw EvaluationError("bench", subject: name, expected: "one float32 input", found: plan.inputs.map(\.name).joined(separator: ", "))
    }
    let width = plan.inputs[0].type.shape.elementCount
    let rows = 1024
    var generator = SeededGenerator(seed: seed, stream: "bench")
    let inputs = (0..<rows * width).map { _ in Float(generator.normal()) }
    let context = plan.makeContext()
    var made = [Int8](repeating: 0, count: rows)
    var histogram = Self.histogram()
    for round in 0..<max(decisions / rows, 10) + 2 {
      let start = ContinuousClock.now
      try inputs.withUnsafeBufferPointer { inputs in
        guard let base = inputs.baseAddress else { return }
        for row in 0..<rows { made[row] = try context.run(features: base + row * width) }
      }
      let perRow = (ContinuousClock.now - start) / .nanoseconds(1) / Double(rows)
      if round >= 2 { histogram.record(UInt64((perRow * 10).rounded())) }
    }
    let percentiles = Self.percentiles(histogram)
    return result(
      planBytes: plan.residentByteCount, p50: percentiles.p50, percentiles, clock: 0, steps: plan.steps)
  }

  // MARK: figures

  private func result(
    planBytes: Int, p50: Double, _ percentiles: BenchResult.Percentiles, clock: Double, steps: [ExecutionPlan.Step]
  ) -> BenchResult {
    var percentiles = percentiles
    percentiles.p50 = (p50 * 10).rounded() / 10
    return BenchResult(
      model: name, mode: mode,
      kernels: (try? KernelSelection.fromEnvironment().instructionSet.rawValue) ?? "", planBytes: planBytes,
      decisions: decisions, latencyNs: percentiles, prepareNs: nil, clockNs: (clock * 10).rounded() / 10, harnessNs: nil,
      decisionsPerSecond: p50 > 0 ? 1e9 / p50 : 0,
      referenceSteps: steps.filter { !$0.isFast }.flatMap(\.nodes))
  }

  /// Tenths of a nanosecond, up to a second, to three digits.
  private static func histogram() -> Histogram<UInt32> {
    Histogram<UInt32>(highestTrackableValue: 10_000_000_000, numberOfSignificantValueDigits: .three)
  }

  private static func percentiles(_ histogram: Histogram<UInt32>) -> BenchResult.Percentiles {
    func nanoseconds(_ value: UInt64) -> Double { Double(value) / 10 }
    return BenchResult.Percentiles(
      p50: nanoseconds(histogram.valueAtPercentile(50)), p99: nanoseconds(histogram.valueAtPercentile(99)),
      p999: nanoseconds(histogram.valueAtPercentile(99.9)), max: nanoseconds(histogram.max))
  }
}
