/// What is wrong with a section's code.
package struct SectionCodeError: Error, Equatable {
  package let expected: String
  package let found: String

  static let truncated = SectionCodeError(expected: "a whole table of frequencies", found: "an end within it")
}

/// The lossless coding of a section: its items as symbols (`SymbolPlanes`), coded under frequencies of their own
/// (`SymbolFrequencies`, `SymbolEncoder`). Integers alone, so the same bytes come from the same section everywhere.
///
/// A code begins with two bits for the group and a table for each plane, least significant bit first, up to a whole byte; then the
/// code of all symbols, plane after plane. docs/artifact-format.md has the format.
package enum SectionCoding {
  /// A code has at least one byte for so many of the section, which bounds what a file can ask for.
  package static let maximumRatio = 16

  private static let groupBits = 2

  /// - Parameters:
  ///   - bytes: items of `itemBits` one behind another, least significant bit first.
  ///   - count: how many.
  package static func encode(_ bytes: UnsafeRawBufferPointer, itemBits: Int, count: Int) -> [UInt8] {
    var best: (planes: SymbolPlanes, symbols: [[UInt8]], frequencies: [SymbolFrequencies])?
    var least = Int.max
    // Of equals the largest group, which is decoded fastest.
    for group in SymbolPlanes.groups.reversed() where group == 1 || itemBits * group <= 8 {
      let planes = SymbolPlanes(itemBits: itemBits, count: count, group: group)
      let symbols = planes.widths.indices.map { planes.symbols(of: bytes, plane: $0) }
      let counts = zip(symbols, planes.widths).map { histogram($0, symbolBits: $1) }
      let frequencies = zip(counts, planes.widths).map { SymbolFrequencies(symbolBits: $1, counts: $0) }
      let cost = zip(frequencies, counts).reduce(0) { $0 + $1.0.cost(of: $1.1) }
      if cost < least { (best, least) = ((planes, symbols, frequencies), cost) }
    }
    guard let best else { return [] }
    var header = BitWriter()
    header.append(best.planes.group.trailingZeroBitCount, bits: groupBits)
    for frequencies in best.frequencies { frequencies.write(into: &header) }
    var encoder = SymbolEncoder()
    for (symbols, frequencies) in zip(best.symbols, best.frequencies).reversed() { encoder.encode(symbols, by: frequencies) }
    let floor = (bytes.count + maximumRatio - 1) / maximumRatio
    return header.bytes + encoder.code(ofAtLeast: floor - header.bytes.count)
  }

  /// The section's bytes.
  ///
  /// - Throws: what is wrong with the code, before memory is asked for that it cannot fill.
  package static func decode(_ code: [UInt8], itemBits: Int, count: Int) throws(SectionCodeError) -> [UInt8] {
    guard count <= code.count * maximumRatio * 8 / itemBits else {
      throw SectionCodeError(expected: "a byte for at most \(maximumRatio) of the section", found: "\(code.count) for \(count) items of \(itemBits) bits")
    }
    var header = BitReader(code)
    guard let exponent = header.read(bits: groupBits) else { throw .truncated }
    let planes = SymbolPlanes(itemBits: itemBits, count: count, group: 1 << exponent)
    guard exponent == 0 || itemBits << exponent <= 8 else {
      throw SectionCodeError(expected: "groups of at most 8 bits", found: "\(1 << exponent) items of \(itemBits)")
    }
    var frequencies: [SymbolFrequencies] = []
    for width in planes.widths { frequencies.append(try SymbolFrequencies(symbolBits: width, from: &header)) }
    guard header.endsInZeros else { throw SectionCodeError(expected: "zeros behind the tables", found: "bits that are 1") }
    var bytes = [UInt8](repeating: 0, count: (count * itemBits + 7) / 8)
    var decoder = SymbolDecoder(code, from: header.byteCount)
    for (plane, frequencies) in frequencies.enumerated() {
      let symbols = decoder.decode(count: planes.symbolCount, by: frequencies)
      guard planes.put(symbols, plane: plane, into: &bytes) else {
        throw SectionCodeError(expected: "zeros behind the last item", found: "bits that are 1")
      }
    }
    guard decoder.isAtEnd else { throw SectionCodeError(expected: "a code that ends with its last symbol", found: "another") }
    return bytes
  }

  /// How often each symbol occurs.
  static func histogram(_ symbols: [UInt8], symbolBits: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: 1 << symbolBits)
    symbols.withUnsafeBufferPointer { symbols in
      counts.withUnsafeMutableBufferPointer { counts in for symbol in symbols { counts[Int(symbol)] += 1 } }
    }
    return counts
  }
}
