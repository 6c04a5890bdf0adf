import CPareKernels
import PareGraph
import PareTensor

/// Conv of one sample with constant weights, one to three axes, groups, and a Relu behind it.
///
/// Bound: `|ŷ − y| ≤ γ_{K+1} · (Σ |w| · |x| + |b|)` over the K terms of a sum, each a fused multiply-add.
struct ConvolutionStep: StepKind {
  private let problem: ConvolutionProblem
  private let layout: ConvolutionLayout
  private let weights: [Float]
  private let bias: [Float]
  private let relu: Bool

  static let operators: [OperatorName] = ["Conv"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard graph.areFloat32([node.inputs[0]] + node.outputs), !graph.isParameter(node.inputs[0]),
      let weight = graph.constant(node.inputs[1]), weight.elementType == .float32
    else { return nil }
    let problem = try Conv.problem(node, x: graph.shape(node.inputs[0]), w: weight.shape)
    guard problem.batch == 1, problem.channels > 0, problem.filters > 0, problem.geometry.inputCount > 0,
      problem.geometry.outputCount > 0, let layout = ConvolutionLayout(problem.geometry),
      problem.channels * layout.planeStride <= 1 << 24
    else { return nil }
    let filters = problem.groups * problem.filters
    var bias = [Float](repeating: 0, count: filters)
    if let name = node.input(2) {
      guard let given = graph.constant(name), given.elementType == .float32, given.elementCount == filters else { return nil }
      bias = given.values()
    }
    var nodes = [node]
    if let relu = graph.soleConsumer(of: node.outputs[0]), relu.operatorName == "Relu" { nodes.append(relu) }
    let step = ConvolutionStep(
      problem: problem, layout: layout, weights: weight.values(), bias: bias, relu: nodes.count > 1)
    return PlannedStep(step, nodes: nodes, inputs: [node.inputs[0]], outputs: nodes[nodes.count - 1].outputs)
  }

  private var paddedFilters: Int {
    let rows = Int(PARE_CONVOLUTION_ROWS)
    return (problem.filters + rows - 1) / rows * rows
  }
  private var narrowStride: Int { layout.vectors * ConvolutionLayout.lanes }
  /// Whether results can be computed where they belong.
  private var yieldsInPlace: Bool {
    layout.yieldsRows && narrowStride == problem.geometry.outputCount && paddedFilters == problem.filters
  }
  private var wideCount: Int { problem.channels * layout.planeStride + ConvolutionLayout.lanes }
  private var wideByteCount: Int { (wideCount * 4 + 63) / 64 * 64 }

  var scratchByteCount: Int { wideByteCount + (yieldsInPlace ? 0 : paddedFilters * narrowStride * 4) }

  func extent(_ kernels: KernelSelection) -> StepExtent? {
    StepExtent(
      inputs: problem.channels * problem.geometry.tapCount, outputs: problem.filters,
      times: Double(problem.groups * problem.geometry.outputCount))
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.passes.step("conv", pare_step_convolution) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let pool = site.pool
    let terms = problem.channels * problem.geometry.tapCount
    let rows = Int(PARE_CONVOLUTION_ROWS)
    let packed = pool.place(problem.groups * paddedFilters * terms, of: Float.self) { packed in
      for group in 0..<problem.groups {
        for filter in 0..<problem.filters {
          let to = packed + group * paddedFilters * terms + filter / rows * terms * rows + filter % rows
          let from = (group * problem.filters + filter) * terms
          for term in 0..<terms { to[term * rows] = weights[from + term] }
        }
      }
    }
    let paddedBias = pool.place(problem.groups * paddedFilters, of: Float.self) { padded in
      for group in 0..<problem.groups {
        for filter in 0..<problem.filters { padded[group * paddedFilters + filter] = bias[group * problem.filters + filter] }
      }
    }
    let offsets = pool.place(
      (0..<problem.channels).flatMap { channel in layout.distances.map { channel * layout.planeStride + $0 } },
      paddedTo: terms, with: 0)
    let runs = layout.wideRuns.map { pool.place($0.map { pare_run($0) }, paddedTo: max($0.count, 1), with: pare_run()) }
    var step = pare_convolution_step()
    step.kernels = site.passes.tables.convolution
    (step.groups, step.channels, step.filters) = (problem.groups, problem.channels, problem.filters)
    (step.input_count, step.output_count) = (problem.geometry.inputCount, problem.geometry.outputCount)
    (step.phases, step.phase_stride) = (layout.wideRuns.count, layout.phaseStride)
    step.wide_runs = pool.place(runs, paddedTo: runs.count, with: nil)
    step.wide_run_counts = pool.place(layout.wideRuns.map(\.count), paddedTo: runs.count, with: 0)
    step.step = layout.step
    step.narrow_runs = pool.place(
      layout.narrowRuns.map { pare_run($0) }, paddedTo: max(layout.narrowRuns.count, 1), with: pare_run())
    step.narrow_run_count = yieldsInPlace ? 0 : layout.narrowRuns.count
    (step.terms, step.offsets) = (terms, offsets)
    (step.weights, step.group_weights, step.bias) = (packed, paddedFilters * terms, paddedBias)
    (step.padded_filters, step.vectors, step.narrow_stride) = (paddedFilters, layout.vectors, narrowStride)
    step.wide_scratch = site.scratch
    step.narrow_scratch = site.scratch + wideByteCount
    step.wide_count = layout.isFull ? 0 : wideCount
    step.relu = relu ? 1 : 0
    // The caller's features end where they end; in the arena a vector may reach beyond them.
    step.in_place = layout.isIdentity && site.inputs[0].offset != Int(bitPattern: UInt.max) ? 1 : 0
    step.yields_in_place = yieldsInPlace ? 1 : 0
    return pool.place(step)
  }
}
