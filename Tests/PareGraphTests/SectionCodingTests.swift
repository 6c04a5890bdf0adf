import Foundation
import PareGraph
import PareTensor
import Testing

@Suite struct SectionCodingTests {
  /// Items of so many bits, as they lie in a section.
  private func bytes(_ items: [UInt64], itemBits: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (items.count * itemBits + 7) / 8)
    for (index, item) in items.enumerated() {
      for bit in 0..<itemBits where item >> UInt64(bit) & 1 == 1 {
        bytes[(index * itemBits + bit) / 8] |= 1 << UInt8((index * itemBits + bit) % 8)
      }
    }
    return bytes
  }

  private func coded(_ bytes: [UInt8], _ itemBits: Int, _ count: Int) -> [UInt8] {
    bytes.withUnsafeBytes { SectionCoding.encode($0, itemBits: itemBits, count: count) }
  }

  /// Items of one value, of few, of many, and of all values alike.
  private func draws(_ itemBits: Int, _ count: Int, seed: UInt64) -> [[UInt64]] {
    var generator = SeededGenerator(seed: seed)
    let mask = itemBits == 64 ? UInt64.max : 1 << UInt64(itemBits) - 1
    let constant = generator.next() & mask
    return [
      [UInt64](repeating: constant, count: count),
      (0..<count).map { _ in generator.uniform() < 0.95 ? constant : generator.next() & mask },
      (0..<count).map { _ in UInt64(abs(generator.normal()) * 40) & mask },
      (0..<count).map { _ in generator.next() & mask },
    ]
  }

  @Test(arguments: Array(1...17) + [32, 64]) func everySectionComesBackAsTheReferenceDecodesIt(_ itemBits: Int) throws {
    for count in [1, 2, 3, 7, 8, 9, 31, 500] {
      for items in draws(itemBits, count, seed: UInt64(count)) {
        let section = bytes(items, itemBits: itemBits)
        let code = coded(section, itemBits, count)
        #expect(try SectionCoding.decode(code, itemBits: itemBits, count: count) == section)
        #expect(try PlainSectionDecoder.items(code, itemBits: itemBits, count: count) == items)
      }
    }
  }

  /// Below 2 % above what the frequencies allow, and the table's bytes: 32 symbols in 12 bits each at the most, and 256 for planes of bytes.
  @Test(arguments: [(1, 60), (2, 60), (4, 60), (5, 60), (8, 400), (16, 800), (32, 1600)])
  func aLargeSectionTakesItsEntropy(itemBits: Int, tables: Int) throws {
    for items in draws(itemBits, 40_000, seed: 9) {
      let section = bytes(items, itemBits: itemBits)
      var bits = 0.0
      for plane in stride(from: 0, to: itemBits, by: 8) {
        var counts: [UInt64: Double] = [:]
        for item in items { counts[item >> UInt64(plane) & 0xff, default: 0] += 1 }
        for count in counts.values { bits += count * log2(40_000 / count) }
      }
      let allowed = Int(1.02 * bits / 8) + tables
      let floor = section.count / SectionCoding.maximumRatio + 1
      #expect(coded(section, itemBits, 40_000).count <= max(allowed, floor))
    }
  }

  @Test func whatFollowsWhatIsSeenWithinAByte() {
    // Two of each four: a mask of 2:4 has six patterns, which take less than four bits.
    var generator = SeededGenerator(seed: 4)
    let patterns: [[UInt64]] = [[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1], [0, 0, 1, 1]]
    let items = (0..<5000).flatMap { _ in patterns[generator.below(6)] }
    let count = coded(bytes(items, itemBits: 1), 1, items.count).count
    let entropy: Double = 5000 * log2(6) / 8
    #expect(Double(count) <= 1.01 * entropy + 20)
  }

  @Test func aCodeStandsForAtMostSixteenTimesItsBytes() throws {
    let zeros = [UInt8](repeating: 0, count: 10_001)
    let code = coded(zeros, 8, zeros.count)
    #expect(code.count == 626)
    #expect(try SectionCoding.decode(code, itemBits: 8, count: zeros.count) == zeros)
    #expect(throws: SectionCodeError.self) { try SectionCoding.decode(Array(code.dropLast()), itemBits: 8, count: zeros.count) }
    #expect(throws: SectionCodeError.self) { try SectionCoding.decode(code, itemBits: 8, count: Int.max / 32) }
  }

  @Test func theBytesAreThoseOfTheFormat() throws {
    // Eight items of a bit as one symbol of eight bits, the value 2, alone: precision 0, and eight bits that say in which half it lies:
    // the lower (1) six times, the upper (0), the lower.
    #expect(try SectionCoding.decode([0b11_0000_11, 0b10_1111, 1, 0, 0], itemBits: 1, count: 8) == [2])
    // Uniform symbols of eight bits: the last state, 2^16, and the symbols as they are.
    #expect(try SectionCoding.decode([0b11_1100, 1, 0, 0, 77], itemBits: 8, count: 1) == [77])
    #expect(try SectionCoding.decode([0b11_1100, 1, 0, 0, 1, 2, 3, 4, 5], itemBits: 8, count: 5) == [1, 2, 3, 4, 5])
  }

  // MARK: - Hostile codes

  @Test(arguments: [
    ([], 8, 1, "a byte for at most 16 of the section"),
    ([0b11_1101, 77], 8, 1, "groups of at most 8 bits"),
    ([0b11_0100, 0], 8, 1, "a precision of at most 12 bits"),
    ([0b01_0000], 8, 1, "a whole table of frequencies"),
    // The lower half of a sum of 1 << 2 takes three bits, and is 5.
    ([0b01_0010_00, 0b1], 1, 1, "a part of at most 4 in the table of frequencies"),
    ([0b111_1100, 77], 8, 1, "zeros behind the tables"),
    ([0b11_1110, 3], 1, 1, "zeros behind the last item"),
    ([0b11_1100, 1, 0, 0, 77, 1], 8, 1, "a code that ends with its last symbol"),
    ([0b11_1100, 1, 0, 0], 8, 1, "a code that ends with its last symbol"),
    ([0b11_1100], 8, 2, "a code that ends with its last symbol"),
  ] as [([UInt8], Int, Int, String)])
  func whatIsWrongWithACodeIsSaid(code: [UInt8], itemBits: Int, count: Int, expected: String) throws {
    let error = #expect(throws: SectionCodeError.self) { try SectionCoding.decode(code, itemBits: itemBits, count: count) }
    #expect(error?.expected == expected)
  }

  @Test func aCodeThatIsCutIsRefused() throws {
    for itemBits in [1, 5, 8, 32] {
      let section = bytes(draws(itemBits, 200, seed: 3)[2], itemBits: itemBits)
      let code = coded(section, itemBits, 200)
      for length in code.indices {
        #expect(throws: SectionCodeError.self, "\(length)") { try SectionCoding.decode(Array(code[..<length]), itemBits: itemBits, count: 200) }
      }
    }
  }

  @Test func anyBytesEndInASectionOrAnError() throws {
    var generator = SeededGenerator(seed: 12)
    var (sections, errors) = (0, 0)
    for _ in 0..<4000 {
      let itemBits = [1, 2, 3, 4, 5, 8, 12, 16, 32, 64][generator.below(10)]
      let count = 1 + generator.below(60)
      var code = (0..<generator.below(40)).map { _ in UInt8(generator.below(256)) }
      if generator.below(2) == 0 {
        code = coded(bytes(draws(itemBits, count, seed: generator.next())[1], itemBits: itemBits), itemBits, count)
        for _ in 0..<generator.below(4) { code[generator.below(code.count)] ^= 1 << UInt8(generator.below(8)) }
      }
      do {
        let section = try SectionCoding.decode(code, itemBits: itemBits, count: count)
        #expect(section.count == (count * itemBits + 7) / 8)
        // What is accepted decodes in the plain way to the same.
        let items = try PlainSectionDecoder.items(code, itemBits: itemBits, count: count)
        #expect(bytes(items, itemBits: itemBits) == section)
        sections += 1
      } catch is SectionCodeError { errors += 1 }
    }
    #expect(sections > 20 && errors > 500)
  }
}
