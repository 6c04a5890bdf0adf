import PareGraph
import PareTensor

/// Inputs and outputs as memory, by position in the plan's lists: for callers that bind buffers once.
extension ExecutionContext {
  /// Where the caller writes an input before it runs.
  ///
  /// - Returns: memory for as long as the context lasts; nil for the one input that is read where the caller has it.
  /// - Precondition: `index` is one of `plan.inputs`.
  package func inputBytes(at index: Int) -> UnsafeMutableRawBufferPointer? {
    let input = plan.inputs[index]
    guard let offset = plan.offsets[input.name] else { return nil }
    return UnsafeMutableRawBufferPointer(start: arena + offset, count: input.type.byteCount)
  }

  /// An output, as the last run left it; zeros before the first.
  ///
  /// - Returns: memory for as long as the context lasts, which the next run overwrites.
  /// - Precondition: `index` is one of `plan.outputs`.
  package func outputBytes(at index: Int) -> UnsafeRawBufferPointer { bytes(of: plan.outputs[index]) }

  /// Runs on what is in `inputBytes(at:)`.
  ///
  /// - Parameter external: the input that is read in place, where the plan has one.
  /// - Throws: what a reference step finds in its data.
  package func runOnBytes(external: UnsafeRawPointer?) throws { try runSegments(external: external) }
}
