import PareTensor

/// An operator on two operands of one type that broadcast against each other, element by element.
protocol BroadcastOperator: NumericOperator {
  static func combine<Element: NumericElement>(_ left: Element, _ right: Element) -> Element
}

extension BroadcastOperator {
  public static var inputCount: ClosedRange<Int> { 2...2 }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    _ = try context.numericInput(0)
    return [try context.broadcastInputs()]
  }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let loop = try BroadcastLoop(context)
    return { buffers in
      let a = buffers.input(0, as: Element.self)
      let b = buffers.input(1, as: Element.self)
      let y = buffers.output(as: Element.self)
      loop.forEach { y[$0] = combine(a[$1], b[$2]) }
    }
  }
}

/// `C = A + B` with broadcasting. Source: ONNX Add.
public enum Add: BroadcastOperator {
  public static let name: OperatorName = "Add"
  public static let weightInputs: Set<Int> = [0, 1]

  static func combine<Element: NumericElement>(_ left: Element, _ right: Element) -> Element { .sum(left, right) }

  /// Sums of multiples of one product of names, as `batch + 0`.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    try combineExtents(context, outputs) { DimensionProduct.sum($0, $1) }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let inputs = context.node.inputs
    return try [
      context.ifWanted(0) { try Broadcasting.reduceGradient(dy, to: inputs[0], in: &$0) },
      context.ifWanted(1) { try Broadcasting.reduceGradient(dy, to: inputs[1], in: &$0) },
    ]
  }
}

/// `C = A − B` with broadcasting. Source: ONNX Sub.
public enum Sub: BroadcastOperator {
  public static let name: OperatorName = "Sub"

  static func combine<Element: NumericElement>(_ left: Element, _ right: Element) -> Element { .difference(left, right) }

  /// Differences of multiples of one product of names.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    try combineExtents(context, outputs) { DimensionProduct.difference($0, $1) }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let inputs = context.node.inputs
    return try [
      context.ifWanted(0) { try Broadcasting.reduceGradient(dy, to: inputs[0], in: &$0) },
      // Summed first, so that the smaller value is negated.
      context.ifWanted(1) { try $0.apply(Neg.name, [Broadcasting.reduceGradient(dy, to: inputs[1], in: &$0)]) },
    ]
  }
}

/// `C = A · B`, element by element, with broadcasting. Source: ONNX Mul.
public enum Mul: BroadcastOperator {
  public static let name: OperatorName = "Mul"

  static func combine<Element: NumericElement>(_ left: Element, _ right: Element) -> Element { .product(left, right) }

  /// Products of extents, as `30·batch` from a batch of 30 symbols.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    try combineExtents(context, outputs) { DimensionProduct([$0, $1])?.dimension }
  }

  /// dA = dY · B, dB = dY · A, each summed to its operand's shape.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let (a, b) = (context.node.inputs[0], context.node.inputs[1])
    return try [
      context.ifWanted(0) { try Broadcasting.reduceGradient($0.apply(name, [dy, b]), to: a, in: &$0) },
      context.ifWanted(1) { try Broadcasting.reduceGradient($0.apply(name, [dy, a]), to: b, in: &$0) },
    ]
  }
}

/// `C = A / B`, element by element, with broadcasting; integers are divided towards zero, and
/// by 0 give 0. Source: ONNX Div.
public enum Div: BroadcastOperator {
  public static let name: OperatorName = "Div"

  static func combine<Element: NumericElement>(_ left: Element, _ right: Element) -> Element { .quotient(left, right) }

  /// Quotients of extents that divide without a rest.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    try combineExtents(context, outputs) { dividend, divisor in
      DimensionProduct([divisor]).flatMap { DimensionProduct([dividend])?.dividing(by: $0) }
    }
  }

  /// dA = dY / B, dB = −dA · C, each summed to its operand's shape.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let (a, b, c) = (context.node.inputs[0], context.node.inputs[1], context.node.outputs[0])
    let quotient = try context.apply(name, [dy, b])
    return try [
      context.ifWanted(0) { try Broadcasting.reduceGradient(quotient, to: a, in: &$0) },
      context.ifWanted(1) {
        try $0.apply(Neg.name, [Broadcasting.reduceGradient($0.apply(Mul.name, [quotient, c]), to: b, in: &$0)])
      },
    ]
  }
}
