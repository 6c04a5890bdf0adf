import PareTensor
import RealModule

/// `Z = X ^ Y` with broadcasting, of X's type; Y may be of another. Integers are computed in Float64, towards zero and
/// saturating. Source: ONNX Pow.
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
    switch try context.input(0).elementType {
    case .float32: try evaluation(context, Float.self)
    case .float64: try evaluation(context, Double.self)
    case .int32: try evaluation(context, Int32.self)
    case .int64: try evaluation(context, Int64.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Base: NumericElement>(_ context: PreparationContext, _: Base.Type) throws -> Evaluation {
    switch try context.input(1).elementType {
    case .float32: try evaluation(context, Base.self, Float.self)
    case .float64: try evaluation(context, Base.self, Double.self)
    case .int8: try evaluation(context, Base.self, Int8.self)
    case .uint8: try evaluation(context, Base.self, UInt8.self)
    case .int16: try evaluation(context, Base.self, Int16.self)
    case .uint16: try evaluation(context, Base.self, UInt16.self)
    case .int32: try evaluation(context, Base.self, Int32.self)
    case .uint32: try evaluation(context, Base.self, UInt32.self)
    case .int64: try evaluation(context, Base.self, Int64.self)
    case .uint64: try evaluation(context, Base.self, UInt64.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Base: NumericElement, Exponent: NumericElement>(
    _ context: PreparationContext, _: Base.Type, _: Exponent.Type
  ) throws -> Evaluation {
    let loop = try BroadcastLoop(context)
    return { buffers in
      let x = buffers.input(0, as: Base.self)
      let y = buffers.input(1, as: Exponent.self)
      let z = buffers.output(as: Base.self)
      // In Float64, so that Float32 is rounded once.
      loop.forEach { z[$0] = Base(clamping: Double.pow(signed: x[$1].double, y[$2].double)) }
    }
  }

  /// dX = dZ · Y · X^(Y − 1), dY = dZ · Z · ln X, each summed to its operand's shape.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dz = context.outputGradient else { return context.noGradients }
    let (x, y, z) = (context.node.inputs[0], context.node.inputs[1], context.node.outputs[0])
    let type = try context.type(of: x).elementType
    guard type.isFloatingPoint else { return context.noGradients }
    var exponent = y
    if try context.type(of: y).elementType != type {
      exponent = try context.apply(Cast.name, [y], ["to": .int(type.onnxDataType)])
    }
    let one = type == .float64 ? Tensor(scalar: 1.0) : Tensor(scalar: Float(1))
    return try [
      context.ifWanted(0) {
        let less = try $0.apply(Sub.name, [exponent, $0.builder.constant(one)])
        let slope = try $0.apply(Mul.name, [exponent, $0.apply(name, [x, less])])
        return try Broadcasting.reduceGradient($0.apply(Mul.name, [dz, slope]), to: x, in: &$0)
      },
      context.ifWanted(1) {
        let slope = try $0.apply(Mul.name, [z, $0.apply(Log.name, [x])])
        return try Broadcasting.reduceGradient($0.apply(Mul.name, [dz, slope]), to: y, in: &$0)
      },
    ]
  }
}

extension Double {
  /// A power that has a value for a negative base and an integer exponent.
  fileprivate static func pow(signed base: Double, _ exponent: Double) -> Double {
    if base < 0, exponent == exponent.rounded(), exponent.magnitude < 0x1p53 {
      let magnitude = Double.pow(-base, exponent)
      return exponent.truncatingRemainder(dividingBy: 2) == 0 ? magnitude : -magnitude
    }
    return exponent == 0 ? 1 : base == 1 ? 1 : Double.pow(base, exponent)
  }
}
