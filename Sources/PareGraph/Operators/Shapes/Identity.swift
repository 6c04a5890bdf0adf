import PareTensor

/// An operator whose output holds the bytes of its first input, perhaps under another shape; of any element type.
protocol CopyingOperator: Operator {}

extension CopyingOperator {
  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let byteCount = context.outputs[0].byteCount
    return { buffers in
      buffers.rawOutput(0).copyMemory(from: buffers.rawInput(0), byteCount: byteCount)
    }
  }

  public static var evaluatesHalfPrecision: Bool { true }

  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    guard let known = context.known(0), let shape = outputs[0].shape(binding: [:]) else { return [nil] }
    return [known.reshaped(to: shape)]
  }
}

/// `Y = X`. Source: ONNX Identity.
public enum Identity: CopyingOperator {
  public static let name: OperatorName = "Identity"
  public static let inputCount = 1...1

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] { [try context.input(0)] }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { [context.outputGradient] }
}
