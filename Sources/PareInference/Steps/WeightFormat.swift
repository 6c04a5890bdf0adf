import CPareKernels
import PareGraph

/// Another form of a dense layer's weights, which holds the same numbers in fewer bytes.
///
/// A form is taken where by the cost table it is a twentieth faster than the dense layer, and where the processor has a
/// vector kernel for it; otherwise the layer runs as the dense one that it is. `docs/latency-formats.md` has figures.
protocol WeightFormat: StepKind {
  associatedtype Dense: StepKind
  var dense: Dense { get }

  var forms: ProductForms { get }

  func pack(as operation: pare_operation, at site: StepSite) -> UnsafeRawPointer?
}

extension WeightFormat {
  static var operators: [OperatorName] { Dense.operators }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    forms.taken(kernels).map { kernels.kernel($0.operation) } ?? dense.kernel(kernels)
  }

  func extent(_ kernels: KernelSelection) -> StepExtent? {
    forms.taken(kernels).map(forms.extent(of:)) ?? dense.extent(kernels)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    forms.taken(site.kernels).map { pack(as: $0.operation, at: site) } ?? dense.pack(at: site)
  }

  func keepsStorage(_ kernels: KernelSelection) -> Bool { forms.taken(kernels) != nil }
}

extension WeightFormat where Dense == DenseStep {
  /// The dense layer of one row that begins at a node, with the rest of its step.
  static func dense(at node: Node, in graph: StepGraph) throws -> (step: PlannedStep, dense: DenseStep)? {
    guard let step = try DenseStep.step(at: node, in: graph), case .fast(let kind) = step.body,
      let dense = kind as? DenseStep, dense.rowCount == 1
    else { return nil }
    return (step, dense)
  }

  /// Forms of the layer in Float32.
  func float32Forms(_ others: [ProductForms.Form]) -> ProductForms {
    ProductForms(
      dense: pare_operation_dense_f32, extent: StepExtent(inputs: dense.inputCount, outputs: dense.bias.count), others: others)
  }
}
