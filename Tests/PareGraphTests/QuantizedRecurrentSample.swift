import PareGraph
import PareTensor

/// One `pare.QuantizedLSTM` or `pare.QuantizedGRU` with small constants.
struct QuantizedRecurrentSample {
  struct Factor {
    var multiplier: Int32
    var shift: Int32
  }

  var isLSTM: Bool
  var features: Int
  var hidden: Int
  var w: [Int8]
  var r: [Int8]
  var inputBias: [Int32]
  var stateBias: [Int32]
  var factor: Factor
  var zeroPoint: UInt8
  var attributes: [String: Attribute]
  /// Multipliers of blocks by X and by the state; with them the weights have four bits.
  var blocks: Blocks?

  struct Blocks {
    var size: Int
    var input: [UInt8]
    var state: [UInt8]
  }

  init(
    isLSTM: Bool, features: Int, hidden: Int, w: [Int8], r: [Int8], inputBias: [Int32], stateBias: [Int32],
    factor: Factor, zeroPoint: UInt8, attributes: [String: Attribute]
  ) {
    (self.isLSTM, self.features, self.hidden, self.w, self.r) = (isLSTM, features, hidden, w, r)
    (self.inputBias, self.stateBias, self.factor) = (inputBias, stateBias, factor)
    (self.zeroPoint, self.attributes) = (zeroPoint, attributes)
  }

  /// Drawn from a seed.
  init(isLSTM: Bool, features: Int, hidden: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let rows = (isLSTM ? 4 : 3) * hidden
    func int8(_ count: Int) -> [Int8] { (0..<count).map { _ in Int8(generator.below(255) - 127) } }
    func bias() -> [Int32] { (0..<rows).map { _ in Int32(generator.below(8001) - 4000) } }
    self.init(
      isLSTM: isLSTM, features: features, hidden: hidden, w: int8(rows * features), r: int8(rows * hidden),
      inputBias: bias(), stateBias: bias(), factor: Factor(multiplier: 11_444, shift: 15), zeroPoint: 117,
      attributes: [:])
  }

  /// The same layer with weights of four bits in blocks, and one of eight bits that has their products: both give equal
  /// bits.
  static func pair(isLSTM: Bool, features: Int, hidden: Int, blockSize: Int, seed: UInt64) -> (fourBits: Self, eightBits: Self) {
    var generator = SeededGenerator(seed: seed)
    var fourBits = Self(isLSTM: isLSTM, features: features, hidden: hidden, seed: seed)
    var eightBits = fourBits
    let rows = fourBits.rows
    // 15 · 8 fits in eight bits.
    func draw(_ columns: Int) -> (weights: [Int8], multipliers: [UInt8], products: [Int8]) {
      let blocks = (columns + blockSize - 1) / blockSize
      let weights = (0..<rows * columns).map { _ in Int8(generator.below(16) - 8) }
      let multipliers = (0..<rows * blocks).map { _ in UInt8(generator.below(16)) }
      let products = weights.indices.map { index in
        weights[index] * Int8(multipliers[index / columns * blocks + index % columns / blockSize])
      }
      return (weights, multipliers, products)
    }
    let (w, r) = (draw(features), draw(hidden))
    (fourBits.w, fourBits.r) = (w.weights, r.weights)
    (eightBits.w, eightBits.r) = (w.products, r.products)
    fourBits.blocks = Blocks(size: blockSize, input: w.multipliers, state: r.multipliers)
    if blockSize != 32 { fourBits.attributes["block_size"] = .int(blockSize) }
    return (fourBits, eightBits)
  }

  private var rows: Int { (isLSTM ? 4 : 3) * hidden }

  func bytes(_ steps: Int, seed: UInt64 = 9) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return (0..<steps * features).map { _ in UInt8(generator.below(256)) }
  }

  /// The operands, X first.
  func operands(x: [UInt8], steps: Int, states: [Tensor] = []) -> [OperatorCase.Operand] {
    let perRow: Shape = [1, rows]
    func constant<Element: TensorElement>(_ values: [Element], _ shape: Shape) -> OperatorCase.Operand {
      .constant(Tensor(values, shape: shape))
    }
    func weights(_ values: [Int8], _ columns: Int) -> OperatorCase.Operand {
      let shape: Shape = [1, rows, columns]
      guard blocks != nil else { return constant(values, shape) }
      let bytes = stride(from: 0, to: values.count, by: 2).map { index in
        UInt8(bitPattern: values[index]) & 15 | (index + 1 < values.count ? UInt8(bitPattern: values[index + 1]) << 4 : 0)
      }
      return .constant(Tensor(packedFourBits: bytes, elementType: .int4, shape: shape))
    }
    let multiplier = constant([Int32](repeating: factor.multiplier, count: rows), perRow)
    let shift = constant([Int32](repeating: factor.shift, count: rows), perRow)
    var operands: [OperatorCase.Operand] = [
      .variable(Tensor(x, shape: [steps, 1, features])), .constant(Tensor(scalar: zeroPoint)),
      weights(w, features), weights(r, hidden), constant(inputBias, perRow), multiplier, shift,
      constant(stateBias, perRow), multiplier, shift,
    ] + states.map { .variable($0) }
    if let blocks {
      operands += [OperatorCase.Operand](repeating: .absent, count: 12 - operands.count)
      operands += [
        constant(blocks.input, [1, rows, blocks.input.count / rows]), constant(blocks.state, [1, rows, blocks.state.count / rows]),
      ]
    }
    return operands
  }

  func operatorCase(_ variant: String, x: [UInt8], steps: Int, states: [Tensor] = []) -> OperatorCase {
    OperatorCase(
      isLSTM ? "pare.QuantizedLSTM" : "pare.QuantizedGRU", variant, operands(x: x, steps: steps, states: states), attributes,
      outputs: isLSTM ? 3 : 2)
  }

  func evaluate(x: [UInt8], steps: Int, states: [Tensor] = []) throws -> [Tensor] {
    try operatorCase("", x: x, steps: steps, states: states).evaluate()
  }
}

extension OperatorCases {
  // Integers throughout.
  static let quantizedRecurrent: [OperatorCase] = [true, false].flatMap { isLSTM in
    let sample = QuantizedRecurrentSample(isLSTM: isLSTM, features: 3, hidden: 4, seed: 2)
    var reversed = sample
    reversed.attributes = ["direction": .string("reverse"), "state_levels": .int(200)]
    let states: [Tensor] =
      isLSTM
      ? [Tensor([UInt8](repeating: 140, count: 4), shape: [1, 1, 4]), Tensor([Int16(-900), 40, 800, 3], shape: [1, 1, 4])]
      : [Tensor([Int16(-9000), 400, 8000, 30], shape: [1, 1, 4])]
    let fourBits = QuantizedRecurrentSample.pair(isLSTM: isLSTM, features: 35, hidden: 4, blockSize: 32, seed: 3).fourBits
    var resetFirst = sample
    if !isLSTM { resetFirst.attributes["linear_before_reset"] = .int(0) }
    return [
      sample.operatorCase("", x: sample.bytes(3), steps: 3),
      resetFirst.operatorCase("reset first", x: sample.bytes(3), steps: 3),
      fourBits.operatorCase("four bits", x: fourBits.bytes(3), steps: 3),
      reversed.operatorCase("reverse, with states", x: sample.bytes(3), steps: 3, states: states),
    ]
  }
}

/// A stack of Float32 layers as PyTorch exports it, time first, and a dense head on the last step.
struct FloatRecurrentStack {
  let isLSTM: Bool
  var resetsFirst = false
  let features: Int
  let hidden: [Int]
  let steps: Int
  let seed: UInt64

  var ranges: [String: RecurrentRanges] {
    Dictionary(
      uniqueKeysWithValues: hidden.indices.map {
        ("\(isLSTM ? "lstm" : "gru")_\($0)", RecurrentRanges(inputScale: 8 / 255, inputZeroPoint: 128, cell: 8))
      })
  }

  func window(seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed, stream: "window")
    return Tensor((0..<steps * features).map { _ in Float(generator.normal()) }, shape: [steps, 1, features])
  }

  func graph() throws -> Graph {
    var generator = SeededGenerator(seed: seed)
    var builder = GraphBuilder(name: "stack")
    func draw(_ shape: Shape, _ spread: Double) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in Float(spread * (2 * generator.uniform() - 1)) }, shape: shape)
    }
    var value = try builder.input("x", ValueType(.float32, [.fixed(steps), 1, .fixed(features)]))
    var extent = features
    for (index, count) in hidden.enumerated() {
      let (rows, spread) = ((isLSTM ? 4 : 3) * count, 1 / Double(count).squareRoot())
      var inputs = [value]
      for (stem, shape) in [("W", [1, rows, extent]), ("R", [1, rows, count]), ("B", [1, 2 * rows])] as [(String, Shape)] {
        inputs.append(try builder.constant(draw(shape, spread), named: "\(stem)\(index)"))
      }
      value = try builder.apply(
        isLSTM ? "LSTM" : "GRU", inputs, attributes: isLSTM ? [:] : ["linear_before_reset": .int(resetsFirst ? 0 : 1)],
        name: "\(isLSTM ? "lstm" : "gru")_\(index)")
      value = try builder.apply("Squeeze", [value, builder.constant(Tensor([Int64(1)]))])
      extent = count
    }
    value = try builder.apply("Gather", [value, builder.constant(Tensor(scalar: Int64(-1)))], attributes: ["axis": .int(0)])
    let head = [
      value, try builder.constant(draw([3, extent], 1 / Double(extent).squareRoot())), try builder.constant(draw([3], 0.1)),
    ]
    try builder.output(builder.apply("Gemm", head, attributes: ["transB": .int(1)], output: "y"))
    return builder.graph
  }
}
