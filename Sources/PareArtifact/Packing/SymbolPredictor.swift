/// Codes symbols of up to eight bits, each bit under a probability that grows out of what stood in the same contexts before.
///
/// For every context a table remembers, by hash, how many zeros and ones came lately and how often ones came in all; maps say
/// what such a memory has turned out to be worth; a mixer weighs them all. Everything is in integers.
///
/// - Source: Mahoney 2005, Florida Tech TR CS-2005-16.
struct SymbolPredictor {
  static let contextCount = 8
  /// Two opinions a context, that of the longest match, and a constant.
  private static let opinionCount = 2 * contextCount + 2
  private static let slotBits = 18
  /// Symbols of how many kinds have mixers of their own.
  static let kindCount = 16

  private var slots: [UInt32]
  private var counts: MemoryMap
  private var matches: MatchMap
  private var byPlace: LogisticMixer
  private var byMatch: LogisticMixer

  init() {
    slots = Array(repeating: Self.freshSlot, count: Self.contextCount << Self.slotBits)
    counts = MemoryMap(sets: Self.kindCount * Self.contextCount)
    matches = MatchMap()
    byPlace = LogisticMixer(opinions: Self.opinionCount, sets: Self.kindCount * 256)
    byMatch = LogisticMixer(opinions: Self.opinionCount, sets: Self.kindCount * 16)
  }

  /// - Parameters:
  ///   - symbol: what an encoder writes.
  ///   - bits: of the symbol, 1 … 8.
  ///   - kind: below `kindCount`.
  ///   - contexts: a hash for each.
  ///   - match: what stood behind the longest row of bytes like those before, and how long that is.
  mutating func code(
    _ symbol: UInt8, bits: Int, kind: Int, contexts: [UInt32], match: (symbol: UInt8, length: Int)? = nil, by coder: inout some BitCoder
  ) -> UInt8 {
    var node: UInt32 = 1
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: Self.opinionCount) { opinions in
      withUnsafeTemporaryAllocation(of: Int.self, capacity: Self.contextCount) { places in
        guard let opinions = opinions.baseAddress, let places = places.baseAddress else { return }
        for bit in stride(from: bits - 1, through: 0, by: -1) {
          var expected: (bit: UInt32, length: Int)?
          if let match, (UInt32(match.symbol) | 1 << UInt32(bits)) >> UInt32(bit + 1) == node {
            expected = (UInt32(match.symbol) >> UInt32(bit) & 1, match.length)
          }
          node = node << 1 | codeBit(
            UInt32(symbol) >> UInt32(bit) & 1, node: node, kind: kind, contexts: contexts, expected: expected, opinions, places, &coder)
        }
      }
    }
    return UInt8(truncatingIfNeeded: node)
  }

  private mutating func codeBit(
    _ bit: UInt32, node: UInt32, kind: Int, contexts: [UInt32], expected: (bit: UInt32, length: Int)?,
    _ opinions: UnsafeMutablePointer<Int32>, _ places: UnsafeMutablePointer<Int>, _ coder: inout some BitCoder
  ) -> UInt32 {
    for index in 0..<Self.contextCount {
      var hash = (contexts[index] &+ node &* 0x9e37_79b1) &* 0x85eb_ca6b
      hash ^= hash >> 15
      hash &*= 0xc2b2_ae35
      let place = index << Self.slotBits + Int(hash >> UInt32(32 - Self.slotBits))
      let slot = slots[place]
      places[index] = place
      opinions[2 * index] = slot & 0xff == 0 ? 0 : Logistic.stretched[Int(counts.probability(kind * Self.contextCount + index, slot) >> 4)]
      opinions[2 * index + 1] = (Logistic.stretched[Int(slot >> 20)] * Self.confidence[Int(slot >> 8 & 0xff)]) >> 8
    }
    opinions[2 * Self.contextCount] = matches.opinion(expected)
    opinions[2 * Self.contextCount + 1] = 256
    let (first, second) = (kind * 256 + Int(node & 255), kind * 16 + min(expected?.length ?? 0, 15))
    let (a, b) = (byPlace.mix(opinions, set: first), byMatch.mix(opinions, set: second))
    let probability = min(max(Logistic.probability((a + b) / 2), 16), 65520)
    let bit = coder.code(bit, probability: UInt32(probability))
    let target: Int32 = bit == 1 ? 65536 : 0
    byPlace.learn(opinions, set: first, error: target - Logistic.probability(a))
    byMatch.learn(opinions, set: second, error: target - Logistic.probability(b))
    matches.learn(expected, bit)
    for index in 0..<Self.contextCount {
      let place = places[index]
      counts.learn(kind * Self.contextCount + index, slots[place], bit)
      slots[place] = Self.updated(slots[place], bit)
    }
    return bit
  }

  // A slot: from bit 16 the probability of a 1; from bit 8 how many bits it has seen; from bit 4 zeros, from bit 0 ones lately.

  private static let freshSlot: UInt32 = 0x8000_0000
  private static let mostSeen: UInt32 = 250
  /// 65,536 / (n + 1.6), the share of the way to the bit that a slot goes.
  private static let steps: [UInt32] = (0...mostSeen).map { 655360 / (10 * $0 + 16) }
  /// Of 256: what the probability of so many bits is worth beside that of many.
  private static let confidence: [Int32] = (0...mostSeen).map { Int32(256 * $0 / ($0 + 4)) }

  private static func updated(_ slot: UInt32, _ bit: UInt32) -> UInt32 {
    var (probability, seen, zeros, ones) = (slot >> 16, slot >> 8 & 0xff, slot >> 4 & 0xf, slot & 0xf)
    let step = steps[Int(seen)]
    if bit == 1 {
      probability += ((65535 - probability) * step) >> 16
      ones = min(ones + 1, 15)
      if zeros > 2 { zeros = (zeros + 3) / 2 }
    } else {
      probability -= (probability * step) >> 16
      zeros = min(zeros + 1, 15)
      if ones > 2 { ones = (ones + 3) / 2 }
    }
    seen = min(seen + 1, mostSeen)
    return probability << 16 | seen << 8 | zeros << 4 | ones
  }
}

/// How often a 1 came where a memory was of so many zeros and ones.
private struct MemoryMap {
  /// Of 2^16, by set and memory.
  private var probabilities: [UInt32]

  init(sets: Int) {
    let one = (0..<256).map { memory in
      let (zeros, ones) = (UInt32(memory >> 4), UInt32(memory & 15))
      return (10 * ones + 4) * 65536 / (10 * (zeros + ones) + 8)
    }
    probabilities = (0..<sets).flatMap { _ in one }
  }

  func probability(_ set: Int, _ slot: UInt32) -> UInt32 { min(probabilities[set << 8 | Int(slot & 0xff)], 65535) }

  mutating func learn(_ set: Int, _ slot: UInt32, _ bit: UInt32) {
    let place = set << 8 | Int(slot & 0xff)
    let old = probabilities[place]
    probabilities[place] = bit == 1 ? old + (65535 - min(old, 65535)) >> 6 : old - old >> 6
  }
}

/// How often what stood behind a match of so many bytes came again.
private struct MatchMap {
  private var probabilities: [UInt32] = (0..<32).map { 65535 - 65536 / (2 * $0 + 3) }

  func opinion(_ expected: (bit: UInt32, length: Int)?) -> Int32 {
    guard let expected else { return 0 }
    let opinion = Logistic.stretched[Int(probabilities[min(expected.length, 31)] >> 4)]
    return expected.bit == 1 ? opinion : -opinion
  }

  mutating func learn(_ expected: (bit: UInt32, length: Int)?, _ bit: UInt32) {
    guard let expected else { return }
    let place = min(expected.length, 31)
    let old = probabilities[place]
    probabilities[place] = bit == expected.bit ? old + (65535 - old) >> 6 : old - old >> 6
  }
}
