import PareTensor

/// The memory in which one thread answers for one window after another. Not for use from several threads at once.
///
/// `prepare` takes the rows of the window but the newest, and leaves nothing to `run(newestRow:)` but what depends on the
/// newest row. Both allocate nothing where every step of the plan is fast.
public final class WindowedContext {
  public let plan: SequencePlan
  private let context: ExecutionContext
  private var isPrepared = false
  private var isInvalid = false

  init(_ plan: SequencePlan) {
    self.plan = plan
    context = ExecutionContext(plan.row, arenas: SequencePlan.rowsTogether)
  }

  /// Runs the older rows from a zero state, and the products with the states that they leave.
  ///
  /// - Parameters:
  ///   - rows: `count` rows of `plan.featureCount` features, the oldest first.
  ///   - count: `plan.windowLength - 1`; any number where the graph leaves the window's length open.
  /// - Throws: `inference.window` for another number of rows; what a reference step finds in its data.
  public func prepare(_ rows: UnsafePointer<Float>, count: Int) throws {
    guard count >= 0, plan.windowLength == 1 || count == plan.windowLength - 1 else {
      throw InferenceError(
        "window", subject: plan.row.name, expected: "\(plan.windowLength - 1) older rows", found: "\(count)")
    }
    (isPrepared, isInvalid) = (false, false)
    context.resetStreams()
    isInvalid = try context.advance(rows, count: count, width: plan.featureCount)
    context.prepareStreams()
    isPrepared = true
  }

  /// The same with the rows in one array.
  ///
  /// - Throws: `inference.window` where they are not whole rows, or not as many as there have to be.
  public func prepare(_ rows: [Float]) throws {
    guard rows.count.isMultiple(of: plan.featureCount) else {
      throw InferenceError(
        "window", subject: plan.row.name, expected: "rows of \(plan.featureCount) features", found: "\(rows.count) numbers")
    }
    let count = rows.count / plan.featureCount
    try rows.withUnsafeBufferPointer { buffer in
      // An empty array may have no address; then there is nothing to read.
      let empty: Float = 0
      if let base = buffer.baseAddress { try prepare(base, count: count) } else { try withUnsafePointer(to: empty) { try prepare($0, count: count) } }
    }
  }

  /// Takes the newest row and answers for the window that it completes. The next window has to be prepared anew.
  ///
  /// - Parameter newestRow: `plan.featureCount` features.
  /// - Returns: as `ExecutionContext.run(features:)`; `ExecutionContext.invalidDecision` where a row of the window has a
  ///   NaN.
  /// - Throws: `inference.window` where no window was prepared; what a reference step finds in its data.
  @inline(__always)
  public func run(newestRow: UnsafePointer<Float>) throws -> Int8 {
    guard isPrepared else { throw notPrepared() }
    isPrepared = false
    let decision = try context.run(features: newestRow)
    return isInvalid ? ExecutionContext.invalidDecision : decision
  }

  @inline(never)
  private func notPrepared() -> InferenceError {
    InferenceError("window", subject: plan.row.name, expected: "a prepared window", found: "none")
  }

  /// The elements of an output, as the last run left them; nil where there is no such output or it has another type.
  public func output<Element: TensorElement>(
    _ name: String, as type: Element.Type = Element.self
  ) -> UnsafeBufferPointer<Element>? { context.output(name, as: type) }
}
