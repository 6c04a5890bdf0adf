import CPareKernels
import PareGraph

/// A quantized layer of one row, as `docs/integer-arithmetic.md` defines it.
struct QuantizedDenseStep: StepKind {
  var layer: QuantizedDense.Layer

  static let operators: [OperatorName] = [QuantizedDense.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard graph.types[node.inputs[0]]?.shape[0] == 1, !graph.isParameter(node.inputs[0]) else { return nil }
    let layer = try QuantizedDense.Layer(node) { graph.constant(node.inputs[$0]) }
    return PlannedStep(
      QuantizedDenseStep(layer: layer), nodes: [node], inputs: [node.inputs[0]], outputs: [node.outputs[0]])
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    switch layer.ending {
    case .requantized: kernels.kernel(pare_operation_dense_u8s8_u8)
    case .dequantized: kernels.kernel(pare_operation_dense_u8s8_f32)
    }
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let (inputs, outputs) = (layer.inputCount, layer.outputCount)
    let padded = Tiles.padded(outputs)
    let weights = site.pool.place(pare_dense_u8s8_packed_count(outputs, inputs), of: Int8.self) { packed in
      pare_dense_u8s8_pack(layer.weights, outputs, inputs, packed)
    }
    // Σ (x − zx) w + b = Σ x w + (b − zx Σ w): the zero point goes into the bias, modulo 2^32 like the sums.
    let folded = (0..<outputs).map { output in
      layer.weights[output * inputs..<(output + 1) * inputs].reduce(layer.bias[output]) {
        $0 &- Int32($1) &* Int32(layer.inputZeroPoint)
      }
    }
    var operands = pare_dense_u8s8()
    operands.groups = Int32((inputs + Int(PARE_GROUP) - 1) / Int(PARE_GROUP))
    operands.tiles = Int32(Tiles.count(outputs))
    operands.weights = weights
    operands.bias = site.pool.place(folded, paddedTo: padded, with: 0)
    switch layer.ending {
    case .requantized(let requantization):
      operands.multiplier = site.pool.place(requantization.multipliers, paddedTo: padded, with: 1 << 30)
      operands.shift = site.pool.place(requantization.shifts, paddedTo: padded, with: 63)
      operands.zero_point = Int32(requantization.zeroPoint)
      operands.low = Int32(requantization.low)
    case .dequantized(let scales):
      operands.scale = site.pool.place(scales, paddedTo: padded, with: 0)
    }
    return site.pool.place(operands)
  }
}
