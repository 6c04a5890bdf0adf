import PareTensor

/// Products of a matrix of `int8`, or of `int4` in blocks, with bytes, requantized to what gates take:
/// `docs/integer-arithmetic.md`, §9 and §15.
package struct GateProducts: Sendable {
  /// Multipliers of blocks of a row's weights.
  package struct Blocks: Sendable {
    /// Columns to a block: 32, 64 or 128.
    package let size: Int
    /// `[rowCount, ⌈columnCount / size⌉]`.
    package let multipliers: [UInt8]
  }

  package let rowCount: Int
  package let columnCount: Int
  package let zeroPoint: UInt8
  /// `[rowCount, columnCount]`, with blocks in −8 … 7.
  package let weights: [Int8]
  /// What the weights have to be multiplied with besides; nil for 1.
  package let blocks: Blocks?
  /// With what rounds the first shift.
  package let bias: [Int32]
  package let multipliers: [Int32]
  /// How far accumulators are shifted before they are multiplied, and by how much, after it.
  package let shifts: [Int32]
  package let bits: Int

  /// - Parameter totalShifts: by how much an accumulator times its multiplier is shifted in all.
  /// - Throws: `graph.accumulator-overflow` where an accumulator could leave Int32, `graph.gate-range` where an argument
  ///   could be out of reach of 32 bits, `graph.multiplier` and `graph.shift`.
  package init(
    _ node: Node, rowCount: Int, columnCount: Int, zeroPoint: UInt8, weights: [Int8], blocks: Blocks? = nil,
    bias: [Int32], multipliers: [Int32], totalShifts: [Int32]
  ) throws {
    (self.rowCount, self.columnCount, self.zeroPoint) = (rowCount, columnCount, zeroPoint)
    (self.weights, self.blocks, self.multipliers) = (weights, blocks, multipliers)
    if let wrong = multipliers.first(where: { !(1 << 13..<1 << 14).contains($0) }) {
      throw GraphError("multiplier", node: node, expected: "multipliers in 2^13 ..< 2^14", found: "\(wrong)")
    }
    if let wrong = totalShifts.first(where: { !(0...63).contains($0) }) {
      throw GraphError("shift", node: node, expected: "shifts in 0 ... 63", found: "\(wrong)")
    }
    let ranges = try (0..<rowCount).map { row in
      let products = (0..<columnCount).lazy.map { Self.weight(weights, blocks, row, $0, columnCount) }
      let range = Self.range(products, zeroPoint, bias[row])
      guard range.lowerBound >= Int64(Int32.min), range.upperBound <= Int64(Int32.max) else {
        throw GraphError(
          "accumulator-overflow", node: node, expected: "row \(row) to accumulate within Int32",
          found: "\(range.lowerBound) to \(range.upperBound)")
      }
      return range
    }
    func first(_ row: Int, _ bits: Int) -> Int { min(Int(totalShifts[row]) - bits, 31) }
    let fitting = (0...13).last { bits in
      ranges.indices.allSatisfy { Self.fits(ranges[$0], shift: first($0, bits)) }
    }
    guard let fitting else {
      throw GraphError(
        "gate-range", node: node, expected: "accumulators whose arguments stay within reach of 32 bits",
        found: "\(ranges.map(\.upperBound).max() ?? 0) shifted by \(totalShifts.min() ?? 0)")
    }
    bits = fitting
    shifts = totalShifts.indices.map { Int32(first($0, fitting)) }
    self.bias = zip(bias, shifts).map { $0 + Int32(Self.half($1)) }
  }

  /// The least and the greatest accumulator that any input gives.
  private static func range(_ weights: some Sequence<Int32>, _ zeroPoint: UInt8, _ bias: Int32) -> ClosedRange<Int64> {
    let (down, up) = (-Int64(zeroPoint), 255 - Int64(zeroPoint))
    var (least, greatest) = (Int64(bias), Int64(bias))
    for weight in weights {
      least += min(Int64(weight) * down, Int64(weight) * up)
      greatest += max(Int64(weight) * down, Int64(weight) * up)
    }
    return least...greatest
  }

  private static func half(_ shift: Int32) -> Int64 { shift > 0 ? 1 << Int64(shift - 1) : 0 }

  /// Whether accumulators and what is left of them have the room that they need.
  private static func fits(_ range: ClosedRange<Int64>, shift: Int) -> Bool {
    guard shift >= 0 else { return false }
    let greatest = range.upperBound + half(Int32(shift))
    let (low, high) = ((range.lowerBound + half(Int32(shift))) >> Int64(shift), greatest >> Int64(shift))
    return greatest <= Int64(Int32.max) && low >= -(1 << 17) && high < 1 << 17
  }

  /// A weight times the multiplier of its block: within ±2,040.
  package func weight(_ row: Int, _ column: Int) -> Int32 { Self.weight(weights, blocks, row, column, columnCount) }

  @inline(__always)
  private static func weight(
    _ weights: [Int8], _ blocks: Blocks?, _ row: Int, _ column: Int, _ columnCount: Int
  ) -> Int32 {
    let weight = Int32(weights[row * columnCount + column])
    guard let blocks else { return weight }
    let blockCount = (columnCount + blocks.size - 1) / blocks.size
    return Int32(blocks.multipliers[row * blockCount + column / blocks.size]) * weight
  }

  /// One argument of a gate.
  package func argument(_ row: Int, _ x: UnsafePointer<UInt8>) -> Int32 {
    let zeroPoint = Int32(zeroPoint)
    // Only the total is sure to fit, so sums on the way may wrap.
    var sum = bias[row]
    for column in 0..<columnCount { sum &+= (Int32(x[column]) - zeroPoint) * weight(row, column) }
    let rounding: Int32 = bits > 0 ? 1 << Int32(bits - 1) : 0
    return GateArithmetic.saturated(((sum >> shifts[row]) * multipliers[row] + rounding) >> Int32(bits))
  }

  /// Multiplier and shift in all of a positive factor: `factor ≈ multiplier · 2^−shift` within a relative 2^−14.
  ///
  /// - Returns: nil where the factor is not positive and finite or is 2^14 or more.
  package static func fixedPoint(_ factor: Double) -> (multiplier: Int32, shift: Int32)? {
    guard factor.isNormal, factor > 0 else { return nil }
    var exponent = Int(factor.exponent)
    var multiplier = Int32((factor.significand * 0x1p13).rounded(.toNearestOrEven))
    if multiplier == 1 << 14 {
      multiplier = 1 << 13
      exponent += 1
    }
    guard exponent <= 13 else { return nil }
    return (multiplier, Int32(min(13 - exponent, 63)))
  }
}
