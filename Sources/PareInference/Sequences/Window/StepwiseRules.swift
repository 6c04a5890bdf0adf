import PareGraph
import PareTensor

/// Operators that leave the steps of time apart: a row of the output comes from the same row of each input.
extension RowRules {
  func stepwiseRule(_ node: Node) throws -> RowRule? {
    if StepwiseOperators.elementwise.contains(node.operatorName) || node.operatorName == "Concat" { return try broadcastRule(node) }
    guard let from = dependence[node.inputs[0]], let axis = from.axis, readsFirstAlone(node),
      let place = try steps.axisKept(by: node, axis), extents(node.outputs[0])[place] == from.count
    else { return nil }
    var dependence = from
    dependence.axis = place
    let shape = extents(node.outputs[0])
    return rule(node, [node.inputs[0]], dependence) { copy, rows, pieces in
      guard node.operatorName == "Reshape" else { return }
      var cut = shape
      cut[place] = rows.count
      copy.inputs[1] = try pieces.constant(Tensor(cut.map(Int64.init)))
      copy.attributes["allowzero"] = nil
    }
  }

  /// - Parameters:
  ///   - inputs: those that are cut to the rows, or taken as wholes.
  ///   - change: what else the node needs to compute some rows alone.
  private func rule(
    _ node: Node, _ inputs: [String], _ dependence: RowDependence,
    _ change: @escaping (inout Node, Range<Int>, inout PieceGraph) throws -> Void
  ) -> RowRule {
    let isWhole = inputs.map { self.dependence[$0]?.axis == nil }
    return RowRule(
      dependence: dependence,
      form: .init(
        inputs: inputs, needed: { isWhole[$1] ? 0..<1 : $0 },
        emit: { rows, names, pieces in
          let renamed = Dictionary(zip(inputs, names)) { first, _ in first }
          var copy = pieces.named(node, rows)
          copy.inputs = try node.inputs.map { try $0.isEmpty ? "" : renamed[$0] ?? pieces.constant($0) }
          try change(&copy, rows, &pieces)
          try pieces.append(copy)
          return copy.outputs[0]
        }))
  }

  /// Element by element, or put side by side along another axis. A constant that has a number for each step is cut too.
  private func broadcastRule(_ node: Node) throws -> RowRule? {
    let output = extents(node.outputs[0])
    let given = node.inputs.filter { !$0.isEmpty }
    let timed = given.filter { dependence[$0]?.axis != nil }
    let fromRight = Set(timed.map { extents($0).count - (dependence[$0]?.axis ?? 0) })
    let counts = Set(timed.map { dependence[$0]?.count ?? 0 })
    guard fromRight.count == 1, counts.count == 1, let right = fromRight.first, let count = counts.first,
      right <= output.count, output[output.count - right] == count
    else { return nil }
    let isConcat = node.operatorName == "Concat"
    if isConcat {
      let along = try node.int("axis", default: 0)
      guard (along < 0 ? along + output.count : along) != output.count - right else { return nil }
    }
    var result = RowDependence(axis: output.count - right, count: count, fresh: count, entering: count, settled: 0)
    var placed: [String: Int] = [:]
    for name in given {
      let own = extents(name)
      if let dependence = dependence[name] {
        if dependence.axis == nil {
          guard !isConcat, own.count < right || own[own.count - right] == 1 else { return nil }
          result.settled = count
          if !dependence.isOlder { (result.fresh, result.entering) = (0, 0) }
        } else {
          result.fresh = min(result.fresh, dependence.fresh)
          result.entering = min(result.entering, dependence.entering)
          result.settled = max(result.settled, dependence.settled)
        }
      } else if own.count >= right, own[own.count - right] != 1 || isConcat {
        placed[name] = own.count - right
        result.settled = count
      }
    }
    let inputs = given.filter { dependence[$0] != nil }
    return rule(node, inputs.uniqued(), result) { copy, rows, pieces in
      for (index, name) in node.inputs.enumerated() {
        if let axis = placed[name] { copy.inputs[index] = try pieces.constant(name, rows, axis: axis) }
      }
    }
  }

  /// A Split along another axis: each output is a slice.
  func splitRules(_ node: Node) throws -> [(String, RowRule)]? {
    guard let from = dependence[node.inputs[0]], let axis = from.axis, readsFirstAlone(node) else { return nil }
    let rank = extents(node.inputs[0]).count
    let given = try node.int("axis", default: 0)
    let along = given < 0 ? given + rank : given
    guard along != axis else { return nil }
    var start = 0
    return node.outputs.filter { !$0.isEmpty }.map { output in
      let (first, end) = (start, start + extents(output)[along])
      start = end
      return (
        output,
        RowRule(
          dependence: from,
          form: .init(
            inputs: [node.inputs[0]], needed: { rows, _ in rows },
            emit: { rows, names, pieces in try pieces.slice(names[0], first..<end, axis: along, named: pieces.name(output, rows)) }))
      )
    }
  }
}

extension [String] {
  /// Each once, in order.
  fileprivate func uniqued() -> [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}
