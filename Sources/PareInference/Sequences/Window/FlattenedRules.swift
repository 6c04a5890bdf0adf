import PareGraph
import PareTensor

/// A dense layer over a flattened window: the rows of the window that some columns of its weights meet.
private struct FlattenedWindow {
  let source: String
  let dependence: RowDependence
  let terms: Int
  private let outer: Int
  private let inner: Int

  init?(_ rules: RowRules, _ node: Node) {
    guard rules.readsFirstAlone(node), let flatten = rules.producer(of: node.inputs[0]),
      ["Flatten", "Reshape"].contains(flatten.operatorName), let x = rules.dependence[flatten.inputs[0]], let axis = x.axis,
      x.fresh > 0, !x.isOlder, rules.dependence[node.inputs[0]]?.axis == nil
    else { return nil }
    let shape = rules.extents(flatten.inputs[0])
    (source, dependence, terms) = (flatten.inputs[0], x, shape.reduce(1, *))
    (outer, inner) = (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
    guard rules.extents(node.inputs[0]).last == terms, rules.extents(node.outputs[0]).dropLast().allSatisfy({ $0 == 1 }) else {
      return nil
    }
  }

  var older: Range<Int> { 0..<dependence.fresh }
  var newest: Range<Int> { dependence.fresh..<dependence.count }
  func count(_ rows: Range<Int>) -> Int { outer * rows.count * inner }

  /// The terms that some rows are, in the order in which these rows lie.
  func columns(_ rows: Range<Int>) -> [Int] {
    (0..<outer).flatMap { block in
      rows.flatMap { row in (0..<inner).map { (block * dependence.count + row) * inner + $0 } }
    }
  }
}

extension RowRules {
  func flattenedRules(_ node: Node) throws -> [(String, RowRule)]? {
    guard let window = FlattenedWindow(self, node), isFloat32(node.inputs[0]), let weight = tensor(node.inputs[1]),
      weight.elementType == .float32, weight.shape.rank == 2
    else { return nil }
    let (value, result) = (node.outputs[0], extents(node.outputs[0]))
    var transposed = false
    if node.operatorName == "Gemm" {
      guard try node.int("transA", default: 0) == 0, try node.float("alpha", default: 1) == 1,
        try node.float("beta", default: 1) == 1
      else { return nil }
      transposed = try node.int("transB", default: 0) != 0
    }
    let (given, outputs) = (weight.values() as [Float], result.last ?? 1)
    var bias: [Float]?
    if let name = node.input(2) {
      guard let values: [Float] = tensor(name)?.values(), values.count == outputs else { return nil }
      bias = values
    }
    func form(_ rows: Range<Int>, _ seed: String?, _ made: String) -> RowRule.Form {
      let columns = window.columns(rows)
      let weights = Tensor(
        (0..<outputs).flatMap { output in
          columns.map { transposed ? given[output * window.terms + $0] : given[$0 * outputs + output] }
        }, shape: [outputs, columns.count])
      return .init(
        inputs: [window.source] + (seed.map { [$0] } ?? []), needed: { $1 == 0 ? rows : 0..<1 },
        emit: { _, names, pieces in
          var operands = [
            try pieces.reshape(names[0], [1, columns.count], named: "\(made).rows"), try pieces.constant(weights),
          ]
          if seed != nil {
            operands.append(names[1])
          } else if let bias {
            operands.append(try pieces.constant(Tensor(bias)))
          }
          let sum = try pieces.apply("Gemm", operands, ["transB": .int(1)], named: "\(made).sum")
          return seed == nil || result.count == 2 ? sum : try pieces.reshape(sum, result, named: made)
        })
    }
    let partial = RowRule(
      dependence: .whole(isFresh: false), type: TensorType(.float32, [1, outputs]), form: form(window.older, nil, older(value)))
    return [
      (older(value), partial),
      (value, RowRule(dependence: .whole(isFresh: true), form: form(window.newest, older(value), value))),
    ]
  }

  func quantizedFlattenedRules(_ node: Node) throws -> [(String, RowRule)]? {
    guard let window = FlattenedWindow(self, node), let weight = tensor(node.inputs[2]), weight.shape[1] == window.terms,
      let bias = tensor(node.inputs[3])
    else { return nil }
    let (value, older) = (node.outputs[0], older(node.outputs[0]))
    let (given, outputs) = (weight.values() as [Int8], weight.shape[0])
    let (before, now) = (window.columns(window.older), window.columns(window.newest))
    let byColumn = Tensor(before.flatMap { column in (0..<outputs).map { given[$0 * window.terms + column] } }, shape: [before.count, outputs])
    let byRow = Tensor((0..<outputs).flatMap { output in now.map { given[output * window.terms + $0] } }, shape: [outputs, now.count])
    let (result, rows) = (extents(value), window.newest)
    let partial = RowRule(
      dependence: .whole(isFresh: false), type: TensorType(.int32, [outputs]),
      form: .init(
        inputs: [window.source], needed: { _, _ in window.older },
        emit: { _, names, pieces in
          let flat = try pieces.reshape(names[0], [1, before.count], named: "\(older).rows")
          let operands = try [flat, pieces.constant(byColumn), pieces.constant(node.inputs[1])]
          let sum = try pieces.apply("MatMulInteger", operands, named: "\(older).sum")
          let biased = try pieces.apply("Add", [sum, pieces.constant(bias)], named: "\(older).bias")
          return try pieces.reshape(biased, [outputs], named: older)
        }))
    let newest = RowRule.Form(
      inputs: [window.source, older], needed: { $1 == 0 ? rows : 0..<1 },
      emit: { _, names, pieces in
        let flat = try pieces.reshape(names[0], [1, now.count], named: "\(value).rows")
        let operands = try [flat, pieces.constant(node.inputs[1]), pieces.constant(byRow), names[1]]
          + node.inputs[4...].map { try pieces.constant($0) }
        let sum = try pieces.apply(QuantizedDense.name, operands, node.attributes, named: "\(value).sum")
        return result.count == 2 ? sum : try pieces.reshape(sum, result, named: value)
      })
    return [(older, partial), (value, RowRule(dependence: .whole(isFresh: true), form: newest))]
  }
}
