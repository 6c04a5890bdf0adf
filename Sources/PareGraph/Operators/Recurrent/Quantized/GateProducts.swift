import PareTensor

/// Products of a matrix of `int8` with bytes, requantized to what gates take: `docs/integer-arithmetic.md`, §9.
package struct GateProducts: Sendable {
  package let rowCount: Int
  package let columnCount: Int
  package let zeroPoint: UInt8
  /// `[rowCount, columnCount]`.
  package let weights: [Int8]
  package let bias: [Int32]
  package let multipliers: [Int32]
  package let shifts: [Int32]
  /// The most bits by which every accumulator can be shifted up within Int32.
  package let headroom: Int

  /// - Throws: `graph.accumulator-overflow` where an accumulator could leave Int32, `graph.gate-range` where an argument
  ///   could be so large that its factor is out of reach of the kernels, `graph.multiplier` and `graph.shift`.
  init(
    _ node: Node, rowCount: Int, columnCount: Int, zeroPoint: UInt8, weights: [Int8], bias: [Int32],
    multipliers: [Int32], shifts: [Int32]
  ) throws {
    (self.rowCount, self.columnCount, self.zeroPoint) = (rowCount, columnCount, zeroPoint)
    (self.weights, self.bias, self.multipliers, self.shifts) = (weights, bias, multipliers, shifts)
    if let wrong = multipliers.first(where: { $0 < 1 << 30 }) {
      throw GraphError("multiplier", node: node, expected: "multipliers in 2^30 ..< 2^31", found: "\(wrong)")
    }
    if let wrong = shifts.first(where: { !(1...63).contains($0) }) {
      throw GraphError("shift", node: node, expected: "shifts in 1 ... 63", found: "\(wrong)")
    }
    var headroom = 30
    let (down, up) = (-Int64(zeroPoint), 255 - Int64(zeroPoint))
    for row in 0..<rowCount {
      var (least, greatest) = (Int64(bias[row]), Int64(bias[row]))
      for weight in weights[row * columnCount..<(row + 1) * columnCount] {
        least += min(Int64(weight) * down, Int64(weight) * up)
        greatest += max(Int64(weight) * down, Int64(weight) * up)
      }
      guard least >= Int64(Int32.min), greatest <= Int64(Int32.max) else {
        throw GraphError(
          "accumulator-overflow", node: node, expected: "row \(row) to accumulate within Int32",
          found: "\(least) to \(greatest)")
      }
      let magnitude = max(greatest, -least - 1, 0)
      headroom = min(headroom, magnitude.leadingZeroBitCount - 33)
    }
    self.headroom = headroom
    if let row = shifts.firstIndex(where: { Int($0) + headroom < 33 }) {
      throw GraphError(
        "gate-range", node: node, expected: "shifts of at least \(33 - headroom) beside accumulators of \(31 - headroom) bits",
        found: "\(shifts[row]) in row \(row)")
    }
  }

  /// One argument of a gate.
  @inline(__always)
  func argument(_ row: Int, _ x: UnsafePointer<UInt8>) -> Int32 {
    let zeroPoint = Int32(zeroPoint)
    // Only the total is sure to fit, so sums on the way may wrap.
    var sum = bias[row]
    for column in 0..<columnCount { sum &+= (Int32(x[column]) - zeroPoint) * Int32(weights[row * columnCount + column]) }
    let shift = Int64(shifts[row])
    let scaled = (Int64(sum) * Int64(multipliers[row]) + 1 << (shift - 1)) >> shift
    return Int32(min(max(scaled, Int64(Int16.min)), Int64(Int16.max)))
  }
}
