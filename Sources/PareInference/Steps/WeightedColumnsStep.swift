import CPareKernels
import PareGraph
import PareTensor

/// For each column the mean of values over the rows, weighted by a softmax over the rows: a Transpose of `x [rows, columns]`, a number
/// added for each row, a Softmax, the product with the Transpose of `values [rows, columns]` and its sum.
///
/// Bound: `|ŷ − y| ≤ (4 R + 2 rows + 40) · 2⁻²⁴ · Σ w |values|` over the exact weights w, for sums within R of the largest of their column or
/// so far below that they weigh nothing.
struct WeightedColumnsStep: StepKind {
  private let rows: Int
  private let columns: Int

  static let operators: [OperatorName] = ["Transpose"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    let shape = graph.shape(node.inputs[0])
    guard shape.rank >= 2, shape.elementCount > 0, turnsRows(node, shape.rank), let add = follower(of: node, "Add", graph),
      let softmax = follower(of: add, "Softmax", graph), let product = follower(of: softmax, "Mul", graph),
      let sum = follower(of: product, "ReduceSum", graph)
    else { return nil }
    let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
    let others = shape.dimensions.dropLast(2)
    guard others.allSatisfy({ $0 == 1 }), let bias = other(add, than: node.outputs[0]), let weighted = other(product, than: softmax.outputs[0]),
      let turned = graph.graph.nodes.first(where: { $0.outputs.first == weighted }), turned.operatorName == "Transpose",
      graph.soleConsumer(of: weighted)?.name == product.name, turnsRows(turned, shape.rank), graph.shape(turned.inputs[0]) == shape,
      graph.shape(bias).dimensions == others + [1, rows], isLast(try softmax.int("axis", default: -1), shape.rank),
      let axes = sum.input(1).flatMap(graph.constant)?.values(as: Int64.self), axes.count == 1, isLast(Int(axes[0]), shape.rank),
      graph.areFloat32([node.inputs[0], bias, turned.inputs[0], sum.outputs[0]]), !graph.isParameter(node.inputs[0]),
      precedes(turned.inputs[0], node, graph), precedes(bias, node, graph)
    else { return nil }
    return PlannedStep(
      WeightedColumnsStep(rows: rows, columns: columns), nodes: [node, add, softmax, turned, product, sum],
      inputs: [node.inputs[0], bias, turned.inputs[0]], outputs: sum.outputs)
  }

  private static func follower(of node: Node, _ name: OperatorName, _ graph: StepGraph) -> Node? {
    graph.soleConsumer(of: node.outputs[0]).flatMap { $0.operatorName == name ? $0 : nil }
  }

  private static func other(_ node: Node, than value: String) -> String? { node.inputs.first { $0 != value } }

  private static func isLast(_ axis: Int, _ rank: Int) -> Bool { axis == rank - 1 || axis == -1 }

  /// Whether a Transpose changes the last two axes and no other.
  private static func turnsRows(_ node: Node, _ rank: Int) -> Bool {
    let order = ((try? node.ints("perm")) ?? nil) ?? (0..<rank).reversed()
    return order == Array(0..<rank - 2) + [rank - 1, rank - 2]
  }

  /// Whether a value is there before a node runs.
  private static func precedes(_ value: String, _ node: Node, _ graph: StepGraph) -> Bool {
    for earlier in graph.graph.nodes {
      if earlier.name == node.name { return graph.graph.inputs.contains { $0.name == value } || graph.isParameter(value) }
      if earlier.outputs.contains(value) { return true }
    }
    return false
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.passes.step("weighted_columns", pare_step_weighted_columns) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_weighted_columns_step(
        kernels: site.passes.tables.panel, bias: site.inputs[1], values: site.inputs[2], rows: rows, columns: columns))
  }
}
