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
        w, scale: Double(inputScale), given: ranges.inputWeightScales, bias: biases.input, form),
      state: try products(
        r, scale: 1 / Double(ranges.stateLevels), given: ranges.stateWeightScales, bias: biases.state, form))
  }

  private func products(
    _ weight: Tensor, scale: Double, given: [Float]?, bias: [Float], _ form: RecurrentWeights
  ) throws -> RecurrentIntegers.Products {
    let (rows, columns) = (weight.shape[0] * weight.shape[1], weight.shape[2])
    let values = weight.values(as: Float.self)
    guard given.map({ $0.count == rows }) ?? true else {
      throw GraphError("quantization-scale", node: node, expected: "\(rows) scales of weights", found: "\(given?.count ?? 0)")
    }
    var integers: [Int8] = []
    var blockMultipliers: [UInt8] = []
    var (biases, multipliers, shifts): ([Int32], [Int32], [Int32]) = ([], [], [])
    for row in 0..<rows {
      let part = values[row * columns..<(row + 1) * columns]
      let greatest = part.reduce(Float(0)) { max($0, $1.magnitude) }
      // A bias of at most 2^22 units leaves accumulators room.
      let least = max(Float(Double(bias[row].magnitude) / (scale * 0x1p22)), .leastNormalMagnitude)
      let step = given?[row] ?? max(greatest / form.greatestInteger, least)
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
        let blocks = FourBitRow(part, step: step, blockSize: size)
        integers += blocks.integers
        blockMultipliers += blocks.multipliers
      }
      biases.append(integer)
      multipliers.append(fixed.multiplier)
      shifts.append(fixed.shift)
    }
    let perRow = Shape([weight.shape[0], weight.shape[1]])
    var (integerWeights, blockMultiplier) = (Tensor(integers, shape: weight.shape), Tensor?.none)
    if case .int4(let size) = form {
      integerWeights = Tensor(fourBits: integers, shape: weight.shape)
      let shape: Shape = [weight.shape[0], weight.shape[1], (columns + size - 1) / size]
      blockMultiplier = Tensor(blockMultipliers, shape: shape)
    }
    return RecurrentIntegers.Products(
      weights: integerWeights, blockMultiplier: blockMultiplier, bias: Tensor(biases, shape: perRow),
      multiplier: Tensor(multipliers, shape: perRow), shift: Tensor(shifts, shape: perRow))
  }
}

extension RecurrentWeights {
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
  init(_ row: ArraySlice<Float>, step: Float, blockSize: Int) {
    for start in stride(from: row.startIndex, to: row.endIndex, by: blockSize) {
      let block = row[start..<min(start + blockSize, row.endIndex)].map { Double($0) / Double(step) }
      let widest = min(max((block.reduce(0) { max($0, $1.magnitude) } / 7).rounded(.up), 1), 255)
      let candidates = Set((5...8).map { max((widest * Double($0) / 8).rounded(.up), 1) }).sorted(by: >)
      func integer(_ value: Double, _ multiplier: Double) -> Double {
        min(max((value / multiplier).rounded(.toNearestOrEven), -8), 7)
      }
      func error(_ multiplier: Double) -> Double {
        block.reduce(0) { sum, value in
          let difference = value - multiplier * integer(value, multiplier)
          return sum + difference * difference
        }
      }
      let multiplier = candidates.map { (value: $0, error: error($0)) }.min { $0.error < $1.error }?.value ?? widest
      integers += block.map { Int8(integer($0, multiplier)) }
      multipliers.append(UInt8(multiplier))
    }
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
