import PareInference
import PareTensor

/// Times single decisions of a plan, features in memory to decision out.
///
/// Figures come from fenced stamps around single decisions, with the clock's cost stated beside them and not subtracted.
/// Below a microsecond the clock costs as much as what it measures: there the p50 is the median of several dependent
/// chains over different rows.
public struct LatencyMeasurement: Sendable {
  /// Different rows that a chain goes around.
  private static let rowCount = 1024
  /// Chains of which the median counts.
  private static let chains = 9

  private let plan: ExecutionPlan
  let features: [Float]

  /// - Parameter features: rows of the plan's input, row-major; the first 1,024 are used.
  public init(_ plan: ExecutionPlan, features: [Float]) {
    self.plan = plan
    let width = plan.inputs.first?.type.shape.elementCount ?? 1
    self.features = Array(features.prefix(Self.rowCount * width))
  }

  /// Rows of standard normal numbers, where no data are at hand.
  public init(_ plan: ExecutionPlan, seed: UInt64) {
    let width = plan.inputs.first?.type.shape.elementCount ?? 1
    var generator = SeededGenerator(seed: seed, stream: "bench")
    self.init(plan, features: (0..<Self.rowCount * width).map { _ in Float(generator.normal()) })
  }

  /// - Parameter decisions: how many are timed one by one for the tail.
  /// - Throws: `InferenceError` where the plan does not take such rows.
  public func measure(decisions: Int) throws -> Latency { try distribution(decisions: decisions).latency }

  /// The same together with where every decision fell.
  func distribution(decisions: Int) throws -> (latency: Latency, distribution: LatencyDistribution) {
    let timing = try DecisionLatency(plan, inputs: features)
    let clock = DecisionLatency.Clock()
    var distribution = LatencyDistribution()
    try timing.stamps(count: max(min(decisions / 10, 1000), 3), clock: clock) { _ in }
    try timing.stamps(count: decisions, clock: clock) { distribution.record($0) }
    var p50 = distribution.nanoseconds(atPercentile: 50)
    if p50 < 1000 {
      let rounds = max(1, decisions / (Self.chains * timing.rowCount))
      _ = try timing.chain(rounds: rounds)
      p50 = try (0..<Self.chains).map { _ in try timing.chain(rounds: rounds) }.sorted()[Self.chains / 2]
    }
    let latency = Latency(
      p50: (p50 * 10).rounded() / 10, p99: distribution.nanoseconds(atPercentile: 99),
      p999: distribution.nanoseconds(atPercentile: 99.9), max: distribution.max,
      clock: (clock.costNanoseconds * 10).rounded() / 10)
    return (latency, distribution)
  }
}
