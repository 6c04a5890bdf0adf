import PareTensor

/// A dense layer on signs: `y = scale · Σ sgn(x) · w + bias` with weights of ±1 and sgn(x) = 1 where x ≥ 0, else −1. Sums
/// are exact, then one multiplication and one addition, each rounded once: `docs/integer-arithmetic.md`, §14.
///
/// - Inputs, all but X constant: X, floating point `[rows, in]` or its signs as `pare.PackSigns` packs them, `uint8
///   [rows, 4 ⌈in / 32⌉]`; weights `float32 [out, in]` of +1 and −1, stored as signs; scale and bias `float32 [out]`.
/// - Output: floating point `[rows, out]`, or with the attribute `packs` 1 its signs, `uint8 [rows, 4 ⌈out / 32⌉]`.
/// - Throws, when prepared: `graph.binary-weights` for weights that are no signs.
/// - Source: Rastegari et al. 2016, arXiv:1603.05279, §3.2, with a scale per output and none of the inputs.
///   `BinaryDecomposition` writes it in standard operators.
public enum BinaryDense: Operator {
  public static let name: OperatorName = "pare.BinaryDense"
  public static let inputCount = 4...4
  public static let attributeNames = ["packs"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let node = context.node
    let (x, weight) = (try context.input(0), try context.input(1))
    guard weight.elementType == .float32, weight.rank == 2, let inputs = weight.dimensions[1].fixedValue,
      let outputs = weight.dimensions[0].fixedValue, x.rank == 2
    else {
      throw GraphError("shape", node: node, expected: "X of rows and weights float32[out, in]", found: "\(x) and \(weight)")
    }
    let isPacked = x.elementType == .uint8
    guard x.dimensions[1] == .fixed(isPacked ? PackSigns.byteCount(inputs) : inputs), isPacked || x.elementType.isFloatingPoint
    else {
      throw GraphError(
        "shape", node: node, expected: "\(inputs) numbers a row, or their signs in \(PackSigns.byteCount(inputs)) bytes",
        found: "\(x)")
    }
    for index in 2...3 {
      let found = try context.input(index)
      guard found == ValueType(.float32, [.fixed(outputs)]) else {
        throw GraphError("input-type", node: node, expected: "input \(index) to be float32[\(outputs)]", found: "\(found)")
      }
    }
    if try node.int("packs", default: 0) != 0 {
      return [ValueType(.uint8, [x.dimensions[0], .fixed(PackSigns.byteCount(outputs))])]
    }
    return [ValueType(isPacked ? .float32 : x.elementType, [x.dimensions[0], .fixed(outputs)])]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let layer = try Layer(context.node) { context.constant($0) }
    let rows = try context.input(0).shape[0]
    switch try context.input(0).elementType {
    case .uint8:
      let stride = PackSigns.byteCount(layer.inputCount)
      return try evaluation(context, layer, rows) { buffers, row, input in
        buffers.input(0, as: UInt8.self)[row * stride + input / 8] >> UInt8(input % 8) & 1 == 1
      }
    case .float32:
      return try evaluation(context, layer, rows) { $0.input(0, as: Float.self)[$1 * layer.inputCount + $2] >= 0 }
    case .float64:
      return try evaluation(context, layer, rows) { $0.input(0, as: Double.self)[$1 * layer.inputCount + $2] >= 0 }
    case let other: throw context.unsupported(other)
    }
  }

  /// - Parameter isPositive: whether an input of a row is, by row and input.
  @inline(__always)
  private static func evaluation(
    _ context: PreparationContext, _ layer: Layer, _ rows: Int,
    _ isPositive: @escaping @Sendable (EvaluationBuffers, Int, Int) -> Bool
  ) throws -> Evaluation {
    let outputs = layer.outputCount
    switch context.outputs[0].elementType {
    case .uint8:
      return { buffers in
        let y = buffers.output(as: UInt8.self)
        for row in 0..<rows {
          PackSigns.pack(outputs, into: y + row * PackSigns.byteCount(outputs)) { output in
            layer.value(of: output, sum: layer.sum(output) { isPositive(buffers, row, $0) }) >= 0
          }
        }
      }
    case .float32:
      return { buffers in
        let y = buffers.output(as: Float.self)
        for row in 0..<rows {
          for output in 0..<outputs {
            y[row * outputs + output] = layer.value(of: output, sum: layer.sum(output) { isPositive(buffers, row, $0) })
          }
        }
      }
    case .float64:
      return { buffers in
        let y = buffers.output(as: Double.self)
        for row in 0..<rows {
          for output in 0..<outputs {
            let product = Double(layer.sum(output) { isPositive(buffers, row, $0) }) * Double(layer.scales[output])
            y[row * outputs + output] = product + Double(layer.bias[output])
          }
        }
      }
    case let other: throw context.unsupported(other)
    }
  }
}

extension BinaryDense {
  /// The constants of a layer, checked: what the reference evaluates and what a plan packs.
  package struct Layer: Sendable {
    package let inputCount: Int
    package let outputCount: Int
    /// Row-major `[outputCount, inputCount]`: whether a weight is +1.
    package let isPositive: [Bool]
    package let scales: [Float]
    package let bias: [Float]

    /// - Parameter constant: the value of an input of the node by index, where it is constant.
    package init(_ node: Node, constant: (Int) -> Tensor?) throws {
      func fetch(_ index: Int, _ what: String) throws -> Tensor {
        guard let tensor = constant(index) else {
          throw GraphError("not-constant", node: node, expected: "\(what) to be constant", found: "a computed value")
        }
        return tensor
      }
      let weight = try fetch(1, "the weights")
      (outputCount, inputCount) = (weight.shape[0], weight.shape[1])
      let weights = weight.values(as: Float.self)
      if let wrong = weights.first(where: { $0.magnitude != 1 }) {
        throw GraphError("binary-weights", node: node, expected: "weights of +1 and -1", found: "\(wrong)")
      }
      // Kernels count the bits that differ in Int32, and Float32 holds no greater sum exactly.
      guard inputCount <= 1 << 24 else {
        throw GraphError("shape", node: node, expected: "at most 2^24 inputs", found: "\(inputCount)")
      }
      isPositive = weights.map { $0 > 0 }
      scales = try fetch(2, "the scale").values(as: Float.self)
      bias = try fetch(3, "the bias").values(as: Float.self)
    }

    func sum(_ output: Int, _ isPositive: (Int) -> Bool) -> Int {
      var equal = 0
      for input in 0..<inputCount where isPositive(input) == self.isPositive[output * inputCount + input] { equal += 1 }
      return 2 * equal - inputCount
    }

    @inline(__always)
    package func value(of output: Int, sum: Int) -> Float {
      let product = Float(sum) * scales[output]
      return product + bias[output]
    }

    /// When an output's sign is a 1, in bits of input and weights that differ: in at most `limit` of them, after the
    /// output's weights are negated or not. −1 means never.
    ///
    /// The value is monotone in the sum, since products and sums are rounded monotonely, so a search by halves finds the
    /// exact limit.
    package func limit(of output: Int) -> (limit: Int, negatesWeights: Bool) {
      // With a negative scale the value falls with the sum, and rises with the sum of negated weights.
      let negates = scales[output] < 0
      func isOne(_ differing: Int) -> Bool {
        let sum = inputCount - 2 * differing
        return value(of: output, sum: negates ? -sum : sum) >= 0
      }
      var (below, above) = (-1, inputCount + 1)
      while above - below > 1 {
        let middle = (below + above) / 2
        if isOne(middle) { below = middle } else { above = middle }
      }
      return (below, negates)
    }
  }
}
