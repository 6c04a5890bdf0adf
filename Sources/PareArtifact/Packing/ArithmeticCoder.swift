/// Takes bits in or gives them out, each under the probability that it is 1.
protocol BitCoder {
  /// - Parameters:
  ///   - bit: what an encoder writes; a decoder pays no heed to it.
  ///   - probability: that the bit is 1, of 2^16: 1 … 65,535.
  /// - Returns: the bit.
  mutating func code(_ bit: UInt32, probability: UInt32) -> UInt32
}

/// An interval of 32-bit numbers that each bit narrows to its share.
///
/// - Source: Rissanen 1976; with carries avoided as in Mahoney 2005, Florida Tech TR CS-2005-16, §2.
private struct CodeInterval {
  var low: UInt32 = 0
  var high: UInt32 = .max

  /// The last number of the share of 1.
  func border(_ probability: UInt32) -> UInt32 {
    let width = high - low
    return low + (width >> 16) * probability + ((width & 0xffff) * probability) >> 16
  }

  mutating func narrow(to bit: UInt32, at border: UInt32) {
    if bit == 1 { high = border } else { low = border + 1 }
  }

  /// Whether all numbers of the interval begin with the same byte, which then is settled.
  var hasSettledByte: Bool { (low ^ high) >> 24 == 0 }

  mutating func shift() {
    low <<= 8
    high = high << 8 | 0xff
  }

  /// The four bytes of the number in the interval that ends in the most zeros, the least of these.
  var end: [UInt8] {
    var number = low
    for zeros in stride(from: UInt32(32), through: 0, by: -8) {
      let mask: UInt32 = zeros == 32 ? .max : 1 << zeros - 1
      let (rounded, overflow) = low.addingReportingOverflow(mask)
      if !overflow, rounded & ~mask <= high {
        number = rounded & ~mask
        break
      }
    }
    return (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
  }
}

/// Writes bits as bytes.
struct BitEncoder: BitCoder {
  private var interval = CodeInterval()
  private var bytes: [UInt8] = []

  mutating func code(_ bit: UInt32, probability: UInt32) -> UInt32 {
    interval.narrow(to: bit, at: interval.border(probability))
    while interval.hasSettledByte {
      bytes.append(UInt8(interval.low >> 24))
      interval.shift()
    }
    return bit
  }

  /// All bytes, to which a decoder adds zeros.
  func finished() -> [UInt8] {
    var result = bytes + interval.end
    while result.last == 0 { result.removeLast() }
    return result
  }
}

/// Reads bits from bytes, behind which zeros follow without an end.
struct BitDecoder: BitCoder {
  private var interval = CodeInterval()
  private var number: UInt32 = 0
  private var position = 0
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    for _ in 0..<4 { takeByte() }
  }

  mutating func code(_ bit: UInt32, probability: UInt32) -> UInt32 {
    let border = interval.border(probability)
    let bit: UInt32 = number <= border ? 1 : 0
    interval.narrow(to: bit, at: border)
    while interval.hasSettledByte {
      interval.shift()
      takeByte()
    }
    return bit
  }

  /// Whether the code ends as an encoder ends it.
  var isAtEnd: Bool {
    let rest = position - 4 < bytes.count ? bytes[(position - 4)...] : []
    let end = interval.end
    return rest.enumerated().allSatisfy { $0 < 4 ? $1 == end[$0] : $1 == 0 } && end.dropFirst(rest.count).allSatisfy { $0 == 0 }
  }

  private mutating func takeByte() {
    number = number << 8 | (position < bytes.count ? UInt32(bytes[position]) : 0)
    position += 1
  }
}
