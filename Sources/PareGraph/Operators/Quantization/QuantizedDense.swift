import PareTensor

/// A dense layer on integers: `acc = Σ (x − zx) · w + b` in Int32, then requantized to `uint8` or dequantized to
/// floating point. Its evaluation is the definition that every instruction set and export must equal bit for bit:
/// `docs/integer-arithmetic.md`, §3 to §5.
///
/// - Inputs, all but X constant: X `uint8 [rows…, in]`, its zero point `uint8`, weights `int8 [out, in]`,
///   bias `int32 [out]`, and then either
///   multiplier `int32 [out]` in `2^30 ..< 2^31`, shift `int32 [out]` in `1 ... 63`, output zero point `uint8`
///   → `uint8 [rows…, out]`, `y = clamp(zy + ((acc · multiplier + 2^(shift − 1)) >> shift), low, 255)`; or
///   scale `float32 [out]` → `float32 [rows…, out]`, `y = Float(acc) · scale`.
/// - Attribute `relu`: 1 makes `low` the output's zero point instead of 0. Only with `uint8` output.
/// - Throws, when prepared: `graph.accumulator-overflow` where an accumulator could leave Int32.
public enum QuantizedDense: Operator {
  public static let name: OperatorName = "pare.QuantizedDense"
  public static let inputCount = 5...7
  public static let attributeNames = ["relu"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let node = context.node
    let (x, weight) = (try context.input(0), try context.input(2))
    guard x.elementType == .uint8, x.rank >= 2, weight.elementType == .int8, weight.rank == 2,
      x.dimensions.last == weight.dimensions[1]
    else {
      throw GraphError("shape", node: node, expected: "X uint8[rows…, in] and weights int8[out, in]", found: "\(x) and \(weight)")
    }
    let type = try checkedEnding(context, outputs: weight.dimensions[0])
    return [ValueType(type, x.dimensions.dropLast() + [weight.dimensions[0]])]
  }

  /// The element type of the output, from the inputs behind the weights, which are checked.
  static func checkedEnding(_ context: InferenceContext, outputs: Dimension) throws -> ElementType {
    let node = context.node
    let perOutput = [outputs]
    let requantizes = node.inputs.count == 7
    var expected = [1: ValueType(.uint8, []), 3: ValueType(.int32, perOutput)]
    if requantizes {
      expected[4] = ValueType(.int32, perOutput)
      expected[5] = ValueType(.int32, perOutput)
      expected[6] = ValueType(.uint8, [])
    } else {
      guard node.inputs.count == 5, try node.int("relu", default: 0) == 0 else {
        throw GraphError("input-count", node: node, expected: "7 inputs, or 5 and no Relu", found: "\(node.inputs.count)")
      }
      expected[4] = ValueType(.float32, perOutput)
    }
    for (index, type) in expected.sorted(by: { $0.key < $1.key }) {
      let found = try context.input(index)
      guard found == type else {
        throw GraphError("input-type", node: node, expected: "input \(index) to be \(type)", found: "\(found)")
      }
    }
    return requantizes ? .uint8 : .float32
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let layer = try Layer(context.node) { context.constant($0) }
    let rows = try context.input(0).shape.dimensions.dropLast().reduce(1, *)
    switch layer.ending {
    case .requantized(let requantization):
      return { buffers in
        let x = buffers.input(0, as: UInt8.self)
        let y = buffers.output(as: UInt8.self)
        layer.forEachAccumulator(x, rows: rows) { y[$0] = requantization.apply($2, output: $1) }
      }
    case .dequantized(let scales):
      switch context.outputs[0].elementType {
      case .float32:
        return { buffers in
          let x = buffers.input(0, as: UInt8.self)
          let y = buffers.output(as: Float.self)
          layer.forEachAccumulator(x, rows: rows) { y[$0] = Float($2) * scales[$1] }
        }
      case .float64:
        return { buffers in
          let x = buffers.input(0, as: UInt8.self)
          let y = buffers.output(as: Double.self)
          layer.forEachAccumulator(x, rows: rows) { y[$0] = Double($2) * Double(scales[$1]) }
        }
      case let other: throw context.unsupported(other)
      }
    }
  }
}
