import PareTensor

/// An operator whose evaluation on integers is written once for all of their types.
protocol IntegerOperator: Operator {
  static func integerEvaluation<Element: IntegerElement>(
    _ context: PreparationContext, _: Element.Type
  ) throws -> Evaluation
}

extension IntegerOperator {
  /// The evaluation for the integer type of the first output.
  static func prepareIntegers(_ context: PreparationContext) throws -> Evaluation {
    switch context.outputs[0].elementType {
    case .int8: try integerEvaluation(context, Int8.self)
    case .uint8: try integerEvaluation(context, UInt8.self)
    case .int16: try integerEvaluation(context, Int16.self)
    case .uint16: try integerEvaluation(context, UInt16.self)
    case .int32: try integerEvaluation(context, Int32.self)
    case .uint32: try integerEvaluation(context, UInt32.self)
    case .int64: try integerEvaluation(context, Int64.self)
    case .uint64: try integerEvaluation(context, UInt64.self)
    case let other: throw context.unsupported(other)
    }
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation { try prepareIntegers(context) }
}

extension InferenceContext {
  /// The type of an input that has to be of integers, those of four bits aside.
  func integerInput(_ index: Int) throws -> ValueType {
    let type = try numericInput(index)
    guard !type.elementType.isFloatingPoint else {
      throw GraphError("element-type", node: node, expected: "integers as input \(index)", found: "\(type)")
    }
    return type
  }
}
