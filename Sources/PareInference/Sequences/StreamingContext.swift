import PareTensor

/// The state of one stream of rows. Not for use from several threads at once.
///
/// `run(row:)` and `prepare()` allocate nothing where every step of the plan is fast.
public final class StreamingContext {
  public let plan: SequencePlan
  private let context: ExecutionContext
  /// Whether a row since the last reset had a NaN: what it did to the state cannot be undone.
  private var isInvalid = false

  init(_ plan: SequencePlan, _ row: ExecutionPlan) {
    self.plan = plan
    context = row.makeContext()
    context.resetStreams()
  }

  /// Computes what of the next step does not depend on its row: the products with the states. `run(row:)` does it itself
  /// where it was not done; done before, it is off the path from row to answer.
  public func prepare() { context.prepareStreams() }

  /// Takes the next row and answers.
  ///
  /// - Parameter row: `plan.featureCount` features.
  /// - Returns: as `ExecutionContext.run(features:)`. Once a row has a NaN, `ExecutionContext.invalidDecision` until
  ///   `reset()`.
  public func run(row: UnsafePointer<Float>) throws -> Int8 {
    let decision = try context.run(features: row)
    if context.nanFlag.pointee != 0 { isInvalid = true }
    return isInvalid ? ExecutionContext.invalidDecision : decision
  }

  /// Begins anew, as if no row had come.
  public func reset() {
    context.resetStreams()
    isInvalid = false
  }

  /// The elements of an output, as the last run left them; nil where there is no such output or it has another type.
  public func output<Element: TensorElement>(
    _ name: String, as type: Element.Type = Element.self
  ) -> UnsafeBufferPointer<Element>? { context.output(name, as: type) }
}
