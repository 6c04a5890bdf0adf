import CPareKernels
import PareGraph
import PareTensor

/// Einsum of two operands: every element a sum of products, walked by strides.
///
/// Bound: `|ŷ − y| ≤ γ_{K+1} · Σ |a| · |b|` over the K terms of a sum.
struct ContractionStep: StepKind {
  private struct Axis: Sendable {
    var extent: Int
    var a: Int
    var b: Int
  }

  private let outer: [Axis]
  private let inner: [Axis]

  static let operators: [OperatorName] = ["Einsum"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard node.inputs.count == 2, graph.areFloat32(node.inputs + node.outputs),
      graph.shape(node.outputs[0]).elementCount > 0,
      let step = ContractionStep(
        try node.string("equation", default: ""), graph.shape(node.inputs[0]), graph.shape(node.inputs[1]))
    else { return nil }
    return PlannedStep(step, nodes: [node], inputs: node.inputs, outputs: node.outputs)
  }

  /// Takes `ij,jk->ik`: letters that stand for equal extents, no diagonal, an arrow.
  private init?(_ equation: String, _ a: Shape, _ b: Shape) {
    let halves = equation.filter { $0 != " " }.split(separator: ">", omittingEmptySubsequences: false)
    guard halves.count == 2, halves[0].last == "-" else { return nil }
    let operands = halves[0].dropLast().split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
    let result = Array(halves[1])
    guard operands.count == 2, (operands[0] + operands[1] + result).allSatisfy(\.isLetter),
      operands[0].count == a.rank, operands[1].count == b.rank,
      [operands[0], operands[1], result].allSatisfy({ Set($0).count == $0.count })
    else { return nil }
    var axes: [Character: Axis] = [:]
    for (letter, (extent, stride)) in zip(operands[0], zip(a.dimensions, a.strides)) {
      axes[letter] = Axis(extent: extent, a: stride, b: 0)
    }
    for (letter, (extent, stride)) in zip(operands[1], zip(b.dimensions, b.strides)) {
      guard let known = axes[letter] else {
        axes[letter] = Axis(extent: extent, a: 0, b: stride)
        continue
      }
      guard known.extent == extent else { return nil }
      axes[letter]?.b = stride
    }
    let outer = result.compactMap { axes[$0] }
    let inner = (operands[0] + operands[1].filter { !operands[0].contains($0) })
      .filter { !result.contains($0) }.compactMap { axes[$0] }
    let most = Int(PARE_CONTRACTED_AXES)
    guard outer.count == result.count, outer.count <= most, inner.count <= most, inner.allSatisfy({ $0.extent > 0 })
    else { return nil }
    (self.outer, self.inner) = (outer, inner)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { StepKernel(name: "einsum/scalar", run: pare_step_contraction) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    func place(_ axes: [Axis]) -> UnsafePointer<pare_contracted_axis>? {
      site.pool.place(
        axes.map { pare_contracted_axis(extent: $0.extent, a: $0.a, b: $0.b) }, paddedTo: max(axes.count, 1),
        with: pare_contracted_axis())
    }
    return site.pool.place(
      pare_contraction_step(
        a: site.inputs[0], b: site.inputs[1], outer: place(outer), inner: place(inner), outer_count: outer.count,
        inner_count: inner.count, count: outer.reduce(1) { $0 * $1.extent }))
  }
}
