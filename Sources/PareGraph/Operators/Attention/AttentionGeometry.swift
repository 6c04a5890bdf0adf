import PareTensor

/// The extents of one attention: who asks, who answers, and how wide they are.
///
/// Queries, keys and values come per head, `[batch, heads, rows, size]`, or with the heads side by side in the last
/// axis, `[batch, rows, heads · size]`, and then `q_num_heads` and `kv_num_heads` say how many there are.
struct AttentionGeometry<Extent: Hashable & Sendable>: Sendable {
  /// One operand, its heads told apart.
  struct Operand: Sendable {
    var batch: Extent
    var heads: Extent
    var rows: Extent
    var size: Extent
  }

  var query: Operand
  var key: Operand
  var value: Operand
  /// Whether the heads lie side by side in the last axis.
  var isMerged: Bool
}

extension AttentionGeometry<Dimension> {
  /// - Parameters: the types of Q, K and V.
  /// - Throws: `graph.shape`, `graph.element-type`, `graph.attribute` where they do not go together.
  init(_ node: Node, _ q: ValueType, _ k: ValueType, _ v: ValueType) throws {
    guard [3, 4].contains(q.rank), k.rank == q.rank, v.rank == q.rank else {
      throw GraphError(
        "shape", node: node, expected: "queries, keys and values all of three axes or all of four", found: "\(q), \(k) and \(v)")
    }
    isMerged = q.rank == 3
    query = try Self.operand(node, q, heads: "q_num_heads")
    key = try Self.operand(node, k, heads: "kv_num_heads")
    value = try Self.operand(node, v, heads: "kv_num_heads")
    guard query.batch == key.batch, key.batch == value.batch, query.size == key.size, key.heads == value.heads,
      key.rows == value.rows
    else {
      throw GraphError(
        "shape", node: node, expected: "one batch, queries as wide as keys, and as many keys as values",
        found: "\(q), \(k) and \(v)")
    }
    if query.heads != key.heads {
      guard let asking = query.heads.fixedValue, let answering = key.heads.fixedValue, answering > 0,
        asking.isMultiple(of: answering)
      else {
        throw GraphError(
          "shape", node: node, expected: "a number of query heads that is a multiple of the key heads",
          found: "\(query.heads) and \(key.heads)")
      }
    }
  }

  private static func operand(_ node: Node, _ type: ValueType, heads attribute: String) throws -> Operand {
    let extents = type.dimensions
    if type.rank == 4 { return Operand(batch: extents[0], heads: extents[1], rows: extents[2], size: extents[3]) }
    let heads = try node.int(attribute, default: 0)
    guard heads > 0, let width = extents[2].fixedValue, width.isMultiple(of: heads) else {
      throw GraphError(
        "attribute", node: node, expected: "\(attribute) to divide the width of \(type)", found: "\(heads)")
    }
    return Operand(batch: extents[0], heads: .fixed(heads), rows: extents[1], size: .fixed(width / heads))
  }

  /// The type of the answer.
  func result(_ elementType: ElementType) throws -> ValueType {
    guard isMerged else { return ValueType(elementType, [query.batch, query.heads, query.rows, value.size]) }
    let width = DimensionProduct([query.heads, value.size])?.dimension ?? 0
    return ValueType(elementType, [query.batch, query.rows, width])
  }
}

/// Where the rows of each head lie in memory.
package struct HeadLayout: Sendable {
  /// Elements from one batch, head and row to the next.
  package let batch: Int
  package let head: Int
  package let row: Int

  init(heads: Int, rows: Int, size: Int, isMerged: Bool) {
    batch = heads * rows * size
    head = isMerged ? size : rows * size
    row = isMerged ? heads * size : size
  }

  @inline(__always)
  package func offset(_ batch: Int, _ head: Int, _ row: Int = 0) -> Int {
    batch * self.batch + head * self.head + row * self.row
  }
}
