/// Counts the messages of a file before they are made: an empty one takes two bytes of a file and hundreds of memory.
///
/// Walks the wire format along the fields that onnx.proto names. What is damaged is left for the decoder to refuse.
package enum MessageCount {
  /// More is taken for an attack: a network of a hundred thousand nodes has about a million messages.
  package static let limit = 1 << 21

  private enum Kind {
    case model, graph, function, node, attribute, tensor, sparseTensor, valueInfo, valueKind, tensorKind, extents, leaf

    /// What a field holds, where that is a message.
    func member(_ field: UInt64) -> Kind? {
      switch (self, field) {
      case (.model, 7), (.attribute, 6), (.attribute, 11): .graph
      case (.model, 25): .function
      case (.model, 8), (.model, 14), (.function, 9), (.tensor, 3), (.tensor, 13), (.extents, 1): .leaf
      case (.graph, 1), (.function, 7): .node
      case (.graph, 5), (.attribute, 5), (.attribute, 10), (.sparseTensor, 1): .tensor
      case (.graph, 15): .sparseTensor
      case (.graph, 11), (.graph, 12): .valueInfo
      case (.node, 5), (.function, 11): .attribute
      case (.valueInfo, 2): .valueKind
      case (.valueKind, 1): .tensorKind
      case (.valueKind, 4), (.valueKind, 5), (.valueKind, 8), (.valueKind, 9): .leaf
      case (.tensorKind, 2): .extents
      default: nil
      }
    }
  }

  /// Whether a file has at most `limit` messages, as far as it can be read.
  package static func isBounded(_ bytes: [UInt8], limit: Int = limit) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      var count = 0
      var position = 0
      // Messages under way, the innermost last, each with where it ends.
      var open: [(kind: Kind, end: Int)] = [(.model, bytes.count)]
      func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
          guard position < bytes.count else { return nil }
          let byte = bytes[position]
          position += 1
          value |= UInt64(byte & 0x7f) << shift
          if byte & 0x80 == 0 { return value }
        }
        return nil
      }
      while let (kind, end) = open.last {
        guard position < end else {
          open.removeLast()
          continue
        }
        guard let key = varint() else { return true }
        switch key & 7 {
        case 0: guard varint() != nil else { return true }
        case 1: position += 8
        case 2:
          guard let length = varint(), length <= UInt64(end - min(position, end)) else { return true }
          guard let member = kind.member(key >> 3), open.count < 128 else {
            position += Int(length)
            continue
          }
          count += 1
          if count > limit { return false }
          open.append((member, position + Int(length)))
        case 5: position += 4
        default: return true
        }
      }
      return true
    }
  }
}
