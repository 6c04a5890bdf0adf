import PareTensor

/// The gradient by one operand of an operator on two operands A and B that broadcast: its inputs are dC, which has the
/// extents of the result, A and B; its output is what the operand's gradient is the sum of along the axes that were
/// repeated.
protocol BroadcastGradientOperator: FloatingPointOperator {
  /// Reads the attributes once and gives the gradient of one element.
  static func map<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (_ dc: Scalar, _ a: Scalar, _ b: Scalar) -> Scalar
}

extension BroadcastGradientOperator {
  public static var inputCount: ClosedRange<Int> { 3...3 }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (dc, a, b) = (try context.floatingPointInput(0), try context.input(1), try context.input(2))
    guard a.elementType == dc.elementType, b.elementType == dc.elementType,
      ValueType.broadcast(a.dimensions, b.dimensions) == dc.dimensions
    else {
      throw GraphError(
        "shape", node: context.node, expected: "a gradient of two operands' result", found: "\(dc), \(a) and \(b)")
    }
    return [dc]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let loop = BroadcastLoop(
      left: try context.input(1).shape, right: try context.input(2).shape, result: context.outputs[0].shape)
    let map = try map(context.node, Scalar.self)
    return { buffers in
      let dc = buffers.input(0, as: Scalar.self)
      let a = buffers.input(1, as: Scalar.self)
      let b = buffers.input(2, as: Scalar.self)
      let gradient = buffers.output(as: Scalar.self)
      loop.forEach { gradient[$0] = map(dc[$0], a[$1], b[$2]) }
    }
  }
}
