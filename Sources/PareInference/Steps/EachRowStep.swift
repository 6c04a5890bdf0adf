import CPareKernels
import PareGraph
import PareTensor

/// A step of one row on each row of a matrix, or of several, by itself, for kinds whose kernels take no more than one. It begins at no
/// operator: the kinds put their steps into it.
struct EachRowStep: StepKind {
  private let one: any StepKind
  private let rowCount: Int
  private let inputByteCount: Int
  private let outputByteCount: Int

  static var operators: [OperatorName] { [] }
  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? { nil }

  /// - Returns: the step itself for one row.
  static func wrapping(_ one: any StepKind, from input: TensorType, to output: TensorType) -> any StepKind {
    let rows = input.shape.dimensions.dropLast().reduce(1, *)
    guard rows != 1 else { return one }
    return EachRowStep(
      one: one, rowCount: rows, inputByteCount: input.byteCount / rows, outputByteCount: output.byteCount / rows)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    StepKernel(name: one.kernel(kernels).name, run: pare_step_each_row)
  }

  func extent(_ kernels: KernelSelection) -> StepExtent? {
    one.extent(kernels).map { extent in
      var extent = extent
      extent.times *= Double(rowCount)
      return extent
    }
  }

  func remark(_ kernels: KernelSelection) -> String? { one.remark(kernels) }

  func keepsStorage(_ kernels: KernelSelection) -> Bool { one.keepsStorage(kernels) }

  /// The kernel's own, and behind it a row of whole tiles.
  var scratchByteCount: Int { ownByteCount + lines(outputByteCount + Int(PARE_TILE) * MemoryLayout<Float>.size) }
  private var ownByteCount: Int { lines(one.scratchByteCount) }
  private func lines(_ byteCount: Int) -> Int {
    (byteCount + MemoryPlan.alignment - 1) / MemoryPlan.alignment * MemoryPlan.alignment
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let operands = one.pack(at: site)
    return site.pool.place(
      pare_each_row_step(
        run: one.kernel(site.kernels).run, operands: operands, rows: rowCount, input_bytes: inputByteCount,
        output_bytes: outputByteCount, scratch: site.scratch + ownByteCount))
  }
}
