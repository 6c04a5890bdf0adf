import PareTensor

/// How the numbers of a tensor are taken apart into symbols: items of less than a byte whole, others byte by byte, the most
/// significant first.
struct NumberForm {
  /// Bits of an item.
  let itemBits: Int
  /// Items in a row of the tensor, of which one stands above another; 0 where there are no rows.
  let rowLength: Int
  let elementType: ElementType

  /// Symbols of an item, and the bits of each.
  var planeCount: Int { max(itemBits / 8, 1) }
  var symbolBits: Int { min(itemBits, 8) }

  /// Tells apart what has statistics of its own.
  func kind(_ plane: Int) -> Int {
    switch itemBits {
    case 1: 2
    case 2, 3: 3
    case 4: 4
    case 5...7: 5
    case 8: 6
    default: elementType.isFloatingPoint ? 7 + min(plane, 3) : 11 + min(plane, 3)
    }
  }

  /// A byte as the symbol by which neighbours in value have leading bits in common: integers from the smallest on; of floats the
  /// exponent in front of the sign.
  func symbol(_ byte: UInt8, plane: Int) -> UInt8 {
    guard itemBits >= 8, plane == 0 else { return byte }
    return elementType.isFloatingPoint ? byte << 1 | byte >> 7 : elementType.isSignedInteger ? byte ^ 0x80 : byte
  }

  func byte(_ symbol: UInt8, plane: Int) -> UInt8 {
    guard itemBits >= 8, plane == 0 else { return symbol }
    return elementType.isFloatingPoint ? symbol >> 1 | symbol << 7 : elementType.isSignedInteger ? symbol ^ 0x80 : symbol
  }
}

extension ElementType {
  fileprivate var isSignedInteger: Bool { [.int4, .int8, .int16, .int32, .int64].contains(self) }
}

/// Contexts of a symbol among the numbers of a tensor: its neighbours, its row and its column.
struct NumberModel {
  let form: NumberForm
  private let tensor: UInt32
  /// The leading symbols of the items so far.
  private var leading: [UInt8] = []

  /// - Parameter number: of the tensor in its file.
  init(_ form: NumberForm, number: Int) {
    self.form = form
    tensor = UInt32(truncatingIfNeeded: number + 1) &* 0x9e37_79b1
  }

  /// - Parameter higher: the symbols of the item before this one, the last in the lowest bits.
  func contexts(plane: Int, higher: UInt32) -> [UInt32] {
    let key = (UInt32(form.kind(plane)) << 4 | UInt32(plane)) &* 0x85eb_ca6b
    let own = key ^ tensor
    let count = leading.count
    func item(_ distance: Int) -> UInt32 { distance > 0 && distance <= count ? UInt32(leading[count - distance]) : 256 }
    // Of numbers of eight bits the three leading ones: few numbers have to fill these contexts.
    let coarse = UInt32(max(form.symbolBits - 3, 0))
    let column = form.rowLength > 0 ? UInt32(count % form.rowLength) : 0
    let row = form.rowLength > 0 ? UInt32(count / form.rowLength) : 0
    let above = item(form.rowLength)
    let middle = Int32(1 << form.symbolBits) / 2
    func size(_ item: UInt32) -> UInt32 { item == 256 ? 0 : UInt32(abs(Int32(item) - middle)) }
    let sizes = (size(item(1)) + size(item(2)) + 2 * size(above)) >> coarse
    func hash(_ number: UInt32, _ parts: UInt32...) -> UInt32 {
      parts.reduce(number &* 0x27d4_eb2f) { ($0 ^ $1) &* 0x0100_0193 &+ $0 >> 11 }
    }
    return [
      hash(1, key, higher), hash(2, own, higher), hash(3, own, item(1) >> coarse, higher), hash(4, own, above >> coarse, higher),
      hash(5, key), hash(6, own, column, higher), hash(7, own, row, higher), hash(8, key, sizes, higher),
    ]
  }

  mutating func append(leading symbol: UInt8) { leading.append(symbol) }
}
