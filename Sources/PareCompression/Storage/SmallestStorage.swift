import PareGraph
import PareTensor

extension ParameterStorage {
  /// The same numbers in whichever form weighs least in a file: dense or bitmask, and with a table of its own values
  /// where `sharing` asks for one to be tried. The first of equals in that order.
  ///
  /// Nothing is lost: `decoded()` gives the tensor back, bit for bit.
  public static func smallest(of tensor: Tensor, sharing: Bool = false) -> ParameterStorage {
    var candidates = Layout.allCases.map { ParameterStorage(tensor, layout: $0) }
    if sharing, tensor.elementType == .float32 { candidates += Self.shared(tensor) }
    return candidates.dropFirst().reduce(candidates[0]) { $1.byteCount < $0.byteCount ? $1 : $0 }
  }

  /// The tensor with a table of its own values, ascending; none where there are more than a table can hold.
  private static func shared(_ tensor: Tensor) -> [ParameterStorage] {
    let patterns = tensor.values(as: Float.self).map { $0.bitPattern }
    let table: [Float] = Set(patterns).map { Float(bitPattern: $0) }.sorted { $0 < $1 || ($0 == $1 && $0.sign == .minus) }
    guard table.count <= 65_536 else { return [] }
    let positions: [UInt32: Int] = Dictionary(uniqueKeysWithValues: zip(table.map { $0.bitPattern }, table.indices))
    let indices = patterns.map { positions[$0] ?? 0 }
    // A bitmask drops what equals zero, so a table with −0 has no sparse form that keeps its bits.
    let layouts = table.contains { $0 == 0 && $0.sign == .minus } ? [.dense] : Layout.allCases
    return layouts.map { ParameterStorage(indices: indices, table: table, shape: tensor.shape, layout: $0) }
  }

  /// Whether elements are indices into a table.
  var isShared: Bool {
    if case .codebook = element { true } else { false }
  }

  /// How the elements are held, in words: `"bitmask, float32"`.
  var words: String {
    let form =
      switch element {
      case .plain(let type): "\(layout.rawValue), \(type.rawValue)"
      case .codebook(let bits): "\(layout.rawValue), codebook of \(bits) bits"
      case .sign: "\(layout.rawValue), signs"
      }
    return form + (coding == .none ? "" : ", coded")
  }
}
