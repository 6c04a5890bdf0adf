/// Codes symbols under static frequencies by asymmetric numeral systems with ranges (rANS), into bytes.
///
/// The state is a number below 2^31. A symbol with frequency f, of those before it c in all, at a precision of r bits, takes the state
/// x to (x / f)·2^r + x mod f + c; before that, the low byte of x goes out as long as x ≥ f·2^(31−r). Symbols are coded last to
/// first, from the state 2^16, so that a decoder yields them first to last, and ends at 2^16 where all is well. (From 0 a code would be two
/// bytes shorter, but a decoder whose bytes end too early falls to 0 and stays there.)
///
/// - Source: Duda 2014, arXiv:1311.2540, §3; bytes at a time as in Giesen 2014, arXiv:1402.3392.
struct SymbolEncoder {
  static let firstState: UInt32 = 1 << 16
  private var state = firstState
  /// Last to first.
  private var bytes: [UInt8] = []

  /// Puts symbols in front of those that were coded before.
  ///
  /// - Precondition: every symbol has a frequency above 0.
  mutating func encode(_ symbols: [UInt8], by frequencies: SymbolFrequencies) {
    let shift = UInt32(frequencies.precision)
    let shares = frequencies.frequencies.map { UInt32($0) }
    let starts = frequencies.starts
    for symbol in symbols.reversed() {
      let share = shares[Int(symbol)]
      let limit = share << (31 - shift)
      while state >= limit {
        bytes.append(UInt8(truncatingIfNeeded: state))
        state >>= 8
      }
      let (quotient, remainder) = state.quotientAndRemainder(dividingBy: share)
      state = quotient << shift + remainder + starts[Int(symbol)]
    }
  }

  /// The code: the state, most significant byte first and without zeros in front, then the bytes; zeros before all of it where it
  /// would be shorter than `count`.
  func code(ofAtLeast count: Int) -> [UInt8] {
    var all = bytes
    var rest = state
    while rest > 0 {
      all.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
    all += [UInt8](repeating: 0, count: max(0, count - all.count))
    return all.reversed()
  }
}

/// Yields the symbols of a code, first to last. Whatever the bytes, it stays within them.
struct SymbolDecoder {
  private static let low: UInt32 = 1 << 23
  private var state: UInt32 = 0
  private var position: Int
  private let bytes: [UInt8]

  /// - Parameter start: where the code begins.
  init(_ bytes: [UInt8], from start: Int) {
    self.bytes = bytes
    position = start
  }

  /// The next `count` symbols.
  mutating func decode(count: Int, by frequencies: SymbolFrequencies) -> [UInt8] {
    let shift = UInt32(frequencies.precision)
    let slotMask: UInt32 = 1 << shift - 1
    let table = frequencies.slots
    var (x, next) = (state, position)
    let symbols = [UInt8](unsafeUninitializedCapacity: count) { symbols, filled in
      bytes.withUnsafeBufferPointer { bytes in
        table.withUnsafeBufferPointer { table in
          for index in 0..<count {
            while x < Self.low, next < bytes.count {
              x = x << 8 | UInt32(bytes[next])
              next += 1
            }
            let slot = table[Int(x & slotMask)]
            x = (slot >> 8 & 0xfff &+ 1) &* (x >> shift) &+ slot >> 20
            symbols.initializeElement(at: index, to: UInt8(truncatingIfNeeded: slot))
          }
        }
      }
      filled = count
    }
    (state, position) = (x, next)
    return symbols
  }

  /// Whether the code ends where its symbols do.
  var isAtEnd: Bool { state == SymbolEncoder.firstState && position == bytes.count }
}

extension SymbolFrequencies {
  /// The sum of the frequencies before each symbol.
  fileprivate var starts: [UInt32] {
    var sum: UInt32 = 0
    return frequencies.map { frequency in
      defer { sum += UInt32(frequency) }
      return sum
    }
  }

  /// For each number below 2^precision: the symbol in whose range it lies, the symbol's frequency less 1 from bit 8, and how far from
  /// the range's beginning it lies from bit 20.
  fileprivate var slots: [UInt32] {
    var slots: [UInt32] = []
    slots.reserveCapacity(1 << precision)
    for (symbol, frequency) in frequencies.enumerated() {
      for offset in 0..<frequency { slots.append(UInt32(symbol) | UInt32(frequency - 1) << 8 | UInt32(offset) << 20) }
    }
    return slots
  }
}
