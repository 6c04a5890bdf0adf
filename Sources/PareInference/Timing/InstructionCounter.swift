import CPareKernels

/// Counts the instructions that the calling thread retires in user space, where the machine has such a counter and lets a
/// process read it (many virtual ones do not).
public final class InstructionCounter {
  private let counter: Int32

  /// - Returns: nil where there is no counter.
  public init?() {
    counter = pare_instructions_open()
    guard counter >= 0 else { return nil }
  }

  deinit { pare_instructions_close(counter) }

  /// Instructions that `work` takes, those of reading the counter among them: some dozens.
  public func count(_ work: () throws -> Void) rethrows -> UInt64 {
    let start = pare_instructions_read(counter)
    try work()
    return pare_instructions_read(counter) - start
  }
}
