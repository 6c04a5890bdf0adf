import PareTensor
import RealModule

/// In half precision every step of the definition rounds, as ONNX's function body does, which spells Softmax out: the
/// difference from the greatest, the exponential, the sum (of Float32 inside) and the quotient.
extension Softmax {
  public static var evaluatesHalfPrecision: Bool { true }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let type = context.outputs[0].elementType
    switch type {
    case .float32: return try evaluation(context, Float.self)
    case .float64: return try evaluation(context, Double.self)
    case .float16, .bfloat16: break
    default: throw context.unsupported(type)
    }
    let shape = context.outputs[0].shape
    let lines = AxisDecomposition(shape, axis: try context.node.axis(default: -1, rank: shape.rank))
    return { buffers in
      let x = buffers.rawInput(0).assumingMemoryBound(to: UInt16.self)
      let y = buffers.rawOutput(0).assumingMemoryBound(to: UInt16.self)
      func rounded(_ value: Float) -> Float { type.float(ofBits: type.bits(of: value)) }
      lines.forEachLine { start in
        func place(_ index: Int) -> Int { start + index * lines.inner }
        var greatest = -Float.infinity
        for index in 0..<lines.extent {
          let value = type.float(ofBits: x[place(index)])
          if value > greatest { greatest = value }
        }
        var sum: Float = 0
        for index in 0..<lines.extent {
          let weight = rounded(Float.exp(rounded(type.float(ofBits: x[place(index)]) - greatest)))
          y[place(index)] = type.bits(of: weight)
          sum += weight
        }
        sum = rounded(sum)
        for index in 0..<lines.extent { y[place(index)] = type.bits(of: type.float(ofBits: y[place(index)]) / sum) }
      }
    }
  }
}
