import CPareKernels
import PareGraph
import PareTensor

/// A convolution along time, one row at a time: the products with older rows are computed before the newest comes.
///
/// Bound: `|ŷ − y| ≤ γ_{K+1} · (Σ |w| · |x| + |b|)` over the K terms of a sum, each a fused multiply-add.
struct CausalConvolutionStep: StepKind {
  private let channels: Int
  private let filters: Int
  private let taps: Int
  private let dilation: Int
  /// `[filters, channels, taps]`.
  private let weights: [Float]
  private let bias: [Float]

  static let operators: [OperatorName] = ["Conv"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard graph.isStreamed(node) else { return nil }
    guard graph.areFloat32([node.inputs[0]] + node.outputs),
      let weight = graph.constant(node.inputs[1]), weight.elementType == .float32, weight.shape.rank == 3,
      try node.int("group", default: 1) == 1, try node.ints("strides") ?? [1] == [1], weight.shape[2] > 0
    else {
      throw InferenceError(
        "row-by-row", subject: "node '\(node.name)'",
        expected: "a convolution along one axis, in Float32, without groups and strides", found: "another")
    }
    let filters = weight.shape[0]
    var bias = [Float](repeating: 0, count: filters)
    if let name = node.input(2) {
      guard let given = graph.constant(name), given.elementType == .float32, given.elementCount == filters else { return nil }
      bias = given.values()
    }
    let step = CausalConvolutionStep(
      channels: weight.shape[1], filters: filters, taps: weight.shape[2], dilation: try node.ints("dilations")?.first ?? 1,
      weights: weight.values(), bias: bias)
    return PlannedStep(step, nodes: [node], inputs: [node.inputs[0]], outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    let name = kernels.recurrentFloats().map { String(cString: $0.pointee.name) } ?? ""
    return StepKernel(name: "causal_conv_f32/\(name)", run: pare_causal_convolution_run_row)
  }

  var isStream: Bool { true }
  var scratchByteCount: Int { (taps - 1) * channels * 4 }
  var stateByteCount: Int { pare_causal_convolution_memory_bytes(channels, filters, taps, dilation) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    func taps(_ range: Range<Int>) -> [Float] {
      (0..<filters).flatMap { filter in
        range.flatMap { tap in (0..<channels).map { weights[(filter * channels + $0) * self.taps + tap] } }
      }
    }
    return site.pool.place(
      pare_causal_convolution_row(
        stream: pare_stream(
          reset: pare_causal_convolution_reset_row, prepare: pare_causal_convolution_prepare_row,
          bring_near: pare_causal_convolution_bring_row, run_rows: pare_causal_convolution_run_rows),
        kernels: site.kernels.recurrentFloats(),
        newest: site.pool.place(taps(self.taps - 1..<self.taps), inputs: channels, bias: bias),
        older: site.pool.place(taps(0..<self.taps - 1), inputs: (self.taps - 1) * channels, bias: bias),
        channels: Int32(channels), filters: Int32(filters), taps: Int32(self.taps), dilation: Int32(dilation),
        memory: site.state, scratch: site.scratch))
  }
}
