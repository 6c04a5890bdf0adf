import PareTensor

/// The constants of a recurrent layer on integers: `docs/integer-arithmetic.md`, §12 and §15.
struct RecurrentIntegers {
  /// The products with X or with the state.
  struct Products {
    /// Int8 or int4 `[directions, gates · hidden, columns]`.
    var weights: Tensor
    /// Of `int4` weights: uint8 `[directions, gates · hidden, blocks]`.
    var blockMultiplier: Tensor?
    /// Int32 `[directions, gates · hidden]`, as the next two.
    var bias: Tensor
    var multiplier: Tensor
    var shift: Tensor
  }

  var input: Products
  var state: Products
}

extension FloatRecurrentLayer {
  /// - Throws: `graph.quantization-scale` for an unusable scale, `graph.attribute` for a size of blocks that no kernel has.
  func integers(
    _ ranges: RecurrentRanges, inputScale: Float, _ form: RecurrentWeights
  ) throws -> RecurrentIntegers {
    if case .int4(let size) = form, !QuantizedGroupDense.blockSizes.contains(size) {
      throw GraphError("attribute", node: node, expected: "blocks of 32, 64 or 128 weights", found: "\(size)")
    }
    let biases = summedBiases()
    return RecurrentIntegers(
      input: try products(
        w, scale: Double(inputScale), given: ranges.inputWeights, bias: biases.input, form),
      state: try products(
        r, scale: 1 / Double(ranges.stateLevels), given: ranges.stateWeights, bias: biases.state, form))
  }

  private func products(
    _ weight: Tensor, scale: Double, given: RecurrentWeightScales?, bias: [Float], _ form: RecurrentWeights
  ) throws -> RecurrentIntegers.Products {
    let (rows, columns) = (weight.shape[0] * weight.shape[1], weight.shape[2])
    let values = weight.values(as: Float.self)
    let blocks = form.blockCount(of: columns)
    if let given, given.rows.count != rows || given.blocks.count != rows * blocks {
      throw GraphError(
        "quantization-scale", node: node, expected: "\(rows) scales of weights and \(rows * blocks) multipliers",
        found: "\(given.rows.count) and \(given.blocks.count)")
    }
    var integers: [Int8] = []
    var blockMultipliers: [UInt8] = []
    var (biases, multipliers, shifts): ([Int32], [Int32], [Int32]) = ([], [], [])
    for row in 0..<rows {
      let part = values[row * columns..<(row + 1) * columns]
      let greatest = part.reduce(Float(0)) { max($0, $1.magnitude) }
      // A bias of at most 2^22 units leaves accumulators room.
      let least = max(Float(Double(bias[row].magnitude) / (scale * 0x1p22)), .leastNormalMagnitude)
      let step = max(given?.rows[row] ?? greatest / form.greatestInteger, least)
      let unit = scale * Double(step)
      guard step.isNormal, step > 0,
        let fixed = GateProducts.fixedPoint(unit * Double(1 << GateArithmetic.argumentBits)),
        let integer = Int32(exactly: (Double(bias[row]) / unit).rounded(.toNearestOrEven))
      else {
        throw GraphError(
          "quantization-scale", node: node, expected: "a usable scale and a bias that fits in Int32", found: "\(step) in row \(row)")
      }
      switch form {
      case .int8:
        integers += part.map { Int8(min(max((Double($0) / Double(step)).rounded(.toNearestOrEven), -127), 127)) }
      case .int4(let size):
        let fourBits = FourBitRow(
          part, step: step, blockSize: size, given: given.map { Array($0.blocks[row * blocks..<(row + 1) * blocks]) })
        integers += fourBits.integers
        blockMultipliers += fourBits.multipliers
      }
      biases.append(integer)
      multipliers.append(fixed.multiplier)
      shifts.append(fixed.shift)
    }
    let perRow = Shape([weight.shape[0], weight.shape[1]])
    var (integerWeights, blockMultiplier) = (Tensor(integers, shape: weight.shape), Tensor?.none)
    if case .int4 = form {
      integerWeights = Tensor(fourBits: integers, shape: weight.shape)
      let shape: Shape = [weight.shape[0], weight.shape[1], blocks]
      blockMultiplier = Tensor(blockMultipliers, shape: shape)
    }
    return RecurrentIntegers.Products(
      weights: integerWeights, blockMultiplier: blockMultiplier, bias: Tensor(biases, shape: perRow),
      multiplier: Tensor(multipliers, shape: perRow), shift: Tensor(shifts, shape: perRow))
  }
}

/// What the integers of a recurrent layer's matrix are multiplied by: the scale of a row, and with four bits a whole number for
/// each block of it.
public struct RecurrentWeightScales: Sendable, Hashable {
  /// One for each row, direction by direction. Where a bias needs a greater one, that is used.
  public var rows: [Float]
  /// Row by row; none with eight bits.
  public var blocks: [UInt8]

  public init(rows: [Float], blocks: [UInt8] = []) {
    self.rows = rows
    self.blocks = blocks
  }

  /// Those that `RecurrentQuantization` chooses by magnitudes, biases apart; of a row of zeros as if its greatest were 1.
  ///
  /// - Parameter weight: float32 `[directions, rows, columns]`.
  public init(of weight: Tensor, _ form: RecurrentWeights) {
    let values = weight.values(as: Float.self)
    let columns = weight.shape[2]
    self.init(rows: [])
    for row in 0..<weight.shape[0] * weight.shape[1] {
      let part = values[row * columns..<(row + 1) * columns]
      let greatest = part.reduce(Float(0)) { max($0, $1.magnitude) }
      let step = max((greatest > 0 ? greatest : 1) / form.greatestInteger, .leastNormalMagnitude)
      rows.append(step)
      guard case .int4(let size) = form else { continue }
      blocks += FourBitRow(part, step: step, blockSize: size).multipliers
    }
  }
}

extension RecurrentWeights {
  /// Multipliers of a row.
  fileprivate func blockCount(of columns: Int) -> Int {
    if case .int4(let size) = self { (columns + size - 1) / size } else { 0 }
  }

  /// What a row's greatest magnitude becomes.
  fileprivate var greatestInteger: Float {
    switch self {
    case .int8: 127
    case .int4: 255 * 7
    }
  }
}

/// A row of weights of four bits.
private struct FourBitRow {
  private(set) var integers: [Int8] = []
  private(set) var multipliers: [UInt8] = []

  /// Each block takes, of the multipliers from the one that makes 7 of its greatest magnitude down to five eighths of it,
  /// the one with the least sum of squared errors, the greater of equals: clipping the greatest weights may spare the
  /// others more than it costs.
  ///
  /// - Parameter given: multipliers that were chosen before, in place of these.
  init(_ row: ArraySlice<Float>, step: Float, blockSize: Int, given: [UInt8]? = nil) {
    for (index, start) in stride(from: row.startIndex, to: row.endIndex, by: blockSize).enumerated() {
      let block = row[start..<min(start + blockSize, row.endIndex)].map { Double($0) / Double(step) }
      let candidates = given.map { [max(Double($0[index]), 1)] } ?? Self.candidates(for: block)
      func integer(_ value: Double, _ multiplier: Double) -> Double {
        min(max((value / multiplier).rounded(.toNearestOrEven), -8), 7)
      }
      func error(_ multiplier: Double) -> Double {
        block.reduce(0) { sum, value in
          let difference = value - multiplier * integer(value, multiplier)
          return sum + difference * difference
        }
      }
      let multiplier = candidates.map { (value: $0, error: error($0)) }.min { $0.error < $1.error }?.value ?? 1
      integers += block.map { Int8(integer($0, multiplier)) }
      multipliers.append(UInt8(multiplier))
    }
  }

  /// From the greatest down.
  private static func candidates(for block: [Double]) -> [Double] {
    let greatest = block.reduce(0) { max($0, $1.magnitude) }
    let widest = min(max((greatest / 7).rounded(.up), 1), 255)
    return Set((5...8).map { max((widest * Double($0) / 8).rounded(.up), 1) }).sorted(by: >)
  }
}

extension Tensor {
  /// Integers in −8 … 7, two to a byte.
  fileprivate init(fourBits integers: [Int8], shape: Shape) {
    let bytes = stride(from: 0, to: integers.count, by: 2).map { index in
      let above = index + 1 < integers.count ? integers[index + 1] : 0
      return UInt8(bitPattern: integers[index]) & 15 | UInt8(bitPattern: above) << 4
    }
    self.init(packedFourBits: bytes, elementType: .int4, shape: shape)
  }
}
