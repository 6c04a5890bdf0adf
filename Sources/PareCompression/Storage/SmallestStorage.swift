import PareGraph
import PareTensor

/// What shares a value of a table, beside single numbers of one table.
enum SharedForm: Sendable, Hashable {
  case numbers
  /// Numbers, in a table for each group.
  case groups(TableGroups)
  /// So many numbers in a row.
  case vectors(Int)
}

extension ParameterStorage {
  /// The same numbers in whichever form weighs least in a file: dense or bitmask, and with a table of its own values
  /// where `sharing` asks for one to be tried. The first of equals in that order.
  ///
  /// Nothing is lost: `decoded()` gives the tensor back, bit for bit.
  public static func smallest(of tensor: Tensor, sharing: Bool = false) -> ParameterStorage {
    smallest(of: tensor, shared: sharing ? [.numbers] : [])
  }

  static func smallest(of tensor: Tensor, shared forms: [SharedForm]) -> ParameterStorage {
    var candidates = Layout.allCases.map { ParameterStorage(tensor, layout: $0) }
    if tensor.elementType == .float32 {
      for form in forms {
        switch form {
        case .numbers: candidates += Self.shared(tensor, groups: nil)
        case .groups(let groups): candidates += Self.shared(tensor, groups: groups)
        case .vectors(let dimension): candidates += Self.shared(tensor, dimension: dimension)
        }
      }
    }
    return candidates.dropFirst().reduce(candidates[0]) { $1.byteCount < $0.byteCount ? $1 : $0 }
  }

  /// The tensor with a table of its own values, ascending, or one for each group; none where there are more than a table can hold.
  private static func shared(_ tensor: Tensor, groups: TableGroups?) -> [ParameterStorage] {
    let patterns = tensor.values(as: Float.self).map { $0.bitPattern }
    let group = groups?.group(in: tensor.shape) ?? { _ in 0 }
    var distinct = [Set<UInt32>](repeating: [], count: groups?.count(in: tensor.shape) ?? 1)
    for (position, pattern) in patterns.enumerated() { distinct[group(position)].insert(pattern) }
    var tables: [[Float]] = distinct.map { patterns in
      patterns.map { Float(bitPattern: $0) }.sorted { $0 < $1 || ($0 == $1 && $0.sign == .minus) }
    }
    guard let length = tables.map(\.count).max(), length <= 65_536 else { return [] }
    let positions = tables.map { table in Dictionary(uniqueKeysWithValues: zip(table.map { $0.bitPattern }, table.indices)) }
    let indices = patterns.enumerated().map { positions[group($0)][$1] ?? 0 }
    // A bitmask drops what equals zero, so a table with −0 has no sparse form that keeps its bits.
    let layouts = tables.joined().contains { $0 == 0 && $0.sign == .minus } ? [.dense] : Layout.allCases
    for table in tables.indices { tables[table] += [Float](repeating: 0, count: length - tables[table].count) }
    return layouts.map { ParameterStorage(indices: indices, tables: tables, groups: groups, shape: tensor.shape, layout: $0) }
  }

  /// The tensor with a table of its own vectors, in the order in which they first occur; none where there are more than a table can hold,
  /// or where they do not fill it.
  private static func shared(_ tensor: Tensor, dimension: Int) -> [ParameterStorage] {
    let values = tensor.values(as: Float.self)
    guard dimension > 1, values.count % dimension == 0 else { return [] }
    var positions: [[UInt32]: Int] = [:]
    var table: [Float] = []
    let indices = stride(from: 0, to: values.count, by: dimension).map { start -> Int in
      let vector = values[start..<start + dimension]
      let key = vector.map(\.bitPattern)
      if let position = positions[key] { return position }
      positions[key] = positions.count
      table += vector
      return positions.count - 1
    }
    guard positions.count <= 65_536 else { return [] }
    return [ParameterStorage(indices: indices, vectors: table, dimension: dimension, shape: tensor.shape)]
  }

  /// What shares a value of a table; nil where elements are no indices.
  var sharedForm: SharedForm? {
    guard case .codebook(_, let dimension, let groups) = element else { return nil }
    return groups.map { SharedForm.groups($0) } ?? (dimension == 1 ? .numbers : .vectors(dimension))
  }

  /// Whether elements are indices into a table.
  var isShared: Bool { sharedForm != nil }

  /// How the elements are held, in words: `"bitmask, float32"`.
  var words: String {
    let form =
      switch element {
      case .plain(let type): "\(layout.rawValue), \(type.rawValue)"
      case .codebook(let bits, let dimension, let groups):
        "\(layout.rawValue), " + (groups == nil ? "codebook" : "codebooks") + " of \(bits) bits"
          + (dimension == 1 ? "" : " for \(dimension) in a row")
      case .sign: "\(layout.rawValue), signs"
      }
    return form + (coding == .none ? "" : ", coded")
  }
}
