import PareGraph
import PareTensor

/// What a step reads of a plan that does not fit into the first cache whole.
struct WeightReading {
  var bytes: Int
  var ofPlan: Int
}

extension ExecutionPlan.Step {
  /// - Parameter multipliesZeros: whether weights that are stored without their zeros were decoded for it.
  init(
    _ step: PlannedStep, kernel: String, reading: WeightReading, kernels: KernelSelection, types: [String: TensorType],
    multipliesZeros: Bool
  ) {
    let elements = step.outputs.first.flatMap { types[$0] }?.shape.elementCount ?? 1
    var extent = StepExtent.elements(elements)
    var (own, float32): (Double?, Double?)
    var formRemark: String?
    switch step.body {
    case .view: own = 0
    case .reference: break
    case .fast(let kind):
      extent = kind.extent(kernels) ?? extent
      formRemark = kind.remark(kernels) ?? (multipliesZeros ? "zeros multiplied, although none are stored" : nil)
      own = kernels.costs.nanoseconds(Self.operation(of: kernel), extent).map { max($0, kernels.costs.nanoseconds(reading)) }
      float32 = extent.formOf.flatMap { layer in
        var dense = extent
        dense.share = 1
        return kernels.costs.nanoseconds(layer.operation, dense)
      }
    }
    self.init(
      nodes: step.nodes, kernel: kernel, estimate: own, float32Estimate: float32, extent: extent, formRemark: formRemark)
  }

  /// What people should know about the form that was taken; nil where that is nothing.
  public var remark: String? {
    var remarks = formRemark.map { [$0] } ?? []
    if isSlowerThanFloat32, let estimate, let float32Estimate {
      let (own, float32) = (CostWords.nanoseconds(estimate), CostWords.nanoseconds(float32Estimate))
      remarks.append("slower than Float32 by the cost table: \(own) against \(float32) ns")
    }
    return remarks.isEmpty ? nil : remarks.joined(separator: "; ")
  }
}
