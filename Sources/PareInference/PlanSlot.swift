import Synchronization

/// The plan that is in use now, of which there may be a newer one at any moment.
///
/// Threads decide through a ``PlanReader`` each. Looking for a newer plan is one load of an address: a reader takes no
/// lock and counts no references while there is none. Editions are linked from old to new, and a link is set once, so what
/// a reader holds stays valid whatever is published meanwhile. A plan is freed when the last reader has left it; a reader
/// that runs no more keeps its own and all later ones.
public final class PlanSlot: Sendable {
  final class Edition: Sendable {
    let plan: ExecutionPlan
    let number: Int
    let next = AtomicLazyReference<Edition>()

    init(_ plan: ExecutionPlan, number: Int) {
      (self.plan, self.number) = (plan, number)
    }
  }

  /// Only those who publish, and new readers, wait for each other.
  private let latest: Mutex<Edition>

  public init(_ plan: ExecutionPlan) {
    latest = Mutex(Edition(plan, number: 0))
  }

  /// Puts a plan in the place of the one in use. Readers take it up before their next decision.
  ///
  /// - Throws: `inference.input` where its inputs or outputs are not those of the plan in use: readers would read features
  ///   that are not there.
  public func publish(_ plan: ExecutionPlan) throws {
    try latest.withLock { edition in
      let old = edition.plan
      guard plan.inputs == old.inputs, plan.outputs == old.outputs else {
        throw InferenceError(
          "input", subject: plan.name, expected: "inputs and outputs of the plan in use: \(old.inputs) → \(old.outputs)",
          found: "\(plan.inputs) → \(plan.outputs)")
      }
      edition = edition.next.storeIfNil(Edition(plan, number: edition.number + 1))
    }
  }

  /// A reader for one thread, at the plan in use.
  public func makeReader() -> PlanReader { PlanReader(latest.withLock { $0 }) }
}

/// One thread's way to the plan in use. Not for use from several threads at once.
public final class PlanReader {
  private var edition: PlanSlot.Edition
  /// Memory of the plan that decided last, where its outputs are.
  public private(set) var context: ExecutionContext
  // The same two, which this reader holds, without counting that again for every decision.
  private var current: Unmanaged<PlanSlot.Edition>
  private var running: Unmanaged<ExecutionContext>

  init(_ edition: PlanSlot.Edition) {
    self.edition = edition
    context = edition.plan.makeContext()
    (current, running) = (Unmanaged.passUnretained(edition), Unmanaged.passUnretained(context))
  }

  /// How many plans were published before the one that decided last.
  public var editionNumber: Int { edition.number }

  /// One decision of the newest plan, as ``ExecutionContext/run(features:)-(_)``. The first after a new plan was published
  /// takes the time, and the memory, of making a context; ``refresh()`` does that at a moment of one's choice.
  public func run(features: UnsafePointer<Float>) throws -> Int8 {
    if current._withUnsafeGuaranteedRef({ $0.next.load() != nil }) { refresh() }
    return try running._withUnsafeGuaranteedRef { try $0.run(features: features) }
  }

  /// Goes on to the newest plan.
  ///
  /// - Returns: whether there was one.
  @inline(never)
  @discardableResult
  public func refresh() -> Bool {
    guard var newest = edition.next.load() else { return false }
    while let next = newest.next.load() { newest = next }
    edition = newest
    context = newest.plan.makeContext()
    (current, running) = (Unmanaged.passUnretained(edition), Unmanaged.passUnretained(context))
    return true
  }
}
