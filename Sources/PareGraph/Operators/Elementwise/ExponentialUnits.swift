import PareTensor
import RealModule

/// `Y = X` above 0, `α · (exp(X) − 1)` elsewhere. Source: ONNX Elu.
public enum Elu: DifferentiableFunction {
  public static let name: OperatorName = "Elu"
  public static let attributeNames = ["alpha"]

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let alpha = Scalar(try node.float("alpha", default: 1))
    return { x in x > 0 ? x : alpha * Scalar.expMinusOne(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let alpha = Scalar(try node.float("alpha", default: 1))
    return { x in x > 0 ? 1 : alpha * Scalar.exp(x) }
  }
}

/// `Y = γ · X` above 0, `γ · α · (exp(X) − 1)` elsewhere. Source: ONNX Selu.
public enum Selu: DifferentiableFunction {
  public static let name: OperatorName = "Selu"
  public static let attributeNames = ["alpha", "gamma"]

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let alpha = Scalar(try node.float("alpha", default: 1.67326319217681884765625))
    let gamma = Scalar(try node.float("gamma", default: 1.05070102214813232421875))
    return { x in x > 0 ? gamma * x : gamma * alpha * Scalar.expMinusOne(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let alpha = Scalar(try node.float("alpha", default: 1.67326319217681884765625))
    let gamma = Scalar(try node.float("gamma", default: 1.05070102214813232421875))
    return { x in x > 0 ? gamma : gamma * alpha * Scalar.exp(x) }
  }
}

/// `Y = max(0, X) + min(0, α · (exp(X / α) − 1))`. Source: ONNX Celu.
public enum Celu: DifferentiableFunction {
  public static let name: OperatorName = "Celu"
  public static let attributeNames = ["alpha"]

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let alpha = Scalar(try node.float("alpha", default: 1))
    return { x in x > 0 ? x : alpha * Scalar.expMinusOne(x / alpha) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let alpha = Scalar(try node.float("alpha", default: 1))
    return { x in x > 0 ? 1 : Scalar.exp(x / alpha) }
  }
}

/// `Y = ln(exp(X) + 1)`, computed without overflow. Source: ONNX Softplus.
public enum Softplus: DifferentiableFunction {
  public static let name: OperatorName = "Softplus"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in softplus(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in logistic(x) }
  }
}

/// `Y = X · tanh(softplus(X))`. Source: ONNX Mish.
public enum Mish: DifferentiableFunction {
  public static let name: OperatorName = "Mish"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in x * Scalar.tanh(softplus(x)) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in mishSlope(x) }
  }
}

/// `Y = X · σ(α · X)`. Source: ONNX Swish.
public enum Swish: DifferentiableFunction {
  public static let name: OperatorName = "Swish"
  public static let attributeNames = ["alpha"]

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let alpha = Scalar(try node.float("alpha", default: 1))
    return { x in x * logistic(alpha * x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar {
    let alpha = Scalar(try node.float("alpha", default: 1))
    return { x in swishSlope(x, alpha) }
  }
}

/// `ln(exp(x) + 1)`, without overflow.
private func softplus<Scalar: FloatingPointElement>(_ x: Scalar) -> Scalar {
  (x < 0 ? 0 : x) + Scalar.log(onePlus: Scalar.exp(-x.magnitude))
}

/// `1 / (1 + exp(−x))`, without overflow on either side.
private func logistic<Scalar: FloatingPointElement>(_ x: Scalar) -> Scalar {
  let decay = Scalar.exp(-x.magnitude)
  return (x < 0 ? decay : 1) / (1 + decay)
}

/// `tanh(s) + x · (1 − tanh²(s)) · σ(x)` with `s = softplus(x)`.
private func mishSlope<Scalar: FloatingPointElement>(_ x: Scalar) -> Scalar {
  let t = Scalar.tanh(softplus(x))
  return t + x * (1 - t) * (1 + t) * logistic(x)
}

/// `σ(αx) · (1 + αx · (1 − σ(αx)))`.
private func swishSlope<Scalar: FloatingPointElement>(_ x: Scalar, _ alpha: Scalar) -> Scalar {
  let s = logistic(alpha * x)
  return s * (1 + alpha * x * (1 - s))
}
