/// Contexts of a byte in a text: the bytes before it, and the shape of what it stands in.
struct TextModel {
  private var history: [UInt8] = []
  /// Where each row of `matchLength` bytes ended last, by hash.
  private var ends = [Int32](repeating: 0, count: 1 << 16)
  private static let matchLength = 5
  /// Where the byte stands that is expected now, and how many before it matched.
  private var match: (place: Int, length: Int) = (0, 0)
  /// The last bytes by class: digits are one class, letters another.
  private var shape: UInt32 = 0
  /// The bytes of the word or number that has begun.
  private var word: UInt32 = 0
  /// The word before it.
  private var lastWord: UInt32 = 0

  private var contexts: [UInt32] {
    func recent(_ count: Int) -> UInt32 {
      var hash = UInt32(count) &* 0x2c1b_3c6d
      for index in max(0, history.count - count)..<history.count { hash = (hash ^ UInt32(history[index])) &* 0x0100_0193 &+ hash >> 13 }
      return hash
    }
    return [recent(1), recent(2), recent(3), recent(4), recent(6), recent(9), shape &* 0x2745_937f, word &* 0x9e37_79b1 ^ lastWord &+ 7]
  }

  private var expectation: (symbol: UInt8, length: Int)? {
    match.length > 0 ? (history[match.place], match.length) : nil
  }

  /// The next byte, which is `byte` where it is written.
  mutating func code(_ byte: UInt8, with predictor: inout SymbolPredictor, by coder: inout some BitCoder) -> UInt8 {
    let coded = predictor.code(byte, bits: 8, kind: 0, contexts: contexts, match: expectation, by: &coder)
    append(coded)
    return coded
  }

  private mutating func append(_ byte: UInt8) {
    if match.length > 0, history[match.place] == byte {
      match = (match.place + 1, match.length + 1)
    } else {
      match = (0, 0)
    }
    history.append(byte)
    let kind: UInt32
    switch byte {
    case 0x30...0x39, 0x2e: kind = 1
    case 0x41...0x5a, 0x61...0x7a, 0x5f: kind = 2
    default: kind = UInt32(byte)
    }
    let isWord = kind == 1 || kind == 2
    if !isWord, word != 0 { (lastWord, word) = (word, 0) }
    if isWord { word = (word &+ UInt32(byte) &+ 1) &* 0x0100_0193 }
    if shape & 0xff != kind || !isWord { shape = shape << 8 | kind }
    guard history.count >= Self.matchLength else { return }
    var hash: UInt32 = 0
    for index in history.count - Self.matchLength..<history.count { hash = (hash &+ UInt32(history[index])) &* 0x2c9e_66a5 }
    let place = Int(hash >> 16)
    if match.length == 0, ends[place] > 0 {
      var length = 0
      let end = Int(ends[place])
      while length < 31, length < end, history[end - 1 - length] == history[history.count - 1 - length] { length += 1 }
      if length >= Self.matchLength { match = (end, length) }
    }
    ends[place] = Int32(history.count)
  }
}
