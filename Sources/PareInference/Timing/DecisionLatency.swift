import CPareKernels
import PareTensor

/// Measures one decision, from features in memory to the decision out.
///
/// Below a microsecond a pair of clock reads costs as much as what it measures. So the typical latency comes from
/// ``chain(rounds:)``, and the tail from ``stamps(count:_:)``, beside which the clock's own cost is stated.
public struct DecisionLatency {
  /// How to read ``stamps(count:_:)``.
  public struct Clock: Sendable, Codable, Hashable {
    /// `rdtsc` between fences, or `clock_gettime`.
    public let name: String
    /// The median of what two stamps with nothing between them measure.
    public let costNanoseconds: Double
    let nanosecondsPerTick: Double

    /// Measures the clock for about 20 ms.
    public init() {
      name = String(cString: pare_clock_name())
      let (start, startTicks) = (pare_clock_nanoseconds(), pare_clock_fenced())
      var pairs: [UInt64] = []
      while pare_clock_nanoseconds() - start < 20_000_000 {
        for _ in 0..<64 {
          let before = pare_clock_fenced()
          pairs.append(pare_clock_fenced() &- before)
        }
      }
      let (end, endTicks) = (pare_clock_nanoseconds(), pare_clock_fenced())
      nanosecondsPerTick = name == "rdtsc" ? Double(end - start) / Double(endTicks - startTicks) : 1
      pairs.sort()
      costNanoseconds = Double(pairs[pairs.count / 2]) * nanosecondsPerTick
    }
  }

  private let context: ExecutionContext
  private let inputs: [Float]
  private let width: Int

  /// - Parameter inputs: rows of features, one after the other; at least 1,000 different ones for a figure to publish.
  /// - Throws: `inference.input` where the plan has not one Float32 input, or the rows are not whole.
  public init(_ plan: ExecutionPlan, inputs: [Float]) throws {
    guard plan.inputs.count == 1, plan.inputs[0].type.elementType == .float32 else {
      throw InferenceError("input", subject: plan.name, expected: "one float32 input", found: "\(plan.inputs.map(\.name))")
    }
    width = plan.inputs[0].type.shape.elementCount
    guard width > 0, !inputs.isEmpty, inputs.count.isMultiple(of: width) else {
      throw InferenceError("input", subject: plan.name, expected: "rows of \(width) features", found: "\(inputs.count) numbers")
    }
    context = plan.makeContext()
    self.inputs = inputs
  }

  public var rowCount: Int { inputs.count / width }

  /// Nanoseconds per decision over all rows, `rounds` times over, where the address of each row's features depends on
  /// the decision before: latency, not throughput. Run once before to warm up.
  public func chain(rounds: Int = 1) throws -> Double {
    let zero = pare_opaque_zero()
    let rows = rowCount
    return try inputs.withUnsafeBufferPointer { inputs in
      guard let base = inputs.baseAddress else { return 0 }
      var last: UInt64 = 0
      let start = pare_clock_nanoseconds()
      for _ in 0..<rounds {
        for row in 0..<rows {
          let waits = Int(truncatingIfNeeded: last & zero)
          let decision = try context.run(features: base + row * width + waits)
          last = UInt64(truncatingIfNeeded: Int(decision)) ^ UInt64(context.link.pointee)
        }
      }
      let end = pare_clock_nanoseconds()
      return Double(end - start) / Double(max(rounds * rows, 1))
    }
  }

  /// Times `count` decisions one by one, going around the rows, between fenced stamps.
  ///
  /// - Parameter record: gets the nanoseconds of each decision, the cost of the clock included; called outside the
  ///   timed part.
  public func stamps(count: Int, clock: Clock, _ record: (Double) -> Void) throws {
    let rows = rowCount
    try inputs.withUnsafeBufferPointer { inputs in
      guard let base = inputs.baseAddress else { return }
      var row = 0
      for _ in 0..<count {
        let before = pare_clock_fenced()
        _ = try context.run(features: base + row * width)
        let ticks = pare_clock_fenced() &- before
        record(Double(ticks) * clock.nanosecondsPerTick)
        row = row + 1 == rows ? 0 : row + 1
      }
    }
  }
}
