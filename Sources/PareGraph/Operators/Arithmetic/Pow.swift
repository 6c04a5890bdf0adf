import PareTensor

/// `Z = X ^ Y` with broadcasting, of X's type; Y may be of another.
///
/// A power of integers by integers wraps around as their products do, and is rounded towards zero where the exponent is
/// negative, 0 ^ −1 being 0. An integer by a floating-point exponent is computed in Float64, towards zero and saturating.
/// A negative number has powers by whole numbers alone, elsewhere NaN.
///
/// - Source: ONNX Pow.
public enum Pow: Operator {
  public static let name: OperatorName = "Pow"
  public static let inputCount = 2...2

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, y) = (try context.numericInput(0), try context.numericInput(1))
    guard let dimensions = ValueType.broadcast(x.dimensions, y.dimensions) else {
      throw GraphError("shape", node: context.node, expected: "shapes that broadcast", found: "\(x) and \(y)")
    }
    return [ValueType(x.elementType, dimensions)]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let (base, exponent) = (try context.input(0).elementType, try context.input(1).elementType)
    guard let bases = powerElement(base) else { throw context.unsupported(base) }
    guard let exponents = powerElement(exponent) else { throw context.unsupported(exponent) }
    let loop = try BroadcastLoop(context)
    return { buffers in
      let (x, y, z) = (buffers.rawInput(0), buffers.rawInput(1), buffers.rawOutput(0))
      loop.forEach { bases.raise(x, $1, to: exponents.exponent(y, $2), into: z, $0) }
    }
  }

  private static func powerElement(_ type: ElementType) -> (any PowerElement.Type)? {
    switch type {
    case .float32: Float.self
    case .float64: Double.self
    case .int8: Int8.self
    case .uint8: UInt8.self
    case .int16: Int16.self
    case .uint16: UInt16.self
    case .int32: Int32.self
    case .uint32: UInt32.self
    case .int64: Int64.self
    case .uint64: UInt64.self
    default: nil
    }
  }

  /// dX = dZ · Y · X^(Y − 1), dY = dZ · X^Y · ln X, each summed to its operand's shape.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dz = context.outputGradient else { return context.noGradients }
    let (x, y) = (context.node.inputs[0], context.node.inputs[1])
    let (base, given) = (try context.type(of: x).elementType, try context.type(of: y).elementType)
    guard base.isFloatingPoint else { return context.noGradients }
    let exponent = given == base ? y : try context.apply(Cast.name, [y], ["to": .int(base.onnxDataType)])
    return try [
      context.ifWanted(0) {
        try Broadcasting.reduceGradient($0.apply(PowGradient.name, [dz, x, exponent]), to: x, in: &$0)
      },
      !given.isFloatingPoint ? nil : context.ifWanted(1) {
        let gradient = try Broadcasting.reduceGradient($0.apply(PowExponentGradient.name, [dz, x, exponent]), to: y, in: &$0)
        return given == base ? gradient : try $0.apply(Cast.name, [gradient], ["to": .int(given.onnxDataType)])
      },
    ]
  }
}

/// `dZ · Y · X^(Y − 1)`, and 0 where Y is 0. Inputs: dZ, X and Y.
public enum PowGradient: BroadcastGradientOperator {
  public static let name: OperatorName = "pare.PowGradient"

  static func map<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) -> @Sendable (Scalar, Scalar, Scalar) -> Scalar {
    { dz, x, y in y == 0 ? 0 : dz * y * Scalar(Double(x).realPower(Double(y) - 1)) }
  }
}

/// `dZ · X^Y · ln X`, and 0 where X is 0 and the power is too. Inputs: dZ, X and Y.
public enum PowExponentGradient: BroadcastGradientOperator {
  public static let name: OperatorName = "pare.PowExponentGradient"

  static func map<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) -> @Sendable (Scalar, Scalar, Scalar) -> Scalar {
    { dz, x, y in x == 0 && y >= 0 ? 0 : dz * Scalar(Double(x).realPower(Double(y))) * Scalar.log(x) }
  }
}
