/// How often each symbol of an alphabet is taken to occur: whole numbers that add up to 2^precision.
///
/// A table is written in few bits by halving: of the sum over an alphabet, the part of its lower half, in as many bits as the sum
/// has, and so on in either half; where the sum is 0, nothing. Any sequence of bits whose parts are no greater than their sums is a
/// table, so what is read always adds up.
struct SymbolFrequencies: Equatable {
  /// So that an entry of the decoder's table fits in 32 bits.
  static let maximumPrecision = 12
  /// What stands for the precision where all symbols are equally frequent and no table follows.
  private static let uniform = 15
  private static let precisionBits = 4

  /// Bits of a symbol, in `1 ... 8`.
  let symbolBits: Int
  let precision: Int
  /// Of every symbol, in order.
  let frequencies: [Int]
  private let isUniform: Bool

  private init(symbolBits: Int, precision: Int, frequencies: [Int], isUniform: Bool) {
    self.symbolBits = symbolBits
    self.precision = precision
    self.frequencies = frequencies
    self.isUniform = isUniform
  }

  /// Every symbol once.
  init(uniform symbolBits: Int) {
    self.init(
      symbolBits: symbolBits, precision: symbolBits, frequencies: [Int](repeating: 1, count: 1 << symbolBits), isUniform: true)
  }

  /// The frequencies by which table and code of so many of each symbol are shortest together.
  init(symbolBits: Int, counts: [Int]) {
    self.init(uniform: symbolBits)
    var cost = cost(of: counts)
    let distinct = counts.count { $0 > 0 }
    for precision in 0...Self.maximumPrecision where distinct > 0 && distinct <= 1 << precision {
      let candidate = SymbolFrequencies(
        symbolBits: symbolBits, precision: precision, frequencies: Self.scaled(counts, to: 1 << precision), isUniform: false)
      let next = candidate.cost(of: counts)
      if next < cost { (self, cost) = (candidate, next) }
    }
  }

  /// Shares of `total` in proportion to counts, at least 1 where there is any: rounded down, then one by one changed where that
  /// saves most, or costs least.
  private static func scaled(_ counts: [Int], to total: Int) -> [Int] {
    let sum = counts.reduce(0, +)
    var shares = counts.map { $0 == 0 ? 0 : max(1, $0 * total / sum) }
    var missing = total - shares.reduce(0, +)
    while missing != 0 {
      // The slope of the code's length, count / share, half a step on.
      let step = missing.signum()
      var chosen: Int?
      for index in counts.indices where counts[index] > 0 && shares[index] + step > 0 {
        guard let best = chosen else {
          chosen = index
          continue
        }
        let (this, other) = (counts[index] * (2 * shares[best] + step), counts[best] * (2 * shares[index] + step))
        if step > 0 ? this > other : this < other { chosen = index }
      }
      guard let chosen else { break }
      shares[chosen] += step
      missing -= step
    }
    return shares
  }

  // MARK: - The table

  /// Bits of the table, times 2^16, and of the code of so many of each symbol.
  func cost(of counts: [Int]) -> Int {
    var bits = Self.precisionBits
    if !isUniform { visitHalves { sum, _ in bits += Self.width(sum) } }
    let code = zip(counts, frequencies).reduce(0) { $0 + ($1.0 == 0 ? 0 : $1.0 * (precision << 16 - Self.logarithm($1.1))) }
    return bits << 16 + code
  }

  func write(into writer: inout BitWriter) {
    writer.append(isUniform ? Self.uniform : precision, bits: Self.precisionBits)
    if !isUniform { visitHalves { sum, lower in writer.append(lower, bits: Self.width(sum)) } }
  }

  /// - Throws: `SectionCodeError` where the bits end or make no table.
  init(symbolBits: Int, from reader: inout BitReader) throws(SectionCodeError) {
    guard let precision = reader.read(bits: Self.precisionBits) else { throw .truncated }
    if precision == Self.uniform {
      self.init(uniform: symbolBits)
      return
    }
    guard precision <= Self.maximumPrecision else {
      throw SectionCodeError(expected: "a precision of at most \(Self.maximumPrecision) bits", found: "\(precision)")
    }
    var sums = [1 << precision]
    for _ in 0..<symbolBits {
      var halves: [Int] = []
      for sum in sums {
        guard let lower = reader.read(bits: Self.width(sum)) else { throw .truncated }
        guard lower <= sum else {
          throw SectionCodeError(expected: "a part of at most \(sum) in the table of frequencies", found: "\(lower)")
        }
        halves += [lower, sum - lower]
      }
      sums = halves
    }
    self.init(symbolBits: symbolBits, precision: precision, frequencies: sums, isUniform: false)
  }

  /// Every sum and that of its lower half: first of the whole alphabet, then of its halves, its quarters.
  private func visitHalves(_ visit: (_ sum: Int, _ lower: Int) -> Void) {
    for level in 0..<symbolBits {
      let size = 1 << (symbolBits - level)
      for start in stride(from: 0, to: frequencies.count, by: size) {
        let lower = frequencies[start..<start + size / 2].reduce(0, +)
        visit(lower + frequencies[start + size / 2..<start + size].reduce(0, +), lower)
      }
    }
  }

  /// Bits that hold every number up to `number`.
  private static func width(_ number: Int) -> Int { Int.bitWidth - number.leadingZeroBitCount }

  /// 2^16 · log2 of a number of at most 31 bits, rounded down, in integers alone: the same on every machine.
  static func logarithm(_ number: Int) -> Int {
    let whole = Int.bitWidth - 1 - number.leadingZeroBitCount
    var mantissa = UInt64(number) << UInt64(31 - whole)
    var result = whole
    for _ in 0..<16 {
      mantissa = (mantissa * mantissa) >> 31
      let bit = mantissa >> 32
      mantissa >>= bit
      result = result << 1 | Int(bit)
    }
    return result
  }
}
