import CPareKernels
import PareGraph
import PareTensor

/// Selective scans and their gradients.
///
/// Bound: a step rounds its exponential's argument and 2 units in the last place of it, and each number of the state twice more; from
/// step to step errors fade as the state does. A gradient sums over steps, lanes and rows.
enum StateSpaceForms {
  static func scan(_ context: PreparationContext, _ kernels: TrainingKernels) throws -> Evaluation? {
    guard context.isFloat32, let run = kernels.scan.scan.map({ KernelPointer($0) }) else { return nil }
    let problem = try Problem(context, first: 0)
    let hasLast = context.outputs.count > 1
    let scratch = ScratchMemory(count: problem.extents.states * problem.extents.channels)
    return { buffers in
      var scan = problem.scan(buffers)
      run.call(&scan, buffers.output(0), hasLast ? buffers.output(1, as: Float.self) : nil, scratch.elements)
    }
  }

  static func gradient(_ context: PreparationContext, _ kernels: TrainingKernels) throws -> Evaluation? {
    guard context.isFloat32, let run = kernels.scan.gradient.map({ KernelPointer($0) }) else { return nil }
    let problem = try Problem(context, first: 2)
    let (hasOutput, hasLast) = (context.has(0), context.has(1))
    var shape = problem.shape
    let scratch = ScratchMemory(count: pare_scan_gradient_scratch(&shape))
    return { buffers in
      var scan = problem.scan(buffers)
      var gradient = pare_scan_gradient(
        x: buffers.output(0), delta: buffers.output(1), a: buffers.output(2), b: buffers.output(3), c: buffers.output(4),
        d: buffers.output(5), state: buffers.output(6))
      run.call(
        &scan, hasOutput ? buffers.input(0, as: Float.self) : nil, hasLast ? buffers.input(1, as: Float.self) : nil, &gradient,
        scratch.elements)
    }
  }

  /// A scan whose operands begin at some input.
  private struct Problem: Sendable {
    let extents: ScanExtents
    private let first: Int
    private let hasD: Bool
    private let hasState: Bool

    init(_ context: PreparationContext, first: Int) throws {
      extents = try ScanExtents(context, first: first)
      self.first = first
      (hasD, hasState) = (context.has(first + 5), context.has(first + 6))
    }

    /// Its extents alone.
    var shape: pare_scan {
      var scan = pare_scan()
      (scan.batch, scan.steps, scan.lanes) = (extents.batch, extents.steps, extents.lanes)
      (scan.channels, scan.states) = (extents.channels, extents.states)
      return scan
    }

    func scan(_ buffers: EvaluationBuffers) -> pare_scan {
      var scan = shape
      (scan.x, scan.delta, scan.a) = (buffers.input(first), buffers.input(first + 1), buffers.input(first + 2))
      (scan.b, scan.c) = (buffers.input(first + 3), buffers.input(first + 4))
      if hasD { scan.d = buffers.input(first + 5) }
      if hasState { scan.state = buffers.input(first + 6) }
      return scan
    }
  }
}

extension FastForms {
  static let stateSpace: [OperatorName: FastForm] = [
    "pare.SelectiveScan": StateSpaceForms.scan,
    "pare.SelectiveScanGradient": StateSpaceForms.gradient,
  ]
}
