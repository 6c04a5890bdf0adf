import CPareKernels
import PareGraph
import PareTensor

/// MaxPool without indices and GlobalMaxPool; equal to the reference to the bit.
struct MaximumPoolStep: StepKind {
  private let geometry: WindowGeometry
  private let planes: Int

  static let operators: [OperatorName] = ["MaxPool", "GlobalMaxPool"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let (geometry, planes) = try graph.window(node, isGlobal: node.operatorName == "GlobalMaxPool") else { return nil }
    return PlannedStep(
      MaximumPoolStep(geometry: geometry, planes: planes), nodes: [node], inputs: [node.inputs[0]], outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    StepKernel(name: "maxpool/scalar", run: pare_step_maximum_pool)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_maximum_pool_step(window: pare_window(geometry), planes: planes))
  }
}

/// AveragePool. A sum in the order of the taps, times the reciprocal of their number, rounded once: within 2 units in the
/// last place of the quotient.
struct AveragePoolStep: StepKind {
  private let geometry: WindowGeometry
  private let planes: Int
  private let shares: [Float]

  static let operators: [OperatorName] = ["AveragePool"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let (geometry, planes) = try graph.window(node, isGlobal: false) else { return nil }
    let countsPadding = try node.int("count_include_pad", default: 0) != 0
    let pairs = WindowPairs(geometry)
    let shares = (0..<geometry.outputCount).map { position in
      var count = countsPadding ? pairs.paddedTapCount(of: position) : 0
      if !countsPadding { pairs.forEachTap(of: position) { _, _ in count += 1 } }
      return 1 / Float(count)
    }
    return PlannedStep(
      AveragePoolStep(geometry: geometry, planes: planes, shares: shares), nodes: [node], inputs: [node.inputs[0]],
      outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    StepKernel(name: "averagepool/scalar", run: pare_step_average_pool)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_average_pool_step(
        window: pare_window(geometry), shares: site.pool.place(shares, paddedTo: shares.count, with: 0), planes: planes))
  }
}

extension StepGraph {
  /// The window of a pool over Float32 planes, and how many planes; nil where no kernel slides it.
  fileprivate func window(_ node: Node, isGlobal: Bool) throws -> (WindowGeometry, planes: Int)? {
    let shape = shape(node.inputs[0])
    guard node.outputs.count == 1, areFloat32([node.inputs[0]] + node.outputs), !isParameter(node.inputs[0]),
      shape.elementCount > 0, shape.rank >= 3
    else { return nil }
    let extents = Array(shape.dimensions[2...])
    // A window over the whole plane sees it as one axis.
    let geometry = isGlobal
      ? WindowGeometry(overAllOf: extents.reduce(1, *))
      : try WindowAttributes(node, rank: extents.count).geometry(over: extents)
    guard geometry.tapCount <= 1 << 16, geometry.outputCount > 0 else { return nil }
    return (geometry, shape[0] * shape[1])
  }
}

extension pare_window {
  init(_ geometry: WindowGeometry) {
    func axis(_ axis: WindowGeometry.Axis) -> pare_window_axis {
      pare_window_axis(
        input: axis.input, kernel: axis.kernel, stride: axis.stride, dilation: axis.dilation, padding: axis.padBegin,
        output: axis.output)
    }
    let (a, b, c) = geometry.threeAxes
    self.init(axes: (axis(a), axis(b), axis(c)))
  }
}
