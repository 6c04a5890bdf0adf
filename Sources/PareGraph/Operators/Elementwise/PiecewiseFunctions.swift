import PareTensor
import RealModule

/// `Y = |X|`; the smallest integer of a signed type stays itself. The slope at 0 is 0. Source: ONNX Abs.
public enum Abs: DifferentiableFunction, IntegerFunction {
  public static let name: OperatorName = "Abs"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in x.magnitude }
  }

  static func integerMap<Element: IntegerElement>(_ node: Node, _: Element.Type) -> @Sendable (Element) -> Element {
    { x in x < 0 ? 0 &- x : x }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in x > 0 ? 1 : x < 0 ? -1 : 0 }
  }
}

/// `Y = max(0, min(1, α · X + β))`. Source: ONNX HardSigmoid.
public enum HardSigmoid: DifferentiableFunction {
  public static let name: OperatorName = "HardSigmoid"
  public static let attributeNames = ["alpha", "beta"]

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let alpha = Scalar(try node.float("alpha", default: 0.2))
    let beta = Scalar(try node.float("beta", default: 0.5))
    return { x in clamped(alpha * x + beta) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let alpha = Scalar(try node.float("alpha", default: 0.2))
    let beta = Scalar(try node.float("beta", default: 0.5))
    return { x in alpha * x + beta > 0 && alpha * x + beta < 1 ? alpha : 0 }
  }
}

/// `Y = X · max(0, min(1, X / 6 + 1/2))`. Source: ONNX HardSwish.
public enum HardSwish: DifferentiableFunction {
  public static let name: OperatorName = "HardSwish"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in x * clamped(x / 6 + 0.5) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5 }
  }
}

/// `Y = X` above α, 0 elsewhere. Source: ONNX ThresholdedRelu.
public enum ThresholdedRelu: DifferentiableFunction {
  public static let name: OperatorName = "ThresholdedRelu"
  public static let attributeNames = ["alpha"]

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let alpha = Scalar(try node.float("alpha", default: 1))
    return { x in x > alpha ? x : 0 }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let alpha = Scalar(try node.float("alpha", default: 1))
    return { x in x > alpha ? 1 : 0 }
  }
}

/// `Y = X / (1 + |X|)`. Source: ONNX Softsign.
public enum Softsign: DifferentiableFunction {
  public static let name: OperatorName = "Softsign"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in x / (1 + x.magnitude) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in 1 / ((1 + x.magnitude) * (1 + x.magnitude)) }
  }
}

/// `Y = X + bias` below −lambd, `X − bias` above lambd, 0 between; integers are computed in Float64, towards zero.
/// Source: ONNX Shrink.
public enum Shrink: DifferentiableFunction, IntegerFunction {
  public static let name: OperatorName = "Shrink"
  public static let attributeNames = ["lambd", "bias"]

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let lambd = Scalar(try node.float("lambd", default: 0.5))
    let bias = Scalar(try node.float("bias", default: 0))
    return { x in x < -lambd ? x + bias : x > lambd ? x - bias : 0 }
  }

  static func integerMap<Element: IntegerElement>(
    _ node: Node, _: Element.Type
  ) throws -> @Sendable (Element) -> Element {
    let shrink = try map(node, Double.self)
    return { x in Element(clamping: shrink(x.double)) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let lambd = Scalar(try node.float("lambd", default: 0.5))
    return { x in x < -lambd || x > lambd ? 1 : 0 }
  }
}

/// `Y = 1 / X`. Source: ONNX Reciprocal.
public enum Reciprocal: DifferentiableFunction {
  public static let name: OperatorName = "Reciprocal"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in 1 / x }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in -1 / (x * x) }
  }
}

/// The error function, `Y = 2/√π ∫₀ˣ exp(−t²) dt`. Source: ONNX Erf.
public enum Erf: DifferentiableFunction {
  public static let name: OperatorName = "Erf"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.erf(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    let scale = 2 / Scalar.pi.squareRoot()
    return { x in scale * Scalar.exp(-x * x) }
  }
}

/// Between 0 and 1; NaN stays NaN.
private func clamped<Scalar: FloatingPointElement>(_ x: Scalar) -> Scalar { x < 0 ? 0 : x > 1 ? 1 : x }
