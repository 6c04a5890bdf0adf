import PareGraph

/// Memory that a fast form works in, made once when it is prepared. For one thread at a time, as its executor is.
final class ScratchMemory: @unchecked Sendable {
  let elements: UnsafeMutablePointer<Float>

  /// Zeros, aligned as planned buffers are.
  init(count: Int) {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: MemoryPlan.alignment)
    elements = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    elements.initialize(repeating: 0, count: max(count, 1))
  }

  deinit {
    UnsafeMutableRawPointer(elements).deallocate()
  }
}
