import PareInference
import PareTensor

/// What one thread measured.
struct BenchSample: Sendable {
  /// Of dependent chains where the clock would cost too much of it, else of single decisions.
  var p50: Double
  var answers: LatencyDistribution
  var prepared: LatencyDistribution?
  var clock: Double
  /// Decisions a second, one after another.
  var perSecond: Double
  var instructions: Double?

  /// As results state it.
  var latency: Latency {
    Latency(
      p50: (p50 * 10).rounded() / 10, p99: answers.nanoseconds(atPercentile: 99), p999: answers.nanoseconds(atPercentile: 99.9),
      max: answers.max, clock: (clock * 10).rounded() / 10)
  }
}

/// Single decisions, features in memory to decision out.
struct DecisionSubject {
  private let plan: ExecutionPlan
  private let measurement: LatencyMeasurement

  init(_ plan: ExecutionPlan, seed: UInt64) {
    self.plan = plan
    measurement = LatencyMeasurement(plan, seed: seed)
  }

  func sample(_ decisions: Int, _ together: () -> Void) throws -> BenchSample {
    let (timing, rounds) = (try DecisionLatency(plan, inputs: measurement.features), max(min(decisions / 1024, 8), 1))
    let instructions = try InstructionCounter().map { counter in
      Double(try counter.count { _ = try timing.chain(rounds: rounds) }) / Double(rounds * timing.rowCount)
    }
    together()
    let (latency, distribution) = try measurement.distribution(decisions: decisions)
    return BenchSample(
      p50: latency.p50, answers: distribution, clock: latency.clock, perSecond: latency.p50 > 0 ? 1e9 / latency.p50 : 0,
      instructions: instructions)
  }
}

/// The newest row of a window or a stream to the answer.
struct RowSubject {
  private let timing: RowLatency

  init(_ plan: SequencePlan, mode: RowLatency.Mode, seed: UInt64) throws {
    let rows = max(plan.windowLength, 1) + 1024
    timing = try RowLatency(plan, inputs: BenchRows.normal(rows * plan.featureCount, seed: seed), mode: mode)
  }

  func sample(_ decisions: Int, _ together: () -> Void) throws -> BenchSample {
    let clock = DecisionLatency.Clock()
    var (answers, prepared) = (LatencyDistribution(), LatencyDistribution())
    try timing.stamps(count: max(min(decisions / 10, 200), 2), clock: clock) { _, _ in }
    together()
    try timing.stamps(count: decisions, clock: clock) { answer, prepare in
      answers.record(answer)
      prepared.record(prepare)
    }
    var p50 = answers.nanoseconds(atPercentile: 50)
    if p50 < 20 * clock.costNanoseconds {
      // The clock costs too much of it. Not as soon as with single decisions: a chain prepares many windows before the first
      // answer, and what they leave behind pushes one another out of the first cache, as it does not live.
      let rounds = max(decisions / 16 / 9, 1)
      p50 = try (0..<9).map { _ in try timing.chain(rounds: rounds) }.sorted()[4]
    }
    let both = p50 + prepared.nanoseconds(atPercentile: 50)
    return BenchSample(
      p50: p50, answers: answers, prepared: prepared, clock: clock.costNanoseconds, perSecond: both > 0 ? 1e9 / both : 0)
  }
}

/// Many rows at once, per row.
struct BatchSubject {
  /// Rows that a plan takes together.
  static let blockRows = 8
  /// Rows of a run.
  private static let rows = 1024

  private let plan: BatchPlan
  private let inputs: [Float]

  init(_ plan: BatchPlan, seed: UInt64) {
    self.plan = plan
    inputs = BenchRows.normal(Self.rows * (plan.single.inputs.first?.type.shape.elementCount ?? 1), seed: seed)
  }

  func sample(_ decisions: Int, _ together: () -> Void) throws -> BenchSample {
    let context = plan.makeContext()
    var made = [Int8](repeating: 0, count: Self.rows)
    var answers = LatencyDistribution()
    func once() throws {
      try inputs.withUnsafeBufferPointer { inputs in
        try made.withUnsafeMutableBufferPointer { made in
          guard let features = inputs.baseAddress, let made = made.baseAddress else { return }
          try context.run(features: features, count: Self.rows, decisions: made)
        }
      }
    }
    for _ in 0..<2 { try once() }
    let instructions = try InstructionCounter().map { Double(try $0.count(once)) / Double(Self.rows) }
    together()
    for _ in 0..<max(decisions / Self.rows, 10) {
      let start = ContinuousClock.now
      try once()
      answers.record((ContinuousClock.now - start) / .nanoseconds(1) / Double(Self.rows))
    }
    let p50 = answers.nanoseconds(atPercentile: 50)
    return BenchSample(
      p50: p50, answers: answers, clock: 0, perSecond: p50 > 0 ? 1e9 / p50 : 0, instructions: instructions)
  }
}

enum BenchRows {
  /// Standard normal numbers.
  static func normal(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed, stream: "bench")
    return (0..<count).map { _ in Float(generator.normal()) }
  }
}
