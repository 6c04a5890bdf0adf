import CPareKernels
import PareTensor
import PareGraph

/// A dense layer all of whose weights are exact in float16, or in bfloat16: packed as such, widened as they are loaded.
/// Weights stored in 16 bits and cast arrive here, since the cast of a constant is folded.
struct HalfDenseStep: WeightFormat {
  var dense: DenseStep
  /// The weights' bits, where the dense layer has them.
  var halves: [UInt16]
  var type: ElementType

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let (planned, dense) = try dense(at: node, in: graph) else { return nil }
    var step = planned
    for type in [ElementType.float16, .bfloat16] {
      guard let halves = bits(dense.weights, as: type) else { continue }
      step.body = .fast(HalfDenseStep(dense: dense, halves: halves, type: type))
      return step
    }
    return nil
  }

  /// The numbers in 16 bits each; nil where one is not exact.
  private static func bits(_ numbers: [Float], as type: ElementType) -> [UInt16]? {
    var result: [UInt16] = []
    result.reserveCapacity(numbers.count)
    for number in numbers {
      let bits = type.bits(of: number)
      guard type.float(ofBits: bits).bitPattern == number.bitPattern else { return nil }
      result.append(bits)
    }
    return result
  }

  var forms: ProductForms {
    float32Forms([.init(operation: type == .float16 ? pare_operation_dense_f16 : pare_operation_dense_bf16)])
  }

  func pack(as operation: pare_operation, at site: StepSite) -> UnsafeRawPointer? {
    let outputs = dense.bias.count
    let packed = site.pool.place(Tiles.padded(outputs) * dense.inputCount, of: UInt16.self) { packed in
      pare_dense_half_pack(halves, outputs, dense.inputCount, dense.outputStride, dense.inputStride, packed)
    }
    let bias = site.pool.place(dense.bias, paddedTo: Tiles.padded(outputs), with: 0)
    return site.pool.place(
      pare_dense_half(
        inputs: Int32(dense.inputCount), tiles: Int32(Tiles.count(outputs)), weights: packed, bias: bias,
        relu: dense.relu ? 1 : 0))
  }
}
