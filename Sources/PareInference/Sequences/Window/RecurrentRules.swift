import PareGraph
import PareTensor

extension RowRules {
  /// LSTM and GRU in Float32 that run forward from a zero state, where the rest of the graph cannot go row by row: the states
  /// that the older rows leave are kept, and the newest row is one step from them. Equal bits, since a step's sums have one
  /// order.
  func recurrentRules(_ node: Node) throws -> [(String, RowRule)]? {
    let isLSTM = node.operatorName == "LSTM"
    guard isLSTM || node.operatorName == "GRU", isFloat32(node.inputs[0]), readsFirstAlone(node),
      let x = dependence[node.inputs[0]], x.axis == 0, x.fresh > 0, !x.isOlder, extents(node.inputs[0])[1] == 1,
      (4...6).allSatisfy({ node.input($0) == nil }), try node.int("layout", default: 0) == 0,
      try node.string("direction", default: "forward") == "forward", let hidden = extents(node.inputs[2]).last,
      let value = node.outputs.first, !value.isEmpty, node.outputs.dropFirst().allSatisfy({ $0.isEmpty || !isRead($0) })
    else { return nil }
    let states = ["h", "c"].prefix(isLSTM ? 2 : 1).map { "\(value).older.\($0)" }
    /// The node over some rows, from a state or from zeros.
    @Sendable func layer(_ x: String, from initial: [String], _ outputs: [String], _ pieces: inout PieceGraph) throws {
      var copy = node
      (copy.name, copy.outputs) = (outputs[0], outputs)
      copy.inputs = try [x] + (1...7).map { index in
        if [5, 6].contains(index), index - 5 < initial.count { return initial[index - 5] }
        return try node.input(index).map { try pieces.constant($0) } ?? ""
      }
      while copy.inputs.last == "" { copy.inputs.removeLast() }
      try pieces.append(copy)
    }
    let (older, newest) = (0..<x.fresh, x.fresh..<x.count)
    let partials = states.map { state in
      let form = RowRule.Form(
        inputs: [node.inputs[0]], needed: { _, _ in older },
        emit: { _, names, pieces in
          if !pieces.has(state) { try layer(names[0], from: [], [pieces.name(value, older)] + states, &pieces) }
          return state
        })
      return (state, RowRule(dependence: .whole(isFresh: false), type: TensorType(.float32, [1, 1, hidden]), form: form))
    }
    let rule = RowRule(
      dependence: RowDependence(axis: 0, count: x.count, fresh: x.fresh, entering: 0, settled: x.count),
      form: .init(
        inputs: [node.inputs[0]], needed: { rows, _ in 0..<rows.upperBound },
        emit: { rows, names, pieces in
          let all = 0..<rows.upperBound
          // With the states, if these are needed too.
          if !pieces.has(pieces.name(value, all)) { try layer(names[0], from: [], [pieces.name(value, all)], &pieces) }
          guard rows != all else { return pieces.name(value, all) }
          return try pieces.slice(pieces.name(value, all), rows, axis: 0, named: pieces.name(value, rows))
        }),
      newest: .init(
        inputs: [node.inputs[0]] + states, needed: { $1 == 0 ? newest : 0..<1 },
        emit: { rows, names, pieces in
          try layer(names[0], from: Array(names[1...]), [pieces.name(value, rows)], &pieces)
          return pieces.name(value, rows)
        }))
    return partials + [(value, rule)]
  }
}
