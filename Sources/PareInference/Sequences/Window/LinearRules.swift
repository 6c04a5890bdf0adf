import PareGraph
import PareTensor

/// Sums over steps: what older rows add is one value, computed before the newest row comes, and what the newest adds goes on
/// from there. In integers the sums are the same; in Float32 they have another order than the whole window's.
extension RowRules {
  /// The name of what older rows add to a value.
  func older(_ value: String) -> String { "\(value).older" }

  /// The largest number of weights that are written out for the newest rows.
  static let mostWeights = 1 << 20

  /// Convolutions along one axis, and dense layers over a flattened window.
  func productRules(_ node: Node) throws -> [(String, RowRule)]? {
    switch node.operatorName.description {
    case "Conv": return try convolutionRules(node)
    case "pare.QuantizedConvolution": return try quantizedConvolutionRules(node)
    case "Gemm", "MatMul": return try flattenedRules(node)
    case "pare.QuantizedDense": return try quantizedFlattenedRules(node)
    default: return nil
    }
  }

  // MARK: means

  /// Means and sums along time alone.
  func meanRules(_ node: Node) throws -> [(String, RowRule)]? {
    guard readsFirstAlone(node), isFloat32(node.inputs[0]), let x = dependence[node.inputs[0]], let axis = x.axis, x.fresh > 0,
      !x.isOlder
    else { return nil }
    let rank = extents(node.inputs[0]).count
    switch node.operatorName.description {
    case "GlobalAveragePool": guard axis == 2, rank == 3 else { return nil }
    case "ReduceMean", "ReduceSum":
      guard integers(node.input(1))?.map({ $0 < 0 ? $0 + rank : $0 }) == [axis] else { return nil }
    default: return nil
    }
    let (value, result) = (node.outputs[0], extents(node.outputs[0]))
    let factor = node.operatorName == "ReduceSum" ? nil : Tensor(scalar: 1 / Float(x.count))
    let keeps = node.operatorName == "GlobalAveragePool" ? 1 : try node.int("keepdims", default: 1)
    func form(_ rows: Range<Int>, _ older: String?, _ made: String) -> RowRule.Form {
      .init(
        inputs: [node.inputs[0]] + (older.map { [$0] } ?? []), needed: { $1 == 0 ? rows : 0..<1 },
        emit: { _, names, pieces in
          // The sum of one row is that row.
          var sum = try rows.count == 1
            ? pieces.reshape(names[0], result, named: "\(made).sum")
            : pieces.apply(
              "ReduceSum", [names[0], pieces.constant(Tensor([Int64(axis)]))], ["keepdims": .int(keeps)], named: "\(made).sum")
          if older != nil { sum = try pieces.apply("Add", [sum, names[1]], named: "\(made).all") }
          guard let factor, older != nil else { return sum }
          return try pieces.apply("Mul", [sum, pieces.constant(factor)], named: made)
        })
    }
    let partial = RowRule(
      dependence: .whole(isFresh: false), type: types[value], form: form(0..<x.fresh, nil, older(value)))
    let newest = form(x.fresh..<x.count, older(value), value)
    return [(older(value), partial), (value, RowRule(dependence: .whole(isFresh: true), form: newest))]
  }
}
