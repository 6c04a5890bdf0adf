import PareTensor
import RealModule

/// `Y = sin(X)`, X in radians. Source: ONNX Sin.
public enum Sin: DifferentiableFunction {
  public static let name: OperatorName = "Sin"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.sin(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.cos(x) }
  }
}

/// `Y = cos(X)`, X in radians. Source: ONNX Cos.
public enum Cos: DifferentiableFunction {
  public static let name: OperatorName = "Cos"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.cos(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in -Scalar.sin(x) }
  }
}

/// `Y = tan(X)`, X in radians. Source: ONNX Tan.
public enum Tan: DifferentiableFunction {
  public static let name: OperatorName = "Tan"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.tan(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in 1 + Scalar.tan(x) * Scalar.tan(x) }
  }
}

/// `Y = arcsin(X)`; NaN outside of −1 … 1. Source: ONNX Asin.
public enum Asin: DifferentiableFunction {
  public static let name: OperatorName = "Asin"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.asin(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in 1 / ((1 - x) * (1 + x)).squareRoot() }
  }
}

/// `Y = arccos(X)`; NaN outside of −1 … 1. Source: ONNX Acos.
public enum Acos: DifferentiableFunction {
  public static let name: OperatorName = "Acos"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.acos(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in -1 / ((1 - x) * (1 + x)).squareRoot() }
  }
}

/// `Y = arctan(X)`. Source: ONNX Atan.
public enum Atan: DifferentiableFunction {
  public static let name: OperatorName = "Atan"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.atan(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in 1 / (1 + x * x) }
  }
}

/// `Y = sinh(X)`. Source: ONNX Sinh.
public enum Sinh: DifferentiableFunction {
  public static let name: OperatorName = "Sinh"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.sinh(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.cosh(x) }
  }
}

/// `Y = cosh(X)`. Source: ONNX Cosh.
public enum Cosh: DifferentiableFunction {
  public static let name: OperatorName = "Cosh"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.cosh(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.sinh(x) }
  }
}

/// `Y = arsinh(X)`. Source: ONNX Asinh.
public enum Asinh: DifferentiableFunction {
  public static let name: OperatorName = "Asinh"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.asinh(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in 1 / (x * x + 1).squareRoot() }
  }
}

/// `Y = arcosh(X)`; NaN below 1. Source: ONNX Acosh.
public enum Acosh: DifferentiableFunction {
  public static let name: OperatorName = "Acosh"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.acosh(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in 1 / ((x - 1) * (x + 1)).squareRoot() }
  }
}

/// `Y = artanh(X)`; NaN outside of −1 … 1. Source: ONNX Atanh.
public enum Atanh: DifferentiableFunction {
  public static let name: OperatorName = "Atanh"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in Scalar.atanh(x) }
  }

  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in 1 / ((1 - x) * (1 + x)) }
  }
}
