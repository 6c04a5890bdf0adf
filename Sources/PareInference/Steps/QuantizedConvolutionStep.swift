import CPareKernels
import PareGraph
import PareTensor

/// A quantized convolution of one sample, as `docs/integer-arithmetic.md` defines it.
///
/// The channels of a group are put side by side for each place of the padded input, padding being the zero point; then a
/// window is a row of bytes, of which groups of four lie at fixed distances, and the product is that of a dense layer with
/// as many rows as there are positions.
struct QuantizedConvolutionStep: StepKind {
  private let problem: ConvolutionProblem
  private let layer: QuantizedDense.Layer
  /// The axes of the padded input.
  private let extents: [Int]

  static let operators: [OperatorName] = [QuantizedConvolution.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard !graph.isParameter(node.inputs[0]) else { return nil }
    let problem = try Conv.problem(node, x: graph.shape(node.inputs[0]), w: graph.shape(node.inputs[2]))
    let layer = try QuantizedDense.Layer(node) { graph.constant(node.inputs[$0]) }
    guard problem.batch == 1, problem.channels > 0, problem.filters > 0, problem.geometry.inputCount > 0,
      problem.geometry.outputCount > 0, problem.geometry.tapCount <= 1 << 16
    else { return nil }
    let (a, b, c) = problem.geometry.threeAxes
    let extents = [a, b, c].map { max($0.padBegin + $0.input + $0.padEnd, ($0.output - 1) * $0.stride + $0.reach) }
    guard let places = Shape.checkedElementCount(extents), places <= 1 << 24,
      places * (problem.channels + 3) <= 1 << 26
    else { return nil }
    let step = QuantizedConvolutionStep(problem: problem, layer: layer, extents: extents)
    return PlannedStep(step, nodes: [node], inputs: [node.inputs[0]], outputs: node.outputs)
  }

  private var paddedChannels: Int { PackedIntegerLayer.padded(problem.channels) }
  private var places: Int { extents.reduce(1, *) }
  /// With room for a group that begins at the last byte.
  private var packedByteCount: Int { (places * paddedChannels + 4 + 63) / 64 * 64 }
  private var yieldsBytes: Bool { if case .requantized = layer.ending { true } else { false } }
  private var rowStride: Int { Tiles.padded(problem.filters) }

  var scratchByteCount: Int {
    packedByteCount + problem.geometry.outputCount * rowStride * (yieldsBytes ? 1 : 4)
  }

  private var operation: pare_operation {
    yieldsBytes ? pare_operation_product_u8s8_u8 : pare_operation_product_u8s8_f32
  }

  func extent(_ kernels: KernelSelection) -> StepExtent? {
    StepExtent(
      inputs: problem.channels * problem.geometry.tapCount, outputs: problem.filters,
      times: Double(problem.groups * problem.geometry.outputCount), formOf: .convolution)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    StepKernel(
      name: "conv + " + kernels.kernel(operation).name, run: pare_step_quantized_convolution)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let (pool, geometry) = (site.pool, problem.geometry)
    let (a, b, c) = geometry.threeAxes
    func place(_ i: Int, _ j: Int, _ k: Int) -> Int { (i * extents[1] + j) * extents[2] + k }
    var rowOffsets: [Int32] = []
    for i in 0..<a.output {
      for j in 0..<b.output {
        for k in 0..<c.output { rowOffsets.append(Int32(place(i * a.stride, j * b.stride, k * c.stride) * paddedChannels)) }
      }
    }
    var groupOffsets: [Int32] = []
    for i in 0..<a.kernel {
      for j in 0..<b.kernel {
        for k in 0..<c.kernel {
          let tap = place(i * a.dilation, j * b.dilation, k * c.dilation) * paddedChannels
          for channel in stride(from: 0, to: paddedChannels, by: 4) { groupOffsets.append(Int32(tap + channel)) }
        }
      }
    }
    var runs: [pare_run] = []
    for i in 0..<a.input {
      for j in 0..<b.input {
        runs.append(
          pare_run(
            from: (i * b.input + j) * c.input, to: place(i + a.padBegin, j + b.padBegin, c.padBegin), count: c.input))
      }
    }
    let rows = pool.place(rowOffsets, paddedTo: rowOffsets.count, with: 0)
    let groups = pool.place(groupOffsets, paddedTo: groupOffsets.count, with: 0)
    let products = (0..<problem.groups).map { group in
      pare_product_u8s8(
        layer: PackedIntegerLayer(
          layer, channels: problem.channels, taps: geometry.tapCount,
          filters: group * problem.filters..<(group + 1) * problem.filters
        ).place(in: pool), rows: Int32(geometry.outputCount), outputs: Int32(problem.filters),
        output_stride: rowStride, row_offsets: rows, group_offsets: groups)
    }
    return pool.place(
      pare_quantized_convolution_step(
        run: site.kernels.kernel(operation).run,
        products: pool.place(products, paddedTo: products.count, with: pare_product_u8s8()),
        groups: problem.groups, channels: problem.channels, padded_channels: paddedChannels,
        input_count: geometry.inputCount, output_count: geometry.outputCount,
        runs: pool.place(runs, paddedTo: runs.count, with: pare_run()), run_count: runs.count,
        packed_scratch: site.scratch, row_scratch: site.scratch + packedByteCount,
        packed_count: places == geometry.inputCount ? 0 : places * paddedChannels, zero_point: Int32(layer.inputZeroPoint),
        yields_bytes: yieldsBytes ? 1 : 0))
  }
}

extension PackedIntegerLayer {
  /// Channels of a place, whole groups of four.
  static func padded(_ channels: Int) -> Int { (channels + 3) / 4 * 4 }

  /// A group's filters over windows as they are packed: channels innermost, those that pad weighing nothing.
  init(_ layer: QuantizedDense.Layer, channels: Int, taps: Int, filters: Range<Int>) {
    self.init(layer)
    let padded = Self.padded(channels)
    inputs = taps * padded
    first = filters.lowerBound
    bias = Array(layer.bias[filters])
    weights = [Int8](repeating: 0, count: filters.count * inputs)
    for (row, filter) in filters.enumerated() {
      for channel in 0..<channels {
        for tap in 0..<taps {
          weights[row * inputs + tap * padded + channel] = layer.weights[filter * layer.inputCount + channel * taps + tap]
        }
      }
    }
  }
}
