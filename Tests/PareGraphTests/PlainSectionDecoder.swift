/// A decoder of coded sections from docs/artifact-format.md alone: bit by bit, symbols found by adding frequencies up.
struct PlainSectionDecoder {
  struct Refusal: Error {}

  private let code: [UInt8]
  private var bit = 0
  private var state: UInt64 = 0
  private var next = 0

  /// The items of a section.
  static func items(_ code: [UInt8], itemBits: Int, count: Int) throws -> [UInt64] {
    var decoder = PlainSectionDecoder(code: code)
    let group = 1 << (try decoder.number(2))
    let widths = itemBits <= 8 ? [itemBits * group] : (0..<(itemBits + 7) / 8).map { min(8, itemBits - 8 * $0) }
    let tables = try widths.map { try decoder.table(symbolBits: $0) }
    decoder.next = (decoder.bit + 7) / 8
    var items = [UInt64](repeating: 0, count: count)
    for (plane, (frequencies, precision)) in tables.enumerated() {
      for symbol in 0..<(count + group - 1) / group {
        let value = decoder.symbol(frequencies, precision)
        for place in 0..<group where symbol * group + place < count {
          let bits = group == 1 ? value : value >> UInt64(place * itemBits) & (1 << UInt64(itemBits) - 1)
          items[symbol * group + place] |= bits << UInt64(8 * plane)
        }
      }
    }
    decoder.fill()
    guard decoder.state == 65_536, decoder.next == code.count else { throw Refusal() }
    return items
  }

  private init(code: [UInt8]) {
    self.code = code
  }

  private mutating func number(_ bits: Int) throws -> Int {
    var number = 0
    for place in 0..<bits {
      guard bit < 8 * code.count else { throw Refusal() }
      number |= Int(code[bit / 8] >> UInt8(bit % 8) & 1) << place
      bit += 1
    }
    return number
  }

  private mutating func table(symbolBits: Int) throws -> (frequencies: [UInt64], precision: UInt64) {
    let precision = try number(4)
    if precision == 15 { return ([UInt64](repeating: 1, count: 1 << symbolBits), UInt64(symbolBits)) }
    var sums = [1 << precision]
    for _ in 0..<symbolBits {
      var halves: [Int] = []
      for sum in sums {
        var width = 0
        while sum >> width > 0 { width += 1 }
        let lower = try number(width)
        halves += [lower, sum - lower]
      }
      sums = halves
    }
    return (sums.map(UInt64.init), UInt64(precision))
  }

  private mutating func fill() {
    while state < 1 << 23, next < code.count {
      state = state * 256 + UInt64(code[next])
      next += 1
    }
  }

  private mutating func symbol(_ frequencies: [UInt64], _ precision: UInt64) -> UInt64 {
    fill()
    let place = state % (1 << precision)
    var (symbol, start) = (0, UInt64(0))
    while start + frequencies[symbol] <= place {
      start += frequencies[symbol]
      symbol += 1
    }
    state = frequencies[symbol] * (state >> precision) + place - start
    return UInt64(symbol)
  }
}
