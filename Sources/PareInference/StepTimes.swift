import CPareKernels

extension ExecutionContext {
  /// What each step of a plan of kernels alone takes when it runs over and over on what the last decision left: the least
  /// of several rounds, in nanoseconds, views left out. For reports; steps in a row overlap, so the sum is more than a
  /// decision takes.
  ///
  /// - Parameter features: what a step reads that takes them where the caller has them.
  /// - Returns: nil where a step falls back on the reference.
  package func stepTimes(
    features: UnsafePointer<Float>, rounds: Int = 20, repeats: Int = 50
  ) -> [(kernel: String, nanoseconds: Double)]? {
    let kernels = plan.steps.map(\.kernel).filter { $0 != "view" }
    guard let (steps, count) = wholeProgram, count == kernels.count else { return nil }
    return (0..<count).map { index in
      let best = (0..<rounds).map { _ in
        let start = pare_clock_nanoseconds()
        for _ in 0..<repeats { pare_program_run(steps + index, 1, arena, features) }
        return Double(pare_clock_nanoseconds() - start) / Double(repeats)
      }.min()
      return (kernels[index], best ?? 0)
    }
  }
}
