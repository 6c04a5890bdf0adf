import PareTensor

/// A dense layer on integers with weights of four bits in groups: `acc = Σ over groups m · Σ (x − zx) · w + b`, then as
/// `pare.QuantizedDense`. Its evaluation is the definition that every instruction set and export must equal bit for bit:
/// `docs/integer-arithmetic.md`, §13.
///
/// - Inputs, all but X constant: X `uint8 [rows…, in]`, its zero point `uint8`, weights `int4 [out, in]`, group multipliers
///   `uint8 [out, ⌈in / block_size⌉]`, bias `int32 [out]`, and then either multiplier `int32 [out]`, shift `int32 [out]`
///   and output zero point `uint8` → `uint8 [rows…, out]`; or scale `float32 [out]` → `float32 [rows…, out]`.
/// - Attributes: `block_size`, the inputs to a group: 32, 64 or 128. `relu` as of `pare.QuantizedDense`.
public enum QuantizedGroupDense: Operator {
  public static let name: OperatorName = "pare.QuantizedGroupDense"
  public static let inputCount = 6...8
  public static let attributeNames = ["block_size", "relu"]
  /// What a group may hold.
  public static let blockSizes = [32, 64, 128]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let node = context.node
    let (x, weight) = (try context.input(0), try context.input(2))
    guard x.elementType == .uint8, x.rank >= 2, weight.elementType == .int4, weight.rank == 2,
      x.dimensions.last == weight.dimensions[1], let inputs = weight.dimensions[1].fixedValue
    else {
      throw GraphError("shape", node: node, expected: "X uint8[rows…, in] and weights int4[out, in]", found: "\(x) and \(weight)")
    }
    let size = try blockSize(node)
    let perOutput = [weight.dimensions[0]]
    let requantizes = node.inputs.count == 8
    var expected = [
      1: ValueType(.uint8, []), 3: ValueType(.uint8, [weight.dimensions[0], .fixed((inputs + size - 1) / size)]),
      4: ValueType(.int32, perOutput),
    ]
    if requantizes {
      expected[5] = ValueType(.int32, perOutput)
      expected[6] = ValueType(.int32, perOutput)
      expected[7] = ValueType(.uint8, [])
    } else {
      guard node.inputs.count == 6, try node.int("relu", default: 0) == 0 else {
        throw GraphError("input-count", node: node, expected: "8 inputs, or 6 and no Relu", found: "\(node.inputs.count)")
      }
      expected[5] = ValueType(.float32, perOutput)
    }
    for (index, type) in expected.sorted(by: { $0.key < $1.key }) {
      let found = try context.input(index)
      guard found == type else {
        throw GraphError("input-type", node: node, expected: "input \(index) to be \(type)", found: "\(found)")
      }
    }
    return [ValueType(requantizes ? .uint8 : .float32, x.dimensions.dropLast() + [weight.dimensions[0]])]
  }

  static func blockSize(_ node: Node) throws -> Int {
    let size = try node.int("block_size", default: 0)
    guard blockSizes.contains(size) else {
      throw GraphError("attribute", node: node, expected: "block_size to be 32, 64 or 128", found: "\(size)")
    }
    return size
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let layer = try Layer(context.node) { context.constant($0) }
    let rows = try context.input(0).shape.dimensions.dropLast().reduce(1, *)
    switch layer.ending {
    case .requantized(let requantization):
      return { buffers in
        let x = buffers.input(0, as: UInt8.self)
        let y = buffers.output(as: UInt8.self)
        layer.forEachAccumulator(x, rows: rows) { y[$0] = requantization.apply(Int32(clamping: $2), output: $1) }
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

  /// The constants of a layer, checked: what the reference evaluates and what a plan packs.
  package struct Layer: Sendable {
    package let inputCount: Int
    package let outputCount: Int
    package let blockSize: Int
    package let inputZeroPoint: UInt8
    /// Row-major `[outputCount, inputCount]`, in −8 … 7.
    package let weights: [Int8]
    /// Row-major `[outputCount, groupCount]`.
    package let multipliers: [UInt8]
    package let bias: [Int32]
    package let ending: QuantizedDense.Layer.Ending

    package var groupCount: Int { (inputCount + blockSize - 1) / blockSize }

    /// - Parameter constant: the value of an input of the node by index, where it is constant.
    package init(_ node: Node, constant: (Int) -> Tensor?) throws {
      func fetch(_ index: Int, _ what: String) throws -> Tensor {
        guard let tensor = constant(index) else {
          throw GraphError("not-constant", node: node, expected: "\(what) to be constant", found: "a computed value")
        }
        return tensor
      }
      let weight = try fetch(2, "the weights")
      (outputCount, inputCount) = (weight.shape[0], weight.shape[1])
      blockSize = try QuantizedGroupDense.blockSize(node)
      weights = weight.doubles.map { Int8($0) }
      inputZeroPoint = try fetch(1, "the zero point").values(as: UInt8.self)[0]
      multipliers = try fetch(3, "the group multipliers").values(as: UInt8.self)
      bias = try fetch(4, "the bias").values(as: Int32.self)
      if node.inputs.count == 8 {
        ending = .requantized(
          try QuantizedDense.Requantization(
            node, multipliers: try fetch(5, "the multiplier").values(as: Int32.self),
            shifts: try fetch(6, "the shift").values(as: Int32.self),
            zeroPoint: try fetch(7, "the output's zero point").values(as: UInt8.self)[0],
            relu: try node.int("relu", default: 0) != 0))
      } else {
        ending = .dequantized(try fetch(5, "the scale").values(as: Float.self))
      }
    }

    /// The least and the greatest accumulator that any input gives: exact, since each input is free in 0 … 255.
    package func accumulatorRange(of output: Int) -> ClosedRange<Int64> {
      let (down, up) = (-Int64(inputZeroPoint), 255 - Int64(inputZeroPoint))
      var (least, greatest) = (Int64(bias[output]), Int64(bias[output]))
      for input in 0..<inputCount {
        let factor = Int64(weights[output * inputCount + input]) * multiplier(output, input)
        least += min(factor * down, factor * up)
        greatest += max(factor * down, factor * up)
      }
      return least...greatest
    }

    /// Whether every accumulator fits in Int32, as it does for any weights of up to 2,064 inputs and a bias within 2^30.
    package var fitsInt32: Bool {
      (0..<outputCount).allSatisfy { output in
        let range = accumulatorRange(of: output)
        return range.lowerBound >= Int64(Int32.min) && range.upperBound <= Int64(Int32.max)
      }
    }

    @inline(__always)
    private func multiplier(_ output: Int, _ input: Int) -> Int64 {
      Int64(multipliers[output * groupCount + input / blockSize])
    }

    /// Calls `body(position, output, accumulator)` for each element of the result in order. Sums are exact: at most
    /// 2^28 terms below 2^19.
    @inline(__always)
    func forEachAccumulator(_ x: UnsafePointer<UInt8>, rows: Int, _ body: (Int, Int, Int64) -> Void) {
      let zeroPoint = Int64(inputZeroPoint)
      for row in 0..<rows {
        for output in 0..<outputCount {
          var sum = Int64(bias[output])
          for input in 0..<inputCount {
            let weight = Int64(weights[output * inputCount + input]) * multiplier(output, input)
            sum += (Int64(x[row * inputCount + input]) - zeroPoint) * weight
          }
          body(row * outputCount + output, output, sum)
        }
      }
    }
  }
}
