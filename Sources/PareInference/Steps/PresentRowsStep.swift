import CPareKernels
import PareGraph
import PareTensor

/// Rows of a panel with one number in the place of what absent symbols have, quantized after it or not: Where of a condition for each row,
/// of the rows and of a constant. Equal to the reference.
struct PresentRowsStep: StepKind {
  private let rows: Int
  private let columns: Int
  private let fill: Float
  private var quantization: NormalizationStep.Quantization?
  /// Whether its last output, an `Int32`, says if a number that is not finite was among the rows that are there.
  private(set) var isWatched = false

  static let operators: [OperatorName] = ["Where"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    let (condition, x) = (node.inputs[0], node.inputs[1])
    let shape = graph.shape(x)
    guard graph.types[condition]?.elementType == .bool, graph.areFloat32([x, node.outputs[0]]), !graph.isParameter(x), !graph.isParameter(condition),
      shape == graph.shape(node.outputs[0]), shape.rank > 1, shape.elementCount > 0,
      graph.shape(condition).dimensions == Array(shape.dimensions.dropLast()) + [1], let fill = graph.scalar(node.inputs[2], default: 0)
    else { return nil }
    let columns = shape[shape.rank - 1]
    var step = PresentRowsStep(rows: shape.elementCount / columns, columns: columns, fill: fill)
    if let next = graph.soleConsumer(of: node.outputs[0]), next.operatorName == QuantizeByReciprocal.name,
      let reciprocal = graph.row(next.inputs[1], count: 1)?[0], let zeroPoint = graph.constant(next.inputs[2])?.values(as: UInt8.self)[0]
    {
      step.quantization = .init(reciprocal: reciprocal, zeroPoint: zeroPoint)
      return PlannedStep(step, nodes: [node, next], inputs: [x, condition], outputs: next.outputs)
    }
    return PlannedStep(step, nodes: [node], inputs: [x, condition], outputs: node.outputs)
  }

  /// The step with one more output, the flag of a plan's features.
  static func watched(_ step: PlannedStep) -> PlannedStep? {
    guard case .fast(let kind) = step.body, var rows = kind as? PresentRowsStep else { return nil }
    rows.isWatched = true
    var watched = step
    watched.body = .fast(rows)
    watched.outputs.append(PlannedStep.nanFlag)
    return watched
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    kernels.passes.step(quantization == nil ? "present_rows" : "quantize_present_rows", pare_step_present_rows)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_present_rows_step(
        kernels: site.passes.tables.panel, condition: site.inputs[1], rows: rows, columns: columns, fill: fill,
        reciprocal: quantization?.reciprocal ?? 0, zero_point: Int32(quantization?.zeroPoint ?? 0), quantizes: quantization == nil ? 0 : 1,
        watched: isWatched ? 1 : 0, flag: isWatched ? site.outputs[site.outputs.count - 1] : 0))
  }
}
