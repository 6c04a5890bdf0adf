import PareGraph

/// Memory that a fast form works in, made once when it is prepared. For one thread at a time, as its executor is.
final class ScratchMemory: @unchecked Sendable {
  let elements: UnsafeMutablePointer<Float>

  /// Zeros, aligned as planned buffers are.
  init(count: Int) {
    let byteCount = max(count, 1) * MemoryLayout<Float>.stride
    let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: MemoryPlan.alignment)
    elements = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    elements.initialize(repeating: 0, count: max(count, 1))
    ScratchTally.current?.byteCount += byteCount
  }

  deinit {
    UnsafeMutableRawPointer(elements).deallocate()
  }
}

/// Adds up what forms take to work in while they are prepared.
final class ScratchTally: @unchecked Sendable {
  // Forms are prepared on the thread that counts.
  var byteCount = 0

  @TaskLocal static var current: ScratchTally?

  /// What forms took while `body` ran.
  static func count<Result>(_ body: () throws -> Result) rethrows -> (result: Result, byteCount: Int) {
    let tally = ScratchTally()
    let result = try $current.withValue(tally) { try body() }
    // Where one is counted within another, the outer one counts all.
    current?.byteCount += tally.byteCount
    return (result, tally.byteCount)
  }
}
