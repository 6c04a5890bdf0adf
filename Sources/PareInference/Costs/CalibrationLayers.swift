import PareGraph
import PareTensor

/// Puts layers with weights of no meaning one behind the other.
struct Layers {
  private var builder: GraphBuilder
  private var value: String
  private var generator = SeededGenerator(seed: 1, stream: "calibration")

  init(_ name: String, input: [Dimension]) throws {
    builder = GraphBuilder(name: name)
    value = try builder.input("x", ValueType(.float32, input))
  }

  mutating func finish() throws -> Graph {
    try builder.output(value)
    return builder.graph
  }

  mutating func apply(_ name: OperatorName, attributes: [String: Attribute] = [:]) throws {
    value = try builder.apply(name, [value], attributes: attributes)
  }

  /// `QuantizeLinear` and back, for numbers within 4 of 0.
  mutating func quantizePair() throws {
    let affine = [try builder.constant(Tensor(scalar: Float(8) / 255)), try builder.constant(Tensor(scalar: UInt8(128)))]
    value = try builder.apply("QuantizeLinear", [value] + affine)
    value = try builder.apply("DequantizeLinear", [value] + affine)
  }

  mutating func dense(_ inputs: Int, _ outputs: Int, _ form: CalibrationCase.Form) throws {
    let bias = try builder.constant(Tensor(numbers(outputs)))
    if form == .signs { return try signs(inputs, outputs, bias) }
    if form.isInteger { try quantizePair() }
    let weight = try weight(inputs, outputs, form)
    value = try builder.apply("Gemm", [value, weight, bias], attributes: ["transB": .int(1)])
  }

  private mutating func signs(_ inputs: Int, _ outputs: Int, _ bias: String) throws {
    let shape: Shape = [outputs, inputs]
    let signs = Tensor(numbers(shape.elementCount).map { $0 < 0 ? -1 : Float(1) }, shape: shape)
    let weight = try builder.parameter(
      builder.freshValueName("signs"), Parameter(ParameterStorage(signsOf: signs) ?? ParameterStorage(signs), isTrainable: false))
    value = try builder.apply(BinaryDense.name, [value, weight, builder.constant(Tensor(numbers(outputs))), bias])
  }

  /// Weights `[outputs, inputs]` as the form stores them.
  private mutating func weight(_ inputs: Int, _ outputs: Int, _ form: CalibrationCase.Form) throws -> String {
    let shape: Shape = [outputs, inputs]
    let count = shape.elementCount
    switch form {
    case .float32, .signs: return try builder.constant(Tensor(numbers(count), shape: shape))
    case .float16: return try builder.constant(Tensor(numbers(count).map { Float(Float16($0)) }, shape: shape))
    case .bfloat16:
      // Beyond the range of float16, in which they would be exact as well.
      let numbers = numbers(count).map { Float(bitPattern: $0.bitPattern & 0xffff_0000) * 0x1p20 }
      return try builder.constant(Tensor(numbers, shape: shape))
    case .codebook:
      let storage = ParameterStorage(
        indices: (0..<count).map { $0 * 7 % 16 }, table: (0..<16).map { 0.1 + Float($0) / 7 }, shape: shape)
      return try builder.parameter(builder.freshValueName("codebook"), Parameter(storage, isTrainable: false))
    case .slots: return try builder.constant(Tensor(numbers(count).enumerated().map { $0 % 4 < 2 ? $1 : 0 }, shape: shape))
    case .columns:
      return try builder.constant(Tensor(numbers(count).enumerated().map { $0 % inputs % 2 == 0 ? $1 : 0 }, shape: shape))
    case .int8: return try integers(shape) { _, _ in true }
    // Shares in which they are of use: of groups of four every second, 2:4, every fourth weight.
    case .int8Blocks: return try integers(shape) { _, input in input / 4 % 2 == 0 }
    case .int8Slots16: return try integers(shape) { output, input in (input + output) % 4 < 2 }
    case .int8Slots64: return try integers(shape) { output, input in (input + output) % 4 == 0 }
    case .int4: return try groups(inputs, outputs)
    }
  }

  /// - Parameter isKept: whether the weight of an output, and of an input or one of a filter's, is not 0.
  private mutating func integers(_ shape: Shape, isKept: (Int, Int) -> Bool) throws -> String {
    let row = shape.elementCount / shape[0]
    // Those that round to 0 are not left out by chance.
    let kept = numbers(shape.elementCount).enumerated().map { index, number in
      isKept(index / row, index % row) ? Int8(number * 30) | 1 : 0
    }
    let weight = try builder.constant(Tensor(kept, shape: shape))
    let scale = try builder.constant(Tensor([Float](repeating: 0.01, count: shape[0])))
    return try builder.apply("DequantizeLinear", [weight, scale], attributes: ["axis": .int(0)])
  }

  /// Four bits, a multiplier for 32 inputs.
  private mutating func groups(_ inputs: Int, _ outputs: Int) throws -> String {
    let blocks = (inputs + 31) / 32
    let weight = try builder.parameter(
      builder.freshValueName("nibbles"),
      Tensor(
        packedFourBits: (0..<(inputs * outputs + 1) / 2).map { UInt8(truncatingIfNeeded: $0 * 37) & (inputs * outputs == 1 ? 15 : 255) },
        elementType: .int4, shape: [outputs, inputs]), isTrainable: false)
    let multipliers = try builder.constant(Tensor([UInt8](repeating: 200, count: outputs * blocks), shape: [outputs, blocks]))
    let scales = try builder.apply(
      "DequantizeLinear", [multipliers, builder.constant(Tensor([Float](repeating: 1e-4, count: outputs)))],
      attributes: ["axis": .int(0)])
    return try builder.apply("DequantizeLinear", [weight, scales], attributes: ["axis": .int(1), "block_size": .int(32)])
  }

  mutating func convolution(_ channels: Int, _ filters: Int, _ form: CalibrationCase.Form) throws {
    let shape: Shape = [filters, channels, 3]
    let weight = form == .int8 ? try integers(shape, isKept: { _, _ in true }) : try builder.constant(Tensor(numbers(shape.elementCount), shape: shape))
    value = try builder.apply("Conv", [value, weight, builder.constant(Tensor(numbers(filters)))])
  }

  mutating func lstm(_ features: Int, _ hidden: Int) throws {
    let parts: [Shape] = [[1, 4 * hidden, features], [1, 4 * hidden, hidden], [1, 8 * hidden]]
    let inputs = try parts.map { try builder.constant(Tensor(numbers($0.elementCount), shape: $0)) }
    value = try builder.apply("LSTM", [value] + inputs, attributes: ["hidden_size": .int(hidden)], name: "lstm")
  }

  mutating func attention(heads: Int) throws {
    value = try builder.apply(
      "Attention", [value, value, value], attributes: ["q_num_heads": .int(heads), "kv_num_heads": .int(heads)])
  }

  mutating func normalize(_ width: Int) throws {
    let (scale, bias) = (try builder.constant(Tensor(numbers(width))), try builder.constant(Tensor(numbers(width))))
    value = try builder.apply("LayerNormalization", [value, scale, bias])
  }

  mutating func add(_ width: Int) throws {
    value = try builder.apply("Add", [value, builder.constant(Tensor(numbers(width)))])
  }

  mutating func forest(_ count: Int, depth: Int) throws {
    let (inner, leaves) = ((1 << depth) - 1, 1 << depth)
    var columns: [Int32] = [], yes: [Int32] = [], no: [Int32] = []
    for tree in 0..<count {
      for node in 0..<inner {
        columns.append(Int32(generator.below(32)))
        func child(_ index: Int) -> Int32 {
          index < inner ? Int32(tree * inner + index) : -Int32(tree * leaves + index - inner + 1)
        }
        yes.append(child(2 * node + 1))
        no.append(child(2 * node + 2))
      }
    }
    let (nodes, ends) = (count * inner, count * leaves)
    let parts = [
      Tensor(columns), Tensor(numbers(nodes)), Tensor([UInt8](repeating: TreeComparison.lessOrEqual.rawValue, count: nodes)),
      Tensor([UInt8](repeating: 0, count: nodes)), Tensor(yes), Tensor(no), Tensor((0..<count).map { Int32($0 * inner) }),
      Tensor((0...ends).map { Int32($0) }), Tensor([Int32](repeating: 0, count: ends)), Tensor(numbers(ends)),
    ]
    value = try builder.apply(
      TreeEnsemble.name, [value] + parts.map { try builder.constant($0) },
      attributes: ["n_targets": .int(1), "aggregate_function": .string(TreeEnsemble.Aggregate.sum.rawValue)])
  }

  /// Numbers within 2 of 0, none of them 0.
  private mutating func numbers(_ count: Int) -> [Float] {
    let drawn = (0..<min(count, 4096)).map { _ -> Float in
      let number = Float(4 * generator.uniform() - 2)
      return number == 0 ? 1 : number
    }
    // 4,096 and a prime apart, so that no two rows are alike.
    return (0..<count).map { drawn[($0 + $0 / 4096 * 61) % drawn.count] }
  }
}
