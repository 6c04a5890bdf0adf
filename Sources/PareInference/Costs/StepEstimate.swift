import PareGraph
import PareTensor

/// What a step reads of a plan that does not fit into the first cache whole.
struct WeightReading {
  var bytes: Int
  var ofPlan: Int
}

extension ExecutionPlan.Step {
  init(_ step: PlannedStep, kernel: String, reading: WeightReading, kernels: KernelSelection, types: [String: TensorType]) {
    let elements = step.outputs.first.flatMap { types[$0] }?.shape.elementCount ?? 1
    var extent = StepExtent.elements(elements)
    var (own, float32): (Double?, Double?)
    switch step.body {
    case .view: own = 0
    case .reference: break
    case .fast(let kind):
      extent = kind.extent(kernels) ?? extent
      own = kernels.costs.nanoseconds(Self.operation(of: kernel), extent).map { max($0, kernels.costs.nanoseconds(reading)) }
      float32 = extent.formOf.flatMap { layer in
        var dense = extent
        // A share of a product, or several.
        dense.times = kind is any WeightFormat ? 1 : extent.times
        return kernels.costs.nanoseconds(layer.operation, dense)
      }
    }
    self.init(nodes: step.nodes, kernel: kernel, estimate: own, float32Estimate: float32, extent: extent)
  }

  /// What people should know about the form that was taken; nil where that is nothing.
  public var remark: String? {
    guard isSlowerThanFloat32, let estimate, let float32Estimate else { return nil }
    return "slower than Float32 by the cost table: \(Self.words(estimate)) against \(Self.words(float32Estimate)) ns"
  }

  private static func words(_ nanoseconds: Double) -> String {
    let tenths = Int((nanoseconds * 10).rounded())
    return tenths < 1000 ? "\(tenths / 10).\(tenths % 10)" : "\(tenths / 10)"
  }
}
