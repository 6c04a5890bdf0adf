import PareTensor

/// An operator that maps each element by itself.
protocol ElementwiseOperator: FloatingPointOperator {
  /// Reads the attributes once and gives the map.
  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar
}

extension ElementwiseOperator {
  public static var inputCount: ClosedRange<Int> { 1...1 }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    // Refuses attributes that the map cannot be made of.
    _ = try map(context.node, Float.self)
    return [try context.floatingPointInput(0)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    let map = try map(context.node, Scalar.self)
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      for index in 0..<count { y[index] = map(x[index]) }
    }
  }
}

/// The gradient of an element-wise operator: inputs are dY and the operator's input X or output Y, whichever gives the
/// slope more cheaply; the output is dX.
protocol ElementwiseGradientOperator: FloatingPointOperator {
  /// Reads the attributes once and gives `dX` from `dY` and X (or Y).
  static func map<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (_ dy: Scalar, _ value: Scalar) -> Scalar
}

extension ElementwiseGradientOperator {
  public static var inputCount: ClosedRange<Int> { 2...2 }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    _ = try map(context.node, Float.self)
    return [try context.equalInputs(0, 1)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    let map = try map(context.node, Scalar.self)
    return { buffers in
      let dy = buffers.input(0, as: Scalar.self)
      let value = buffers.input(1, as: Scalar.self)
      let dx = buffers.output(as: Scalar.self)
      for index in 0..<count { dx[index] = map(dy[index], value[index]) }
    }
  }
}
