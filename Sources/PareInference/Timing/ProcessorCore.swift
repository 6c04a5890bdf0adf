import CPareKernels

/// The core that a thread runs on.
public enum ProcessorCore {
  /// Keeps this thread on a core.
  ///
  /// - Throws: `inference.pin` where there is no such core, or the system has no such call.
  public static func pin(to core: Int) throws {
    guard let number = Int32(exactly: core), pare_pin_to_core(number) != 0 else {
      throw InferenceError(
        "pin", subject: "core", expected: "one that this process may use, on Linux", found: "\(core)", category: .usage)
    }
  }
}
