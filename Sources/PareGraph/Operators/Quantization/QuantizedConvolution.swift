import PareTensor

/// A convolution on integers: `acc = Σ (x − zx) · w + b` in Int32 over the window, then requantized to `uint8` or
/// dequantized to floating point, as in `pare.QuantizedDense`. Padding counts as zx, and so for nothing.
///
/// - Inputs: those of `pare.QuantizedDense`, with X `uint8 [batch, channels, extents…]`, weights
///   `int8 [filters, channels / group, window…]`, and a number per filter where there it is per output.
/// - Attributes: those of Conv, and `relu`.
/// - Throws, when prepared: `graph.accumulator-overflow` where an accumulator of a whole window could leave Int32.
/// - Definition: `docs/integer-arithmetic.md`, §3 to §5.
public enum QuantizedConvolution: Operator {
  public static let name: OperatorName = "pare.QuantizedConvolution"
  public static let inputCount = 5...7
  public static let attributeNames = Conv.attributeNames + ["relu"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, weight) = (try context.input(0), try context.input(2))
    guard x.elementType == .uint8, weight.elementType == .int8 else {
      throw GraphError(
        "element-type", node: context.node, expected: "X of uint8 and weights of int8", found: "\(x) and \(weight)")
    }
    let dimensions = try IntegerConvolution.dimensions(context, x: 0, w: 2)
    return [ValueType(try QuantizedDense.checkedEnding(context, outputs: dimensions[1]), dimensions)]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let layer = try QuantizedDense.Layer(context.node) { context.constant($0) }
    let convolution = try IntegerConvolution(context, x: 0, w: 2)
    let zeroPoint = layer.inputZeroPoint
    @Sendable func forEach(_ buffers: EvaluationBuffers, _ body: (Int, Int, Int32) -> Void) {
      convolution.forEach(
        buffers.input(0, as: UInt8.self), buffers.input(2, as: Int8.self), zeroX: zeroPoint, zeroW: { _ in 0 }
      ) { position, filter, sum in body(position, filter, sum &+ layer.bias[filter]) }
    }
    switch layer.ending {
    case .requantized(let requantization):
      return { buffers in
        let y = buffers.output(as: UInt8.self)
        forEach(buffers) { y[$0] = requantization.apply($2, output: $1) }
      }
    case .dequantized(let scales):
      switch context.outputs[0].elementType {
      case .float32:
        return { buffers in
          let y = buffers.output(as: Float.self)
          forEach(buffers) { y[$0] = Float($2) * scales[$1] }
        }
      case .float64:
        return { buffers in
          let y = buffers.output(as: Double.self)
          forEach(buffers) { y[$0] = Double($2) * Double(scales[$1]) }
        }
      case let other: throw context.unsupported(other)
      }
    }
  }
}
