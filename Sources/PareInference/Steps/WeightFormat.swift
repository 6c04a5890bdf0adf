import CPareKernels
import PareGraph
import PareTensor

/// Another form of a dense layer's weights, which holds the same numbers in fewer bytes.
///
/// A form is taken where it was measured to be faster than dense Float32, and where the processor has a vector kernel for
/// it; otherwise the layer runs as the dense one that it is. `docs/latency-formats.md` has the figures.
protocol WeightFormat: StepKind {
  var dense: DenseStep { get }

  /// The kernel's operation; nil where these kernels run the dense layer faster.
  func operation(_ kernels: KernelSelection) -> pare_operation?

  func pack(as operation: pare_operation, at site: StepSite) -> UnsafeRawPointer?
}

extension WeightFormat {
  static var operators: [OperatorName] { DenseStep.operators }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    operation(kernels).map { kernels.kernel($0) } ?? dense.kernel(kernels)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    operation(site.kernels).map { pack(as: $0, at: site) } ?? dense.pack(at: site)
  }

  func keepsStorage(_ kernels: KernelSelection) -> Bool { operation(kernels) != nil }

  /// The dense layer of one row that begins at a node, with the rest of its step.
  static func dense(at node: Node, in graph: StepGraph) throws -> (step: PlannedStep, dense: DenseStep)? {
    guard let step = try DenseStep.step(at: node, in: graph), case .fast(let kind) = step.body,
      let dense = kind as? DenseStep, dense.rowCount == 1
    else { return nil }
    return (step, dense)
  }
}

/// Where another form of weights begins to be faster than dense Float32: `scripts/bench-formats` on a Zen 4 core, whose
/// figures are in `docs/latency-formats.md`.
enum BreakEven {
  /// Bytes of Float32 weights from which on halves and indices are faster. Below, they lie in the first cache, where the
  /// conversion costs more than the loads.
  static let narrowByteCount = 1 << 16

  /// What a sparse form takes against the dense one, by the share of slots or columns that it holds: the slopes within the
  /// first cache, where leaving out gains least.
  static func costOfSlots(share: Double, isWide: Bool) -> Double { (isWide ? 1.75 : 3.5) * share }
  static func costOfColumns(share: Double, isWide: Bool) -> Double { (isWide ? 1.3 : 2) * share }
}
