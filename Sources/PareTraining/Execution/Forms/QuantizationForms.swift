import CPareKernels
import PareGraph
import PareTensor

/// Fake quantization in one pass forward and one backward.
///
/// The results and the gradient by x equal the reference to the bit (`FakeQuantizationFormTests`); that by the scale is a sum
/// in 16 interleaved parts, within `γ_n · Σ |dy · slope|` of the exact one, u = 2⁻²⁴. Scales along the last axis, and a zero
/// point for each of several scales, are left to the reference.
enum QuantizationForms {
  /// Which numbers share a scale, and which integers stand for them.
  private struct Levels: Sendable {
    let blocks: pare_scale_blocks
    let zeroPoint: @Sendable (EvaluationBuffers, Int) -> Float
    let lowest: Float
    let highest: Float

    /// - Parameter x: the input that is quantized; its scale and zero point are the next ones.
    init?(_ context: PreparationContext, of x: Int) throws {
      guard try context.input(x).elementType == .float32, try context.input(x + 1).elementType == .float32,
        try !context.has(x + 2) || context.input(x + 1).shape.elementCount == 1,
        let blocks = try QuantizationSlices(context, of: x, scale: x + 1).rowsOfBlocks
      else { return nil }
      self.blocks = pare_scale_blocks(rows: blocks.rows, extent: blocks.extent, block: max(blocks.block, 1))
      zeroPoint = try QuantizationSlices.reader(context, x + 2, Float.self)
      let integers = try FakeQuantize.integers(context.node)
      (lowest, highest) = (Float(integers.lowest), Float(integers.highest))
    }
  }

  static let fakeQuantize: FastForm = { context, kernels in
    guard let levels = try Levels(context, of: 0), let pass = kernels.elementwise.fake_quantize.map({ KernelPointer($0) })
    else { return nil }
    return { buffers in
      let zero = levels.zeroPoint(buffers, 0)
      pass.call(
        buffers.input(0), buffers.input(1), levels.lowest - zero, levels.highest - zero, buffers.output(), levels.blocks)
    }
  }

  static let fakeQuantizeGradient: FastForm = { context, kernels in
    guard let levels = try Levels(context, of: 1),
      let pass = kernels.elementwise.fake_quantize_gradient.map({ KernelPointer($0) })
    else { return nil }
    let factor = Float(try context.node.float("gradient_scale", default: 1))
    let learnsScale = context.outputs.count > 1
    return { buffers in
      let zero = levels.zeroPoint(buffers, 0)
      pass.call(
        buffers.input(0), buffers.input(1), buffers.input(2), levels.lowest - zero, levels.highest - zero, buffers.output(),
        learnsScale ? buffers.output(1, as: Float.self) : nil, factor, levels.blocks)
    }
  }
}

extension FastForms {
  static let quantization: [OperatorName: FastForm] = [
    FakeQuantize.name: QuantizationForms.fakeQuantize,
    FakeQuantizeGradient.name: QuantizationForms.fakeQuantizeGradient,
    Binarize.name: ElementwiseForms.unary(\.binarize),
  ]
}
