import PareTensor

/// The memory in which one thread answers for one window after another. Not for use from several threads at once.
///
/// `prepare` takes the rows of the window but the newest, and leaves nothing to `run(newestRow:)` but what depends on the
/// newest row; `slide` does the same once that row has joined the older ones. All allocate nothing where every step of
/// the plan is fast.
public final class WindowedContext {
  public let plan: SequencePlan
  private let context: ExecutionContext
  private let pieces: WindowMemory?
  private var isPrepared = false
  private var isInvalid = false
  /// The older rows, the oldest first, where a window has a length.
  private let rows: UnsafeMutablePointer<Float>
  private var holdsRows = false

  init(_ plan: SequencePlan) {
    self.plan = plan
    context = ExecutionContext(plan.newestRow, arenas: plan.window == nil ? SequencePlan.rowsTogether : 1)
    pieces = plan.window.map { [context] in WindowMemory($0, newest: context) }
    rows = .allocate(capacity: max(plan.windowLength - 1, 1) * plan.featureCount)
    rows.initialize(repeating: 0, count: max(plan.windowLength - 1, 1) * plan.featureCount)
  }

  deinit { rows.deallocate() }

  /// Computes what depends on older rows alone.
  ///
  /// - Parameters:
  ///   - rows: `count` rows of `plan.featureCount` features, the oldest first.
  ///   - count: `plan.windowLength - 1`; any number where the graph leaves the window's length open.
  /// - Throws: `inference.window` for another number of rows; what a reference step finds in its data.
  public func prepare(_ rows: UnsafePointer<Float>, count: Int) throws {
    guard count >= 0, plan.windowLength == 1 || count == plan.windowLength - 1 else {
      throw InferenceError(
        "window", subject: plan.name, expected: "\(plan.windowLength - 1) older rows", found: "\(count)")
    }
    holdsRows = plan.windowLength > 1
    if holdsRows { self.rows.update(from: rows, count: count * plan.featureCount) }
    try prepareAll(rows, count: count)
  }

  private func prepareAll(_ rows: UnsafePointer<Float>, count: Int) throws {
    isPrepared = false
    if let pieces {
      isInvalid = try pieces.prepare(rows)
    } else {
      context.resetStreams()
      isInvalid = try context.advance(rows, count: count, width: plan.featureCount)
      context.prepareStreams()
    }
    isPrepared = true
  }

  /// The same with the rows in one array.
  ///
  /// - Throws: `inference.window` where they are not whole rows, or not as many as there have to be.
  public func prepare(_ rows: [Float]) throws {
    guard rows.count.isMultiple(of: plan.featureCount) else {
      throw InferenceError(
        "window", subject: plan.name, expected: "rows of \(plan.featureCount) features", found: "\(rows.count) numbers")
    }
    let count = rows.count / plan.featureCount
    try rows.withUnsafeBufferPointer { buffer in
      // An empty array may have no address; then there is nothing to read.
      let empty: Float = 0
      if let base = buffer.baseAddress { try prepare(base, count: count) } else { try withUnsafePointer(to: empty) { try prepare($0, count: count) } }
    }
  }

  /// Moves the window on by one row: the oldest leaves, and this one, as a rule the newest of the run before, becomes the
  /// newest of the older rows. As `prepare` with the rows that are left; what only moved is not computed again.
  ///
  /// - Parameter row: `plan.featureCount` features.
  /// - Throws: `inference.window` where no window was prepared before, or windows have no length; what a reference step
  ///   finds in its data.
  public func slide(_ row: UnsafePointer<Float>) throws {
    guard holdsRows else { throw notPrepared() }
    let (width, count) = (plan.featureCount, plan.windowLength - 1)
    rows.update(from: rows + width, count: (count - 1) * width)
    (rows + (count - 1) * width).update(from: row, count: width)
    guard let pieces else { return try prepareAll(rows, count: count) }
    isPrepared = false
    isInvalid = try pieces.slide(rows)
    isPrepared = true
  }

  /// Takes the newest row and answers for the window that it completes. The next window has to be prepared anew, or
  /// reached by a slide.
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
    InferenceError("window", subject: plan.name, expected: "a prepared window", found: "none")
  }

  /// The elements of an output, as the last run left them; nil where there is no such output or it has another type.
  public func output<Element: TensorElement>(
    _ name: String, as type: Element.Type = Element.self
  ) -> UnsafeBufferPointer<Element>? { context.output(name, as: type) }
}
