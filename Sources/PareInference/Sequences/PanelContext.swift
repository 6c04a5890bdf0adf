import CPareKernels
import PareTensor

/// The states of one stream of days. Not for use from several threads at once.
///
/// `run(features:mask:)` allocates nothing where every step of the plan is fast.
public final class PanelContext {
  public let plan: PanelPlan
  private let context: ExecutionContext
  /// The steps up to the one that sees whether features are finite, which change no state.
  private let entry: UnsafePointer<pare_step>?
  private let program: (steps: UnsafePointer<pare_step>, count: Int)?
  private let features: UnsafeMutableRawPointer?
  private let mask: UnsafeMutableRawPointer?
  private let states: [UnsafeMutableRawBufferPointer]
  /// The scores of the day that was run last, by symbol; 0 for absent symbols, and for all before the first day.
  public let scores: UnsafeBufferPointer<Float>

  init(_ plan: PanelPlan) {
    self.plan = plan
    let context = plan.plan.makeContext()
    self.context = context
    program = context.wholeProgram.map { ($0, $1) }
    if case .fast(let steps, _)? = plan.plan.segments.first { entry = steps } else { entry = nil }
    features = plan.plan.readsFeaturesInPlace ? nil : context.mutableAddress(of: plan.plan.inputs[0].name)
    mask = context.mutableAddress(of: plan.mask)
    states = plan.states.compactMap { state in
      plan.plan.inputs.firstIndex { $0.name == state.input }.flatMap { context.inputBytes(at: $0) }
    }
    let address = context.address(of: plan.scores)
    scores = UnsafeBufferPointer(start: address?.assumingMemoryBound(to: Float.self), count: plan.symbols)
  }

  /// Takes the next day and scores its symbols; ``scores`` then has them.
  ///
  /// What an absent symbol's features hold reaches nothing, and its score is 0; its state goes on as the graph says.
  ///
  /// - Parameters:
  ///   - features: `plan.symbols · plan.featureCount` numbers, symbol by symbol: of each those of `plan.columns`.
  ///   - mask: a number for each symbol, above 0.5 where it has a row.
  /// - Returns: false where a feature of a symbol that is there is infinite or no number: then the day is refused, and scores and states are
  ///   as before it.
  /// - Throws: what a reference step finds in its data.
  public func run(features: UnsafePointer<Float>, mask: UnsafePointer<Float>) throws -> Bool {
    self.mask?.copyMemory(from: mask, byteCount: plan.symbols * MemoryLayout<Float>.stride)
    self.features?.copyMemory(from: features, byteCount: plan.symbols * plan.featureCount * MemoryLayout<Float>.stride)
    let watched = plan.plan.watchedCount
    if let entry {
      pare_program_run(entry, watched, context.arena, features)
      guard context.nanFlag.pointee == 0 else { return false }
    }
    if let program {
      pare_program_run(program.steps + watched, program.count - watched, context.arena, features)
    } else {
      try context.runSegments(external: UnsafeRawPointer(features))
    }
    return true
  }

  /// What each step of a day takes: see `ExecutionContext.stepTimes(features:)`. The states go on meanwhile.
  package func stepTimes(features: UnsafePointer<Float>) -> [(kernel: String, nanoseconds: Double)]? {
    context.stepTimes(features: features)
  }

  /// Begins anew, as if no day had come.
  public func reset() {
    for state in states { state.initializeMemory(as: UInt8.self, repeating: 0) }
    UnsafeMutableBufferPointer(mutating: scores).update(repeating: 0)
  }
}
