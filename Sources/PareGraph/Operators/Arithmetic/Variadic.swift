import PareTensor

/// An operator on any number of operands of one type that broadcast against each other.
protocol VariadicOperator: NumericOperator {
  static func combine<Element: NumericElement>(_ left: Element, _ right: Element) -> Element
}

extension VariadicOperator {
  public static var inputCount: ClosedRange<Int> { 1...Int.max }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    _ = try context.numericInput(0)
    return [try context.broadcastInputs()]
  }

  /// One walk over the result for each operand.
  static func loops(_ context: PreparationContext) throws -> [StridedLoop] {
    let shape = context.outputs[0].shape
    return try context.inputs.indices.map { index in
      StridedLoop(shape, strides: Broadcasting.strides(of: try context.input(index).shape, to: shape))
    }
  }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let loops = try loops(context)
    return { buffers in
      let y = buffers.output(as: Element.self)
      for (index, loop) in loops.enumerated() {
        let x = buffers.input(index, as: Element.self)
        if index == 0 {
          loop.forEach { y[$0] = x[$1] }
        } else {
          loop.forEach { y[$0] = combine(y[$0], x[$1]) }
        }
      }
    }
  }
}

/// The sum of the operands with broadcasting. Source: ONNX Sum.
public enum Sum: VariadicOperator {
  public static let name: OperatorName = "Sum"

  static func combine<Element: NumericElement>(_ left: Element, _ right: Element) -> Element { .sum(left, right) }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return try context.node.inputs.indices.map { index in
      let x = context.node.inputs[index]
      return try context.ifWanted(index) { try Broadcasting.reduceGradient(dy, to: x, in: &$0) }
    }
  }
}

/// The mean of the operands with broadcasting. Source: ONNX Mean.
public enum Mean: VariadicOperator {
  public static let name: OperatorName = "Mean"

  static func combine<Element: NumericElement>(_ left: Element, _ right: Element) -> Element { .sum(left, right) }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let loops = try loops(context)
    let count = context.outputs[0].shape.elementCount
    let operands = Element(clamping: Double(context.inputs.count))
    return { buffers in
      let y = buffers.output(as: Element.self)
      for (index, loop) in loops.enumerated() {
        let x = buffers.input(index, as: Element.self)
        loop.forEach { y[$0] = index == 0 ? x[$1] : .sum(y[$0], x[$1]) }
      }
      for index in 0..<count { y[index] = .quotient(y[index], operands) }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let share = try Broadcasting.scaled(dy, by: 1 / Double(context.node.inputs.count), in: &context)
    return try context.node.inputs.indices.map { index in
      let x = context.node.inputs[index]
      return try context.ifWanted(index) { try Broadcasting.reduceGradient(share, to: x, in: &$0) }
    }
  }
}
