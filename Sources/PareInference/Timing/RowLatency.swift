import CPareKernels
import PareTensor

/// Measures a model that is fed row by row: from the newest row in memory to the answer, with what can be done before it
/// arrives done before, and timed apart.
public struct RowLatency {
  /// What the rows before the newest leave behind.
  public enum Mode: Sendable, Hashable {
    /// Zero state at the start of each window.
    case windowed
    /// The state goes on from row to row.
    case streaming
  }

  /// Windows that are prepared before a chain goes through them: the clock's cost is spread over so many answers.
  private static let lanes = 16

  private let lanes: [Lane]
  private let inputs: [Float]
  private let width: Int
  private let olderRows: Int

  /// One stream, or one window after another.
  private enum Lane {
    case windowed(WindowedContext)
    case streaming(StreamingContext)

    @inline(__always)
    func prepare(_ rows: UnsafePointer<Float>, count: Int) throws {
      switch self {
      case .windowed(let context): try context.prepare(rows, count: count)
      case .streaming(let context): context.prepare()
      }
    }

    @inline(__always)
    func answer(_ row: UnsafePointer<Float>) throws -> Int8 {
      switch self {
      case .windowed(let context): try context.run(newestRow: row)
      case .streaming(let context): try context.run(row: row)
      }
    }
  }

  /// - Parameter inputs: rows of features, one after the other; at least a window and some more.
  /// - Throws: `inference.input` where the rows are not whole or too few.
  public init(_ plan: SequencePlan, inputs: [Float], mode: Mode) throws {
    width = plan.featureCount
    olderRows = mode == .windowed ? max(plan.windowLength - 1, 0) : 0
    guard width > 0, inputs.count.isMultiple(of: width), inputs.count / max(width, 1) > olderRows + Self.lanes else {
      throw InferenceError(
        "input", subject: plan.name, expected: "more than \(olderRows + Self.lanes) rows of \(width) features",
        found: "\(inputs.count) numbers")
    }
    self.inputs = inputs
    lanes = try (0..<Self.lanes).map { _ in
      mode == .windowed ? .windowed(plan.makeWindowedContext()) : .streaming(try plan.makeStreamingContext())
    }
  }

  private var rowCount: Int { inputs.count / width }

  /// Nanoseconds from newest row to answer, over prepared windows of different rows, each row's address depending on the
  /// answer before.
  ///
  /// - Parameter rounds: times 16 answers.
  public func chain(rounds: Int) throws -> Double {
    let zero = pare_opaque_zero()
    return try inputs.withUnsafeBufferPointer { inputs in
      guard let base = inputs.baseAddress else { return 0 }
      var total: UInt64 = 0
      var last: UInt64 = 0
      var first = 0
      for _ in 0..<max(rounds, 1) {
        for (index, lane) in lanes.enumerated() { try lane.prepare(base + (first + index) * width, count: olderRows) }
        let start = pare_clock_nanoseconds()
        for (index, lane) in lanes.enumerated() {
          let waits = Int(truncatingIfNeeded: last & zero)
          last = UInt64(truncatingIfNeeded: Int(try lane.answer(base + (first + index + olderRows) * width + waits)))
        }
        total += pare_clock_nanoseconds() - start
        first = next(first)
      }
      return Double(total) / Double(max(rounds, 1) * lanes.count)
    }
  }

  /// Times answers one by one between fenced stamps, and what was prepared for each.
  ///
  /// - Parameter record: gets the nanoseconds of an answer and of its preparation, the clock's cost in both.
  public func stamps(count: Int, clock: DecisionLatency.Clock, _ record: (_ answer: Double, _ prepare: Double) -> Void) throws {
    try inputs.withUnsafeBufferPointer { inputs in
      guard let base = inputs.baseAddress, let lane = lanes.first else { return }
      var first = 0
      for _ in 0..<count {
        let begin = pare_clock_fenced()
        try lane.prepare(base + first * width, count: olderRows)
        let before = pare_clock_fenced()
        _ = try lane.answer(base + (first + olderRows) * width)
        let after = pare_clock_fenced()
        record(Double(after &- before) * clock.nanosecondsPerTick, Double(before &- begin) * clock.nanosecondsPerTick)
        first = next(first)
      }
    }
  }

  private func next(_ first: Int) -> Int { first + 1 + lanes.count + olderRows > rowCount - 1 ? 0 : first + 1 }
}
