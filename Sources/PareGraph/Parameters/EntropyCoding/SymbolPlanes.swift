/// A section's items as symbols of at most eight bits.
///
/// Items of `itemBits` lie one behind another, least significant bit first. Up to eight bits, a symbol is `group` items in a row (the
/// last may have fewer, with zeros in their place); wider items have a plane of symbols for each eight of their bits, the lowest
/// first.
struct SymbolPlanes {
  /// Groups that a code can name.
  static let groups = [1, 2, 4, 8]

  let itemBits: Int
  let count: Int
  let group: Int

  /// Bits of a symbol, by plane.
  var widths: [Int] {
    itemBits <= 8 ? [itemBits * group] : stride(from: 0, to: itemBits, by: 8).map { min(8, itemBits - $0) }
  }

  /// Symbols of a plane.
  var symbolCount: Int { (count + group - 1) / group }

  private var bitCount: Int { count * itemBits }

  /// The symbols of one plane.
  func symbols(of bytes: UnsafeRawBufferPointer, plane: Int) -> [UInt8] {
    let (step, width) = (itemBits * group, widths[plane])
    let mask = UInt16(1) << UInt16(width) - 1
    return [UInt8](unsafeUninitializedCapacity: symbolCount) { symbols, filled in
      for index in 0..<symbolCount {
        let start = index * step + 8 * plane
        let next = start / 8 + 1
        let window = UInt16(bytes[start / 8]) | (next < bytes.count ? UInt16(bytes[next]) << 8 : 0)
        symbols.initializeElement(at: index, to: UInt8(truncatingIfNeeded: window >> UInt16(start % 8) & mask))
      }
      filled = symbolCount
    }
  }

  /// Puts the symbols of one plane into bytes that are 0 there.
  ///
  /// - Returns: whether what lies behind the last item is 0.
  func put(_ symbols: [UInt8], plane: Int, into bytes: inout [UInt8]) -> Bool {
    let step = itemBits * group
    var isWhole = true
    bytes.withUnsafeMutableBufferPointer { bytes in
      for (index, symbol) in symbols.enumerated() {
        let start = index * step + 8 * plane
        if start + 8 > bitCount, start < bitCount, UInt16(symbol) >> UInt16(min(8, bitCount - start)) != 0 { isWhole = false }
        let window = UInt16(symbol) << UInt16(start % 8)
        bytes[start / 8] |= UInt8(truncatingIfNeeded: window)
        if start / 8 + 1 < bytes.count { bytes[start / 8 + 1] |= UInt8(truncatingIfNeeded: window >> 8) }
      }
    }
    return isWhole
  }
}
