/// Numbers of a few bits in a row of bytes, least significant bit first.
struct BitWriter {
  private(set) var bytes: [UInt8] = []
  private var used = 0

  /// - Precondition: the number fits in `bits`.
  mutating func append(_ number: Int, bits: Int) {
    for bit in 0..<bits {
      if used % 8 == 0 { bytes.append(0) }
      if number >> bit & 1 == 1 { bytes[used / 8] |= 1 << UInt8(used % 8) }
      used += 1
    }
  }
}

/// Reads what `BitWriter` wrote.
struct BitReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Bytes of which at least a bit is read.
  var byteCount: Int { (position + 7) / 8 }

  /// Whether the rest of the byte that was begun is 0.
  var endsInZeros: Bool { position % 8 == 0 || bytes[position / 8] >> UInt8(position % 8) == 0 }

  /// The next number, or nil where the bytes end before it does.
  mutating func read(bits: Int) -> Int? {
    guard bits <= 8 * bytes.count - position else { return nil }
    var number = 0
    for bit in 0..<bits {
      number |= Int(bytes[position / 8] >> UInt8(position % 8) & 1) << bit
      position += 1
    }
    return number
  }
}
