#if canImport(Glibc)
  import Glibc
#endif

/// The core that a thread runs on.
public enum ProcessorCore {
  /// Keeps this thread on a core.
  ///
  /// - Throws: `evaluation.pin` where there is no such core, or the system cannot.
  public static func pin(to core: Int) throws {
    #if os(Linux)
      var set = cpu_set_t()
      let bits = MemoryLayout<cpu_set_t>.size * 8
      let isSet = (0..<bits).contains(core)
      if isSet { withUnsafeMutableBytes(of: &set) { $0[core / 8] |= 1 << (core % 8) } }
      guard isSet, sched_setaffinity(0, MemoryLayout<cpu_set_t>.size, &set) == 0 else {
        throw EvaluationError(
          "pin", subject: "--pin", expected: "a core in 0 ..< \(sysconf(Int32(_SC_NPROCESSORS_ONLN)))", found: "\(core)", category: .usage)
      }
    #else
      throw EvaluationError("pin", subject: "--pin", expected: "Linux", found: "another system", category: .usage)
    #endif
  }
}
