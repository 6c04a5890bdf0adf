import PareTensor

/// QuantizeLinear and DequantizeLinear as one function of real numbers, for training: x as its integer stands for it.
///
/// `y = s · (clamp(round(x · ρ) + z, lowest, highest) − z)` with ρ = 1 / s rounded once, ties to even; NaN becomes 0. The
/// product with ρ is how the integer definition quantizes an input (`docs/integer-arithmetic.md`, §2); QuantizeLinear
/// divides, and so may be a step apart where x / s is within 2^−15 of a half.
///
/// - Inputs: x; scale s of x's element type, a scalar, one per slice along `axis` or one per block of `block_size` along it;
///   optionally the zero point z, an integer, of the scale's shape.
/// - Attributes: `lowest` and `highest`, the integers that are used; `gradient_scale`, 1 by default, by which the gradient of
///   the scale is multiplied, where 0 lets none flow.
/// - Gradient: straight through for x where its integer is in range, and 0 elsewhere; for the scale
///   `Σ dy · (q − z − x / s)` in range and `Σ dy · (bound − z)` beyond it.
/// - Source: Bengio et al. 2013, arXiv:1308.3432; Jacob et al. 2018, arXiv:1712.05877, §3; for the scale Esser et al. 2020,
///   arXiv:1902.08153, §2.1. There x beyond the last integer saturates at once, here from half a step beyond it on, where
///   rounding leaves the range.
public enum FakeQuantize: FloatingPointOperator {
  public static let name: OperatorName = "pare.FakeQuantize"
  public static let inputCount = 2...3
  public static let attributeNames = ["axis", "block_size", "lowest", "highest", "gradient_scale"]

  /// The integers that a node uses.
  package static func integers(_ node: Node) throws -> (lowest: Int, highest: Int) {
    let (lowest, highest) = (try node.int("lowest", default: 0), try node.int("highest", default: 255))
    // Rounding by an addition takes numbers below 2^22.
    guard lowest < highest, lowest >= -1 << 20, highest <= 1 << 20 else {
      throw GraphError(
        "attribute", node: node, expected: "lowest below highest, both within ±2^20", found: "\(lowest) and \(highest)")
    }
    return (lowest, highest)
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.floatingPointInput(0)
    try check(context, x, scale: 1)
    return [x]
  }

  fileprivate static func check(_ context: InferenceContext, _ x: ValueType, scale: Int) throws {
    _ = try integers(context.node)
    try QuantizationSlices.check(context, of: x, scale: scale, zeroPoint: scale + 1, quantized: nil)
    let type = try context.input(scale).elementType
    guard type == x.elementType else {
      throw GraphError(
        "element-type", node: context.node, expected: "a scale of \(x.elementType.rawValue)", found: type.rawValue)
    }
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let slices = try QuantizationSlices(context, of: 0, scale: 1)
    let (lowest, highest) = try integers(context.node)
    let zeroPoint = try QuantizationSlices.reader(context, 2, Scalar.self)
    return { buffers in
      let (x, scale) = (buffers.input(0, as: Scalar.self), buffers.input(1, as: Scalar.self))
      let y = buffers.output(as: Scalar.self)
      slices.forEach { channel, elements in
        let zero = zeroPoint(buffers, channel)
        let (low, high) = (Scalar(lowest) - zero, Scalar(highest) - zero)
        let reciprocal = 1 / scale[channel]
        for index in elements {
          let level = (x[index] * reciprocal).rounded(.toNearestOrEven)
          // Adding 0 makes +0 of −0, as an integer has it.
          y[index] = level.isNaN ? 0 : (min(max(level, low), high) + 0) * scale[channel]
        }
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let node = context.node
    let learnsScale = try context.isWanted(1) && node.float("gradient_scale", default: 1) != 0
    guard context.isWanted(0) || learnsScale else { return context.noGradients }
    let gradients = try context.applyAll(
      FakeQuantizeGradient.name, [dy] + node.inputs, node.attributes, outputCount: learnsScale ? 2 : 1)
    let byInput: [String?] = [gradients[0], learnsScale ? gradients[1] : nil, nil]
    return Array(byInput.prefix(node.inputs.count))
  }
}

/// The gradients of `pare.FakeQuantize` by x and, where it has a second output, by its scale.
///
/// Inputs: dY, then those of `pare.FakeQuantize`, whose attributes it has.
public enum FakeQuantizeGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.FakeQuantizeGradient"
  public static let inputCount = 3...4
  public static let outputCount = 1...2
  public static let attributeNames = FakeQuantize.attributeNames

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.equalInputs(0, 1)
    try FakeQuantize.check(context, x, scale: 2)
    return Array([x, try context.input(2)].prefix(context.node.outputs.count))
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let slices = try QuantizationSlices(context, of: 1, scale: 2)
    let (lowest, highest) = try FakeQuantize.integers(context.node)
    let zeroPoint = try QuantizationSlices.reader(context, 3, Scalar.self)
    let scaleCount = try context.input(2).shape.elementCount
    let learnsScale = context.outputs.count > 1
    let factor = Scalar(try context.node.float("gradient_scale", default: 1))
    return { buffers in
      let (dy, x) = (buffers.input(0, as: Scalar.self), buffers.input(1, as: Scalar.self))
      let scale = buffers.input(2, as: Scalar.self)
      let dx = buffers.output(as: Scalar.self)
      let scaleGradient = learnsScale ? buffers.output(1, as: Scalar.self) : nil
      for channel in 0..<scaleCount { scaleGradient?[channel] = 0 }
      slices.forEach { channel, elements in
        let zero = zeroPoint(buffers, channel)
        let (low, high) = (Scalar(lowest) - zero, Scalar(highest) - zero)
        let reciprocal = 1 / scale[channel]
        var sum: Scalar = 0
        for index in elements {
          let quotient = x[index] * reciprocal
          let level = quotient.rounded(.toNearestOrEven)
          let isInside = level >= low && level <= high
          dx[index] = isInside ? dy[index] : 0
          if !level.isNaN { sum += dy[index] * (isInside ? level - quotient : min(max(level, low), high)) }
        }
        scaleGradient?[channel] += sum * factor
      }
    }
  }
}
