import PareGraph
import PareTensor

extension RowRules {
  /// Attention of rows over rows: a row of the output comes from its query and the keys and values that it may see. Keys
  /// and values of older rows are kept; where the mask hides later keys, older rows of the output depend on older rows
  /// alone.
  func attentionRule(_ node: Node) throws -> RowRule? {
    guard node.operatorName == "Attention", node.inputs.count >= 3, node.inputs.dropFirst(4).allSatisfy(\.isEmpty),
      node.input(3).map(isConstant) ?? true, let query = dependence[node.inputs[0]]
    else { return nil }
    let rank = extents(node.inputs[0]).count
    let operands = Array(node.inputs[..<3])
    guard query.axis == rank - 2, operands.allSatisfy({ dependence[$0]?.axis == rank - 2 }), let sight = try Sight(node, self)
    else { return nil }
    let keys = operands[1...].compactMap { dependence[$0] }
    guard keys.count == 2, keys[0].count == keys[1].count, keys[0].count == sight.keys else { return nil }
    let freshKey = min(keys[0].fresh, keys[1].fresh)
    let seesFresh = (0..<query.count).first { sight.keys(of: $0..<$0 + 1).upperBound > freshKey } ?? query.count
    let result = RowDependence(
      axis: rank - 2, count: query.count, fresh: min(query.fresh, seesFresh), entering: 0, settled: query.count)
    return RowRule(
      dependence: result,
      form: .init(
        inputs: operands, needed: { rows, input in input == 0 ? rows : sight.keys(of: rows) },
        emit: { rows, names, pieces in
          var copy = pieces.named(node, rows)
          let seen = sight.keys(of: rows)
          copy.inputs = names
          if rows.count < sight.queries || seen.count < sight.keys {
            for attribute in ["is_causal", "left_window_size", "right_window_size"] { copy.attributes[attribute] = nil }
            if let mask = sight.mask(rows, seen) { copy.inputs.append(try pieces.constant(mask)) }
          } else if let mask = node.input(3) {
            copy.inputs.append(try pieces.constant(mask))
          }
          try pieces.append(copy)
          return copy.outputs[0]
        }))
  }
}

/// What is added to the score of each query for each key, −∞ where it may not be seen.
private struct Sight {
  let queries: Int
  let keys: Int
  /// Masks of heads that are not alike, one behind the other, `[batch, heads, queries, keys]`.
  private let bias: [Float]
  private let leading: [Int]
  private let isEmpty: Bool
  /// For each query the keys from the first to the last that it sees.
  private let seen: [Range<Int>]

  init?(_ node: Node, _ rules: RowRules) throws {
    let shape = { (value: String) in rules.types[value].map(\.shape) ?? [] }
    let context = PreparationContext(
      node: node, inputs: node.inputs.map { rules.types[$0] }, outputs: node.outputs.compactMap { rules.types[$0] },
      constants: node.inputs.map { rules.tensor($0) })
    let problem = try AttentionProblem(context)
    let mask = try AttentionMask(context, problem)
    (queries, keys) = (problem.queries, problem.keys)
    isEmpty = mask.isEmpty
    leading = mask.isShared ? [1, 1] : [problem.batch, problem.heads]
    let stacks = leading[0] * leading[1]
    guard queries > 0, keys > 0, shape(node.inputs[0]).rank >= 3, queries * keys * stacks <= 1 << 22 else { return nil }
    if isEmpty {
      bias = []
      seen = [Range<Int>](repeating: 0..<keys, count: queries)
      return
    }
    let tensor = rules.tensor(node.input(3)) ?? Tensor(scalar: Float(0))
    guard [.bool, .float32].contains(tensor.elementType) else { return nil }
    var bias = [Float](repeating: 0, count: stacks * queries * keys)
    let (queries, keys, heads) = (self.queries, self.keys, problem.heads)
    tensor.withUnsafeBytes { bytes in
      let inputs = [nil, nil, nil, bytes.baseAddress, nil, nil, nil]
      inputs.withUnsafeBufferPointer { inputs in
        var nowhere = UnsafeMutableRawPointer(bitPattern: 1).map { [$0] } ?? []
        nowhere.withUnsafeMutableBufferPointer { outputs in
          bias.withUnsafeMutableBufferPointer { bias in
            guard let from = inputs.baseAddress, let to = outputs.baseAddress, let bias = bias.baseAddress else { return }
            let buffers = EvaluationBuffers(inputs: from, outputs: UnsafePointer(to), step: 0)
            for stack in 0..<stacks {
              for query in 0..<queries {
                mask.fill(
                  bias + (stack * queries + query) * keys, buffers, batch: stack / heads, head: stack % heads, query: query)
              }
            }
          }
        }
      }
    }
    self.bias = bias
    seen = (0..<queries).map { query in
      let visible = (0..<keys).filter { key in
        (0..<stacks).contains { bias[($0 * queries + query) * keys + key] != -.infinity }
      }
      // A query that sees nothing yields zeros; one key, hidden, says so.
      return (visible.first ?? 0)..<(visible.last ?? 0) + 1
    }
  }

  /// The keys from the first to the last that one of these queries sees.
  func keys(of rows: Range<Int>) -> Range<Int> { seen[rows].reduce(seen[rows.lowerBound]) { $0.hull($1) } }

  /// The mask of some queries over some keys; nil where all is seen.
  func mask(_ rows: Range<Int>, _ columns: Range<Int>) -> Tensor? {
    guard !isEmpty else { return nil }
    let cut = (0..<leading[0] * leading[1]).flatMap { stack in
      rows.flatMap { query in columns.map { bias[(stack * queries + query) * keys + $0] } }
    }
    return cut.allSatisfy { $0 == 0 } ? nil : Tensor(cut, shape: Shape(leading + [rows.count, columns.count]))
  }
}
