import PareTensor

/// One attention with every extent known: what its evaluation and that of its gradient share.
package struct AttentionProblem: Sendable {
  package let batch: Int
  package let heads: Int
  /// Query heads that ask the same key head.
  package let group: Int
  package let queries: Int
  /// Keys that the caches hold, and with those that come in.
  package let past: Int
  package let keys: Int
  package let size: Int
  package let valueSize: Int
  package let query: HeadLayout
  package let key: HeadLayout
  package let value: HeadLayout
  package let result: HeadLayout
  package let pastKey: HeadLayout
  package let pastValue: HeadLayout
  package let presentKey: HeadLayout
  package let presentValue: HeadLayout
  package let scale: Double
  package let softcap: Double
  /// Where on the way the scores are yielded: 0 as they are, 1 capped, 2 masked, 3 as probabilities.
  package let scoreStage: Int
  package let softmaxInFloat64: Bool

  package var keyHeads: Int { heads / group }

  /// - Parameter first: the position of Q among the node's inputs; the others follow as in Attention.
  package init(_ context: PreparationContext, first: Int = 0) throws {
    func type(_ index: Int) throws -> ValueType {
      let type = try context.input(first + index)
      return ValueType(type.elementType, type.shape.dimensions.map(Dimension.fixed))
    }
    let node = context.node
    let geometry = try AttentionGeometry(node, type(0), type(1), type(2))
    func extent(_ dimension: Dimension) -> Int { dimension.fixedValue ?? 0 }
    batch = extent(geometry.query.batch)
    heads = extent(geometry.query.heads)
    let keyHeads = extent(geometry.key.heads)
    group = keyHeads == 0 ? 1 : heads / keyHeads
    queries = extent(geometry.query.rows)
    past = context.has(first + 4) ? try context.input(first + 4).shape[2] : 0
    let incoming = extent(geometry.key.rows)
    keys = past + incoming
    size = extent(geometry.query.size)
    valueSize = extent(geometry.value.size)
    let merged = geometry.isMerged
    query = HeadLayout(heads: heads, rows: queries, size: size, isMerged: merged)
    key = HeadLayout(heads: keyHeads, rows: incoming, size: size, isMerged: merged)
    value = HeadLayout(heads: keyHeads, rows: incoming, size: valueSize, isMerged: merged)
    result = HeadLayout(heads: heads, rows: queries, size: valueSize, isMerged: merged)
    pastKey = HeadLayout(heads: keyHeads, rows: past, size: size, isMerged: false)
    pastValue = HeadLayout(heads: keyHeads, rows: past, size: valueSize, isMerged: false)
    presentKey = HeadLayout(heads: keyHeads, rows: keys, size: size, isMerged: false)
    presentValue = HeadLayout(heads: keyHeads, rows: keys, size: valueSize, isMerged: false)
    scale = try Self.scale(node, size: size)
    softcap = try node.float("softcap", default: 0)
    scoreStage = try node.int("qk_matmul_output_mode", default: 0)
    softmaxInFloat64 = try node.int("softmax_precision", default: 1) == ElementType.float64.onnxDataType
  }

  /// What the scores are multiplied by: one over the root of the size unless the node says otherwise.
  static func scale(_ node: Node, size: Int) throws -> Double {
    try node.float("scale", default: size > 0 ? 1 / Double(size).squareRoot() : 1)
  }
}
