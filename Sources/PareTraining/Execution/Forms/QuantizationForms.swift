import CPareKernels
import PareGraph
import PareTensor

/// Fake quantization in one pass forward and one backward.
///
/// The results and the gradient by x equal the reference to the bit (`FakeQuantizationFormTests`); that by the scale is a sum
/// in 16 interleaved parts, within `γ_n · Σ |dy · slope|` of the exact one, u = 2⁻²⁴.
enum QuantizationForms {
  /// Where a node's scale and zero point are read, and which integers it uses.
  private struct Levels: Sendable {
    let slices: QuantizationSlices
    let zeroPoint: @Sendable (EvaluationBuffers, Int) -> Float
    let lowest: Float
    let highest: Float

    /// - Parameter x: the input that is quantized; its scale and zero point are the next ones.
    init?(_ context: PreparationContext, of x: Int) throws {
      guard try context.input(x).elementType == .float32, try context.input(x + 1).elementType == .float32 else { return nil }
      slices = try QuantizationSlices(context, of: x, scale: x + 1)
      zeroPoint = try QuantizationSlices.reader(context, x + 2, Float.self)
      let integers = try FakeQuantize.integers(context.node)
      (lowest, highest) = (Float(integers.lowest), Float(integers.highest))
    }
  }

  static let fakeQuantize: FastForm = { context, kernels in
    guard let levels = try Levels(context, of: 0), let pass = kernels.elementwise.fake_quantize.map({ KernelPointer($0) })
    else { return nil }
    return { buffers in
      let (x, scale): (UnsafePointer<Float>, UnsafePointer<Float>) = (buffers.input(0), buffers.input(1))
      let y = buffers.output(as: Float.self)
      levels.slices.forEach { channel, elements in
        let zero = levels.zeroPoint(buffers, channel)
        pass.call(
          x + elements.lowerBound, scale[channel], levels.lowest - zero, levels.highest - zero, y + elements.lowerBound,
          elements.count)
      }
    }
  }

  static let fakeQuantizeGradient: FastForm = { context, kernels in
    guard let levels = try Levels(context, of: 1),
      let pass = kernels.elementwise.fake_quantize_gradient.map({ KernelPointer($0) })
    else { return nil }
    let factor = Float(try context.node.float("gradient_scale", default: 1))
    let learnsScale = context.outputs.count > 1
    let scaleCount = try context.input(2).shape.elementCount
    return { buffers in
      let (dy, x): (UnsafePointer<Float>, UnsafePointer<Float>) = (buffers.input(0), buffers.input(1))
      let scale: UnsafePointer<Float> = buffers.input(2)
      let dx = buffers.output(as: Float.self)
      let scaleGradient = learnsScale ? buffers.output(1, as: Float.self) : nil
      for channel in 0..<scaleCount { scaleGradient?[channel] = 0 }
      levels.slices.forEach { channel, elements in
        let zero = levels.zeroPoint(buffers, channel)
        let sum = pass.call(
          dy + elements.lowerBound, x + elements.lowerBound, scale[channel], levels.lowest - zero, levels.highest - zero,
          dx + elements.lowerBound, elements.count)
        scaleGradient?[channel] += sum * factor
      }
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
