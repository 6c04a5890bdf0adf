import PareTensor

/// The functions of gates on integers, to the bit: `docs/integer-arithmetic.md`, §8.
package enum GateArithmetic {
  /// Fractional bits of what goes into a gate; what comes out has 15.
  package static let argumentBits = 12
  /// Fractional bits that the argument of `hyperbolicTangent` may have.
  package static let cellBits = 7...14

  /// tanh less a twelfth of its second derivative times the squared step, for k in 0 … 64:
  /// round((t + t (1 − t²) / (6 · 256)) · 2^15) with t = tanh(k / 16). A line between two of them is right on average.
  package static let table: [Int32] = [
    0, 2047, 4077, 6077, 8030, 9925, 11749, 13494, 15150, 16714, 18181, 19550, 20821, 21994, 23073, 24061, 24963, 25782,
    26525, 27196, 27802, 28346, 28834, 29272, 29663, 30013, 30325, 30602, 30849, 31069, 31264, 31437, 31591, 31727,
    31847, 31954, 32049, 32133, 32207, 32272, 32330, 32381, 32426, 32466, 32502, 32533, 32560, 32585, 32606, 32625,
    32642, 32657, 32670, 32681, 32691, 32700, 32708, 32715, 32722, 32727, 32732, 32736, 32740, 32743, 32746,
  ]

  /// Within Int16.
  @inline(__always)
  package static func saturated(_ value: Int32) -> Int32 { min(max(value, Int32(Int16.min)), Int32(Int16.max)) }

  /// a · b · 2^−15, ties up.
  @inline(__always)
  package static func product(_ a: Int32, _ b: Int32) -> Int32 { (a * b + 1 << 14) >> 15 }

  /// tanh(v · 2^−bits) · 2^15: a line from each sixteenth to the next, constant from 4 on, odd.
  package static func hyperbolicTangent(_ v: Int32, bits: Int) -> Int32 {
    let width = Int32(bits - 4)
    let magnitude = min(abs(v), 1 << (Int32(bits) + 2) - 1)
    let knot = Int(magnitude >> width)
    let fraction = (magnitude & (1 << width - 1)) << (15 - width)
    let value = table[knot] + product(table[knot + 1] - table[knot], fraction)
    return v < 0 ? -value : value
  }

  /// 2^15 / (1 + exp(−v · 2^−12)): half of 1 + tanh of half the argument, which has one fractional bit more.
  package static func sigmoid(_ v: Int32) -> Int32 { (hyperbolicTangent(v, bits: argumentBits + 1) + 1 << 15 + 1) >> 1 }

  /// A state of 15 fractional bits as a byte around 128.
  package static func byte(_ state: Int32, levels: Int32) -> UInt8 {
    UInt8(128 + min(max(product(state, levels), -128), 127))
  }
}
