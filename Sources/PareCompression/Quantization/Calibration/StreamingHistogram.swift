/// A histogram of numbers whose range is not known beforehand, in one pass and constant memory.
///
/// Bins are `[i·w, (i+1)·w)` for integers i around zero, w a power of two. Where a number lies outside, w doubles and
/// neighbours merge until it does not: `⌊⌊x/w⌋/2⌋ = ⌊x/2w⌋`, so nothing is lost by having started narrow, and the
/// result does not depend on the order of the numbers.
package struct StreamingHistogram: Sendable {
  /// Bins on either side of zero.
  package static let binsPerSide = 4096
  /// The width that no histogram goes below: 2⁻⁶⁰.
  private static let smallestExponent = -60

  package private(set) var count = 0
  package private(set) var minimum = 0.0
  package private(set) var maximum = 0.0
  private var exponent = StreamingHistogram.smallestExponent
  private var bins = [Int](repeating: 0, count: 2 * StreamingHistogram.binsPerSide)

  package init() {}

  /// Takes numbers in.
  ///
  /// - Returns: from the smallest of them to the largest; 0 alone without any.
  /// - Throws: `CompressionError` `compression.non-finite-value`, naming the value they belong to.
  @discardableResult
  package mutating func add(_ numbers: UnsafeBufferPointer<Float>, of value: String) throws -> ClosedRange<Double> {
    guard !numbers.isEmpty else { return 0...0 }
    var lowest = Float.infinity
    var highest = -Float.infinity
    for number in numbers {
      guard number.isFinite else {
        throw CompressionError(
          "non-finite-value", subject: "value '\(value)'", expected: "finite activations on the training part", found: "\(number)")
      }
      lowest = min(lowest, number)
      highest = max(highest, number)
    }
    minimum = count == 0 ? Double(lowest) : min(minimum, Double(lowest))
    maximum = count == 0 ? Double(highest) : max(maximum, Double(highest))
    count += numbers.count
    widen(toHold: max(Double(lowest.magnitude), Double(highest.magnitude)))
    let reciprocal = Double(sign: .plus, exponent: -exponent, significand: 1)
    for number in numbers {
      bins[Int((Double(number) * reciprocal).rounded(.down)) + Self.binsPerSide] += 1
    }
    return Double(lowest)...Double(highest)
  }

  /// Takes in all that another histogram has: the same as adding its numbers.
  package mutating func merge(_ other: StreamingHistogram) {
    guard other.count > 0 else { return }
    minimum = count == 0 ? other.minimum : min(minimum, other.minimum)
    maximum = count == 0 ? other.maximum : max(maximum, other.maximum)
    count += other.count
    widen(to: other.exponent)
    let shift = exponent - other.exponent
    for (index, held) in other.bins.enumerated() where held > 0 {
      bins[((index - Self.binsPerSide) >> shift) + Self.binsPerSide] += held
    }
  }

  /// A bin that holds numbers.
  package struct Bin: Sendable, Hashable {
    package var middle: Double
    package var width: Double
    package var count: Int
  }

  /// In rising order. The middle lies within the smallest and the largest number.
  package var occupiedBins: [Bin] {
    bins.enumerated().compactMap { index, held in
      guard held > 0 else { return nil }
      let middle = (Double(index - Self.binsPerSide) + 0.5) * binWidth
      return Bin(middle: min(max(middle, minimum), maximum), width: binWidth, count: held)
    }
  }

  package var binWidth: Double { Double(sign: .plus, exponent: exponent, significand: 1) }

  /// The number below which the fraction `p` of all numbers lies, between the bin's borders in proportion, and within
  /// the smallest and the largest number; 0 without numbers.
  package func quantile(_ p: Double) -> Double {
    let target = p * Double(count)
    var below = 0.0
    for (index, held) in bins.enumerated() where held > 0 {
      if below + Double(held) >= target {
        let part = max(target - below, 0) / Double(held)
        return min(max((Double(index - Self.binsPerSide) + part) * binWidth, minimum), maximum)
      }
      below += Double(held)
    }
    return maximum
  }

  /// The fraction of numbers outside a range; bins across a border count in proportion.
  package func share(outside range: ClosedRange<Double>) -> Double {
    guard count > 0, minimum < range.lowerBound || maximum > range.upperBound else { return 0 }
    var inside = 0.0
    for (index, held) in bins.enumerated() where held > 0 {
      let lower = max(Double(index - Self.binsPerSide) * binWidth, minimum)
      let upper = min(Double(index - Self.binsPerSide + 1) * binWidth, maximum)
      if upper <= lower {
        inside += range.contains(lower) ? Double(held) : 0
      } else {
        inside += Double(held) * max(min(upper, range.upperBound) - max(lower, range.lowerBound), 0) / (upper - lower)
      }
    }
    return min(max(1 - inside / Double(count), 0), 1)
  }

  private mutating func widen(toHold magnitude: Double) {
    var needed = exponent
    while magnitude >= Double(sign: .plus, exponent: needed, significand: Double(Self.binsPerSide)) { needed += 1 }
    widen(to: needed)
  }

  private mutating func widen(to needed: Int) {
    let shift = needed - exponent
    guard shift > 0 else { return }
    var merged = [Int](repeating: 0, count: bins.count)
    for (index, held) in bins.enumerated() where held > 0 {
      merged[((index - Self.binsPerSide) >> shift) + Self.binsPerSide] += held
    }
    bins = merged
    exponent = needed
  }
}
