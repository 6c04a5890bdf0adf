import CPareKernels
import PareGraph
import PareTensor

/// A quantized convolution along time, one row at a time: the rows that its window reaches back to are kept as bytes. The bits
/// are those of the whole window, `docs/integer-arithmetic.md`, §3.
struct QuantizedCausalConvolutionStep: StepKind {
  private let layer: QuantizedDense.Layer
  private let channels: Int
  private let taps: Int
  private let dilation: Int

  static let operators: [OperatorName] = [QuantizedConvolution.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard graph.isStreamed(node) else { return nil }
    let weights = graph.shape(node.inputs[2])
    guard weights.rank == 3, try node.int("group", default: 1) == 1, try node.ints("strides") ?? [1] == [1],
      weights.elementCount > 0
    else {
      throw InferenceError(
        "row-by-row", subject: "node '\(node.name)'", expected: "a convolution along one axis, without groups and strides",
        found: "another")
    }
    let layer = try QuantizedDense.Layer(node) { graph.constant(node.inputs[$0]) }
    let step = QuantizedCausalConvolutionStep(
      layer: layer, channels: weights[1], taps: weights[2], dilation: try node.ints("dilations")?.first ?? 1)
    return PlannedStep(step, nodes: [node], inputs: [node.inputs[0]], outputs: node.outputs)
  }

  private var paddedChannels: Int { PackedIntegerLayer.padded(channels) }
  private var reach: Int { (taps - 1) * dilation }

  private var operation: pare_operation {
    if case .requantized = layer.ending { pare_operation_product_u8s8_u8 } else { pare_operation_product_u8s8_f32 }
  }

  func extent(_ kernels: KernelSelection) -> StepExtent? {
    StepExtent(inputs: layer.inputCount, outputs: layer.outputCount)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    StepKernel(name: "causal_conv + " + kernels.kernel(operation).name, run: pare_quantized_causal_convolution_run_row)
  }

  var isStream: Bool { true }
  var stateByteCount: Int { pare_quantized_causal_convolution_memory_bytes(paddedChannels, reach) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let filters = layer.outputCount
    let groupOffsets = (0..<taps).flatMap { tap in
      stride(from: 0, to: paddedChannels, by: Int(PARE_GROUP)).map { Int32(tap * dilation * paddedChannels + $0) }
    }
    let product = pare_product_u8s8(
      layer: PackedIntegerLayer(layer, channels: channels, taps: taps, filters: 0..<filters).place(in: site.pool), rows: 1,
      outputs: Int32(filters), output_stride: filters, row_offsets: site.pool.place([0], paddedTo: 1, with: 0),
      group_offsets: site.pool.place(groupOffsets, paddedTo: groupOffsets.count, with: 0))
    return site.pool.place(
      pare_quantized_causal_convolution_row(
        stream: pare_stream(
          reset: pare_quantized_causal_convolution_reset_row, prepare: pare_quantized_causal_convolution_prepare_row,
          bring_near: pare_quantized_causal_convolution_bring_row, run_rows: pare_quantized_causal_convolution_run_rows),
        run: site.kernels.kernel(operation).run, product: product, channels: channels, padded_channels: paddedChannels,
        reach: reach, zero_point: Int32(layer.inputZeroPoint), memory: site.state))
  }
}
