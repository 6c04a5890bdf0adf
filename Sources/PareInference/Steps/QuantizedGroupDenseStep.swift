import CPareKernels
import PareGraph

/// A quantized layer of one row or several with four-bit weights in groups, as `docs/integer-arithmetic.md`, §13, defines it.
///
/// Only where every accumulator fits in Int32: others are left to the reference, which sums in Int64.
struct QuantizedGroupDenseStep: StepKind {
  var layer: QuantizedGroupDense.Layer

  static let operators: [OperatorName] = [QuantizedGroupDense.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let x = graph.types[node.inputs[0]], let y = graph.types[node.outputs[0]], x.shape.elementCount > 0,
      !graph.isParameter(node.inputs[0])
    else { return nil }
    let layer = try QuantizedGroupDense.Layer(node) { graph.constant(node.inputs[$0]) }
    guard layer.fitsInt32 else { return nil }
    return PlannedStep(
      EachRowStep.wrapping(QuantizedGroupDenseStep(layer: layer), from: x, to: y), nodes: [node],
      inputs: [node.inputs[0]], outputs: [node.outputs[0]])
  }

  func extent(_ kernels: KernelSelection) -> StepExtent? {
    StepExtent(inputs: layer.inputCount, outputs: layer.outputCount, formOf: .dense)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    switch layer.ending {
    case .requantized: kernels.kernel(pare_operation_dense_u8s4_u8)
    case .dequantized: kernels.kernel(pare_operation_dense_u8s4_f32)
    }
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let (inputs, outputs, groups) = (layer.inputCount, layer.outputCount, layer.groupCount)
    let padded = Tiles.padded(outputs)
    let chunk = Int(PARE_CHUNK)
    var operands = pare_dense_u8s4()
    operands.chunks = Int32((inputs + chunk - 1) / chunk)
    operands.tiles = Int32(Tiles.count(outputs))
    operands.group_chunks = Int32(layer.blockSize / chunk)
    operands.weights = site.pool.place(pare_dense_u8s4_packed_count(outputs, inputs), of: UInt8.self) { packed in
      pare_dense_u8s4_pack(layer.weights, outputs, inputs, packed)
    }
    operands.group_multiplier = site.pool.place(padded * groups, of: UInt8.self) { packed in
      pare_dense_u8s4_pack_multipliers(layer.multipliers, outputs, groups, packed)
    }
    // Σ m (x − zx) w + b = Σ m x w + (b − zx Σ m w), modulo 2^32 like the sums.
    let folded = (0..<outputs).map { output in
      (0..<inputs).reduce(layer.bias[output]) { sum, input in
        let weight = Int32(layer.weights[output * inputs + input])
        return sum &- Int32(layer.multipliers[output * groups + input / layer.blockSize]) &* weight &* Int32(layer.inputZeroPoint)
      }
    }
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
