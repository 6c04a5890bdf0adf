import CPareKernels
import PareGraph
import PareTensor

/// Another form of a dense layer's weights, which holds the same numbers in fewer bytes.
///
/// A form is taken where by the cost table it is a twentieth faster than dense Float32, and where the processor has a vector
/// kernel for it; otherwise the layer runs as the dense one that it is. `docs/latency-formats.md` has figures.
protocol WeightFormat: StepKind {
  var dense: DenseStep { get }

  /// Operations that can compute it, each with the share of a full product that it takes.
  var forms: [(operation: pare_operation, share: Double)] { get }

  func pack(as operation: pare_operation, at site: StepSite) -> UnsafeRawPointer?
}

extension WeightFormat {
  static var operators: [OperatorName] { DenseStep.operators }

  /// The fastest operation; nil where these kernels run the dense layer faster.
  func operation(_ kernels: KernelSelection) -> pare_operation? { form(kernels)?.operation }

  private func form(_ kernels: KernelSelection) -> (operation: pare_operation, extent: StepExtent)? {
    func cost(_ operation: pare_operation, _ extent: StepExtent) -> Double {
      kernels.costs.nanoseconds(String(cString: pare_operation_name(operation)), extent) ?? .infinity
    }
    let whole = StepExtent(inputs: dense.inputCount, outputs: dense.bias.count)
    let costs = forms.filter { kernels.hasVectorVariant(of: $0.operation) }.map { form in
      var extent = whole
      extent.times = form.share
      extent.formOf = .dense
      return (form.operation, extent, cost: cost(form.operation, extent))
    }
    // Measurements repeat within about a twentieth.
    guard let best = costs.min(by: { $0.cost < $1.cost }), best.cost < 0.95 * cost(pare_operation_dense_f32, whole) else { return nil }
    return (best.0, best.1)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    operation(kernels).map { kernels.kernel($0) } ?? dense.kernel(kernels)
  }

  func extent(_ kernels: KernelSelection) -> StepExtent? { form(kernels)?.extent ?? dense.extent(kernels) }

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
