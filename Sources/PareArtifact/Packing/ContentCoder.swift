import PareTensor

/// One way through a packed file, by which a writer and a reader go alike.
struct ContentCoder<Coder: BitCoder> {
  private(set) var coder: Coder
  private var predictor: SymbolPredictor
  private var model: TextModel

  init(_ coder: Coder) {
    self.coder = coder
    (predictor, model) = Practice.primed
  }

  /// The next character of the text, which is `byte` where it is written.
  mutating func character(_ byte: UInt8 = 0) -> UInt8 { model.code(byte, with: &predictor, by: &coder) }

  /// The bytes of a tensor; `source` has them where they are written and zeros where they are read.
  mutating func numbers(_ source: [UInt8], _ form: NumberForm, number: Int) -> [UInt8] {
    var bytes = source
    var numbers = NumberModel(form, number: number)
    let bitCount = 8 * bytes.count
    for item in 0..<(bitCount + form.itemBits - 1) / form.itemBits {
      var higher: UInt32 = 1
      for plane in 0..<form.planeCount {
        // Behind the last item of a row of bits there may be fewer.
        let bits = min(form.symbolBits, bitCount - item * form.itemBits)
        let place = item * form.itemBits + form.itemBits - form.symbolBits - 8 * plane
        let symbol = form.symbol(bytes.bits(at: place, count: bits), plane: plane)
        let coded = predictor.code(
          symbol, bits: bits, kind: form.kind(plane), contexts: numbers.contexts(plane: plane, higher: higher), by: &coder)
        bytes.setBits(form.byte(coded, plane: plane), at: place, count: bits)
        if plane == 0 { numbers.append(leading: coded) }
        higher = higher << 8 | UInt32(coded)
      }
    }
    return bytes
  }
}

/// Takes bits and keeps nothing.
private struct Practice: BitCoder {
  /// What is known before the first character: the primer.
  static let primed: (SymbolPredictor, TextModel) = {
    var (predictor, model, practice) = (SymbolPredictor(), TextModel(), Practice())
    for byte in PackingPrimer.text.utf8 { _ = model.code(byte, with: &predictor, by: &practice) }
    return (predictor, model)
  }()

  mutating func code(_ bit: UInt32, probability: UInt32) -> UInt32 { bit }
}

extension [UInt8] {
  /// At most eight bits, least significant first.
  fileprivate func bits(at place: Int, count: Int) -> UInt8 {
    var window = UInt16(self[place / 8])
    if place / 8 + 1 < self.count { window |= UInt16(self[place / 8 + 1]) << 8 }
    return UInt8(truncatingIfNeeded: window >> UInt16(place % 8) & (1 << UInt16(count) - 1))
  }

  fileprivate mutating func setBits(_ bits: UInt8, at place: Int, count: Int) {
    for index in 0..<count {
      let (byte, bit) = ((place + index) / 8, UInt8((place + index) % 8))
      self[byte] = self[byte] & ~(1 << bit) | (bits >> UInt8(index) & 1) << bit
    }
  }
}
