import PareTensor

/// A dense layer on integers whose input was quantized by its own range: `y = acc · (sx · sw) + b` in floating point, with
/// `acc = Σ (x − zx) · w` in Int32. Its evaluation is the definition that every instruction set must equal bit for bit:
/// `docs/integer-arithmetic.md`, §16.
///
/// - Inputs: X `uint8 [rows…, in]`, its scale (`float32`) and zero point (`uint8`), scalars that may be computed, as
///   DynamicQuantizeLinear yields them; constants: weights `int8 [out, in]`, their scales `float32 [out]` and, where there is
///   one, the bias `float32 [out]`.
/// - Output: `float32 [rows…, out]`.
/// - In standard operators: MatMulInteger, Cast, a Mul by `sx · sw` and an Add, which give the same bits. ONNX Runtime's
///   MatMulIntegerToFloat is the same function.
/// - Throws, when prepared: `graph.accumulator-overflow` where an accumulator could leave Int32.
public enum DynamicQuantizedDense: Operator {
  public static let name: OperatorName = "pare.DynamicQuantizedDense"
  public static let inputCount = 5...6

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let node = context.node
    let (x, scale, weight) = (try context.input(0), try context.input(1), try context.input(3))
    guard x.elementType == .uint8, x.rank >= 2, weight.elementType == .int8, weight.rank == 2,
      x.dimensions.last == weight.dimensions[1]
    else {
      throw GraphError("shape", node: node, expected: "X uint8[rows…, in] and weights int8[out, in]", found: "\(x) and \(weight)")
    }
    let perOutput = ValueType(.float32, [weight.dimensions[0]])
    for (index, type) in [(1, ValueType(.float32, [])), (2, ValueType(.uint8, [])), (4, perOutput), (5, perOutput)]
    where index < 5 || context.has(index) {
      let found = try context.input(index)
      guard found == type else {
        throw GraphError("input-type", node: node, expected: "input \(index) to be \(type)", found: "\(found)")
      }
    }
    return [ValueType(scale.elementType, x.dimensions.dropLast() + [weight.dimensions[0]])]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let layer = try Layer(context.node) { context.constant($0) }
    return switch context.outputs[0].elementType {
    case .float32: try evaluation(context, layer, Float.self)
    case .float64: try evaluation(context, layer, Double.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _ layer: Layer, _: Scalar.Type
  ) throws -> Evaluation {
    let rows = try context.input(0).shape.dimensions.dropLast().reduce(1, *)
    let scales = layer.scales.map { Scalar($0) }
    let bias = layer.bias?.map { Scalar($0) }
    let (inputs, outputs) = (layer.inputCount, layer.outputCount)
    return { buffers in
      let x = buffers.input(0, as: UInt8.self)
      let scale = buffers.input(1, as: Scalar.self)[0]
      let zeroPoint = Int32(buffers.input(2, as: UInt8.self)[0])
      let y = buffers.output(as: Scalar.self)
      for row in 0..<rows {
        for output in 0..<outputs {
          var sum: Int32 = 0
          for input in 0..<inputs {
            sum += (Int32(x[row * inputs + input]) - zeroPoint) * Int32(layer.weights[output * inputs + input])
          }
          let product = Scalar(sum) * (scale * scales[output])
          y[row * outputs + output] = bias.map { product + $0[output] } ?? product
        }
      }
    }
  }

  /// The constants of a layer, checked: what the reference evaluates and what a plan packs.
  package struct Layer: Sendable {
    package let inputCount: Int
    package let outputCount: Int
    /// Row-major `[outputCount, inputCount]`.
    package let weights: [Int8]
    package let scales: [Float]
    package let bias: [Float]?

    /// - Parameter constant: the value of an input of the node by index, where it is constant.
    package init(_ node: Node, constant: (Int) -> Tensor?) throws {
      func fetch(_ index: Int, _ what: String) throws -> Tensor {
        guard let tensor = constant(index) else {
          throw GraphError("not-constant", node: node, expected: "\(what) to be constant", found: "a computed value")
        }
        return tensor
      }
      let weight = try fetch(3, "the weights")
      (outputCount, inputCount) = (weight.shape[0], weight.shape[1])
      weights = weight.values(as: Int8.self)
      scales = try fetch(4, "the scales").doubles.map { Float($0) }
      bias = try node.input(5).map { _ in try fetch(5, "the bias").doubles.map { Float($0) } }
      if let wide = Self.firstWide(weights, inputs: inputCount) {
        throw GraphError(
          "accumulator-overflow", node: node, expected: "output \(wide) to accumulate within Int32",
          found: "weights whose magnitudes add up to more than 2^31 / 255")
      }
    }

    /// The first output whose accumulator some input could take out of Int32: |x − zx| may be 255 for every input.
    package static func firstWide(_ weights: [Int8], inputs: Int) -> Int? {
      guard inputs > 0 else { return nil }
      return (0..<weights.count / inputs).first { output in
        weights[output * inputs..<(output + 1) * inputs].reduce(0) { $0 + Int($1.magnitude) } > Int(Int32.max) / 255
      }
    }
  }
}
