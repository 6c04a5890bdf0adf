import PareInference
import PareTensor

/// A day of a panel: the features of all symbols in memory to their scores, the state carried on from the day before.
struct PanelSubject {
  private static let days = 8
  private let plan: PanelPlan
  private let features: [Float]
  private let mask: [Float]

  /// - Parameter seed: of the features, standard normal numbers, and of who is absent: a tenth of the symbols.
  init(_ plan: PanelPlan, seed: UInt64) {
    self.plan = plan
    features = BenchRows.normal(Self.days * plan.symbols * plan.featureCount, seed: seed)
    mask = BenchRows.normal(Self.days * plan.symbols, seed: seed + 1).map { $0 < -1.2816 ? 0 : 1 }
  }

  func sample(_ decisions: Int, _ together: () -> Void) throws -> BenchSample {
    let context = plan.makeContext()
    var answers = LatencyDistribution()
    func day(_ number: Int) throws {
      let day = number % Self.days
      try features.withUnsafeBufferPointer { features in
        try mask.withUnsafeBufferPointer { mask in
          guard let features = features.baseAddress, let mask = mask.baseAddress else { return }
          _ = try context.run(features: features + day * plan.symbols * plan.featureCount, mask: mask + day * plan.symbols)
        }
      }
    }
    for number in 0..<max(min(decisions / 10, 200), 2) { try day(number) }
    let instructions = try InstructionCounter().map { Double(try $0.count { try day(0) }) }
    together()
    for number in 0..<decisions {
      let start = ContinuousClock.now
      try day(number)
      answers.record((ContinuousClock.now - start) / .nanoseconds(1))
    }
    let p50 = answers.nanoseconds(atPercentile: 50)
    return BenchSample(
      p50: p50, answers: answers, clock: 0, perSecond: p50 > 0 ? 1e9 / p50 : 0, instructions: instructions)
  }
}
