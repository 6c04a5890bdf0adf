import CPareKernels
import PareGraph
import PareTensor

/// Softmax and LogSoftmax of each of several rows, with a polynomial exponential (`SoftmaxStep` has the C library's).
struct SoftmaxRowsStep: StepKind {
  private let isLogarithmic: Bool
  private let rows: Int
  private let columns: Int

  static let operators: [OperatorName] = ["Softmax", "LogSoftmax"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard graph.areFloat32(node.inputs + node.outputs), !graph.isParameter(node.inputs[0]),
      let (outer, extent, inner) = graph.split(node.inputs[0], axis: try node.int("axis", default: -1)), inner == 1
    else { return nil }
    let step = SoftmaxRowsStep(isLogarithmic: node.operatorName == "LogSoftmax", rows: outer, columns: extent)
    return PlannedStep(step, nodes: [node], inputs: node.inputs, outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    isLogarithmic ? kernels.passes.step("log_softmax", pare_step_rows) : kernels.kernel(pare_operation_softmax_rows_f32)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    guard isLogarithmic else { return site.pool.place(pare_softmax_f32(count: Int32(columns), rows: Int32(rows))) }
    return site.pool.place(
      pare_rows_step(function: site.passes.tables.softmax.pointee.log_softmax, rows: rows, columns: columns))
  }
}

/// LayerNormalization and RMSNormalization whose scale and bias have a number per column.
struct RowNormalizationStep: StepKind {
  private let scale: [Float]
  private let bias: [Float]?
  private let epsilon: Float
  private let centers: Bool
  private let rows: Int

  static let operators: [OperatorName] = ["LayerNormalization", "RMSNormalization"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard node.outputs.count == 1, graph.areFloat32(node.inputs.filter { !$0.isEmpty } + node.outputs),
      !graph.isParameter(node.inputs[0])
    else { return nil }
    let dimensions = graph.shape(node.inputs[0]).dimensions
    let given = try node.int("axis", default: -1)
    let axis = given < 0 ? given + dimensions.count : given
    guard dimensions.indices.contains(axis) else { return nil }
    let columns = Shape(Array(dimensions[axis...]))
    guard columns.elementCount > 0, let scale = graph.repeated(node.inputs[1], over: columns) else { return nil }
    var bias: [Float]?
    if let name = node.input(2) {
      guard let given = graph.repeated(name, over: columns) else { return nil }
      bias = given
    }
    let step = RowNormalizationStep(
      scale: scale, bias: bias, epsilon: Float(try node.float("epsilon", default: 1e-5)),
      centers: node.operatorName == "LayerNormalization", rows: dimensions[..<axis].reduce(1, *))
    return PlannedStep(step, nodes: [node], inputs: [node.inputs[0]], outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    kernels.passes.step(centers ? "layer_normalization" : "rms_normalization", pare_step_row_normalization)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_row_normalization_step(
        kernels: site.passes.tables.row_normalization, scale: site.pool.place(scale, paddedTo: scale.count, with: 0),
        bias: bias.flatMap { site.pool.place($0, paddedTo: $0.count, with: 0) }, epsilon: epsilon,
        centers: centers ? 1 : 0, rows: rows, columns: scale.count))
  }
}

/// Batch normalization with fixed mean and variance that no layer before it took in.
///
/// The factor `scale / √(variance + epsilon)` is rounded once from Float64; then three Float32 operations an element.
struct ChannelNormalizationStep: StepKind {
  private let center: [Float]
  private let factor: [Float]
  private let shift: [Float]
  private let inner: Int

  static let operators: [OperatorName] = ["BatchNormalization"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    let dimensions = graph.shape(node.inputs[0]).dimensions
    guard node.outputs.count == 1, try node.int("training_mode", default: 0) == 0, !graph.isParameter(node.inputs[0]),
      graph.areFloat32(node.inputs + node.outputs), dimensions.count >= 2, dimensions[0] == 1,
      let affine = try BatchNormalization.affine(node, { graph.constant($0) })
    else { return nil }
    let step = ChannelNormalizationStep(
      center: affine.mean.map(Float.init), factor: affine.factor.map(Float.init), shift: affine.shift.map(Float.init),
      inner: dimensions[2...].reduce(1, *))
    return PlannedStep(step, nodes: [node], inputs: [node.inputs[0]], outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    kernels.passes.step("batch_normalization", pare_step_channels)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_channels_step(
        kernels: site.passes.tables.channels, center: site.pool.place(center, paddedTo: center.count, with: 0),
        factor: site.pool.place(factor, paddedTo: factor.count, with: 0),
        shift: site.pool.place(shift, paddedTo: shift.count, with: 0), channels: center.count, inner: inner))
  }
}
