import CPareKernels
import PareGraph
import PareTensor

/// Sums and means over neighbouring axes, and means of whole planes.
///
/// Bound: `|ŷ − y| ≤ γ_{n+1} · Σ|x|` over the n numbers that are folded.
struct ReductionStep: StepKind {
  private let name: String
  private let scale: Float
  private let outer: Int
  private let folded: Int
  private let inner: Int

  static let operators: [OperatorName] = ["ReduceMean", "ReduceSum", "GlobalAveragePool"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard graph.areFloat32([node.inputs[0]] + node.outputs), !graph.isParameter(node.inputs[0]),
      graph.shape(node.inputs[0]).elementCount > 0, let axes = try axes(node, graph)
    else { return nil }
    let dimensions = graph.shape(node.inputs[0]).dimensions
    // Axes of extent 1 do not matter to where the others lie.
    let long = dimensions.indices.filter { dimensions[$0] > 1 && axes.contains($0) }
    let (first, last) = (long.first ?? dimensions.count, long.last ?? dimensions.count - 1)
    guard (first..<last + 1).allSatisfy({ dimensions[$0] == 1 || axes.contains($0) }) else { return nil }
    let folded = dimensions[first..<last + 1].reduce(1, *)
    let step = ReductionStep(
      name: node.operatorName.type.lowercased(), scale: node.operatorName == "ReduceSum" ? 1 : 1 / Float(folded),
      outer: dimensions[..<first].reduce(1, *), folded: folded, inner: dimensions[(last + 1)...].reduce(1, *))
    return PlannedStep(step, nodes: [node], inputs: [node.inputs[0]], outputs: node.outputs)
  }

  private static func axes(_ node: Node, _ graph: StepGraph) throws -> Set<Int>? {
    let rank = graph.shape(node.inputs[0]).rank
    if node.operatorName == "GlobalAveragePool" { return Set(2..<rank) }
    if let name = node.input(1) {
      guard let axes = graph.constant(name) else { return nil }
      if axes.elementCount > 0 { return Set(axes.doubles.map { $0 < 0 ? Int($0) + rank : Int($0) }) }
    }
    return try node.int("noop_with_empty_axes", default: 0) != 0 ? [] : Set(0..<rank)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.passes.step(name, pare_step_reduction) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_reduction_step(
        kernels: site.passes.tables.reduction, scale: scale, outer: outer, folded: folded, inner: inner))
  }
}

extension StepGraph {
  /// The extents before an axis, along it and behind it; nil for an axis that is not there.
  func split(_ value: String, axis: Int) -> (outer: Int, extent: Int, inner: Int)? {
    let dimensions = shape(value).dimensions
    let axis = axis < 0 ? axis + dimensions.count : axis
    guard dimensions.indices.contains(axis), dimensions.allSatisfy({ $0 > 0 }) else { return nil }
    return (dimensions[..<axis].reduce(1, *), dimensions[axis], dimensions[(axis + 1)...].reduce(1, *))
  }
}
