import PareInference

/// What a decision takes two models, timed by turns so that a machine that grows faster or slower does so for both.
enum ComparedLatency {
  private static let rounds = 3

  /// - Parameter decisions: timed one by one, per model and round.
  /// - Returns: of each model the middle of the rounds' p50 and p99, in nanoseconds; nil where a model does not take one row of Float32.
  static func measure(_ plans: [ExecutionPlan], seed: UInt64, decisions: Int) throws -> [(p50: Double, p99: Double)]? {
    guard plans.allSatisfy({ $0.inputs.count == 1 && $0.inputs[0].type.elementType == .float32 }) else { return nil }
    let measurements = plans.map { LatencyMeasurement($0, seed: seed) }
    var latencies = plans.map { _ in [Latency]() }
    for _ in 0..<rounds {
      for (index, measurement) in measurements.enumerated() { latencies[index].append(try measurement.measure(decisions: decisions)) }
    }
    func middle(_ values: [Double]) -> Double { values.sorted()[rounds / 2] }
    return latencies.map { (middle($0.map(\.p50)), middle($0.map(\.p99))) }
  }
}
