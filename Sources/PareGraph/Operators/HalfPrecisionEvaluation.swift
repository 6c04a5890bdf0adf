import PareTensor

/// Runs an operator on float16 and bfloat16 values: widened to Float32 before it, rounded to nearest even after it.
///
/// So each node rounds once, whatever it sums inside. Its scratch memory is made when the node is prepared.
enum HalfPrecisionEvaluation {
  static func concerns(_ context: PreparationContext) -> Bool {
    context.inputs.contains { $0?.elementType.isHalfPrecision ?? false }
      || context.outputs.contains { $0.elementType.isHalfPrecision }
  }

  static func prepare(_ definition: any Operator.Type, _ context: PreparationContext) throws -> Evaluation {
    let wide = PreparationContext(
      node: context.node, inputs: context.inputs.map { $0?.widened }, outputs: context.outputs.map(\.widened),
      constants: context.constants.map { $0?.widenedFromHalf() })
    let evaluation = try definition.prepare(wide)
    let scratch = Scratch(inputs: context.inputs, outputs: context.outputs)
    return { try scratch.run(evaluation, $0) }
  }

  /// Float32 copies of the half-precision operands. An evaluation is for one thread at a time, as its evaluator is.
  private final class Scratch: @unchecked Sendable {
    private let inputs: [TensorType?]
    private let outputs: [TensorType]
    private let sources: UnsafeMutablePointer<UnsafeRawPointer?>
    private let targets: UnsafeMutablePointer<UnsafeMutableRawPointer>
    /// Where each operand is widened; nil where it is used in place.
    private let inputMemory: [UnsafeMutablePointer<Float>?]
    private let outputMemory: [UnsafeMutablePointer<Float>?]

    init(inputs: [TensorType?], outputs: [TensorType]) {
      self.inputs = inputs
      self.outputs = outputs
      func room(_ type: TensorType?) -> UnsafeMutablePointer<Float>? {
        guard let type, type.elementType.isHalfPrecision else { return nil }
        let memory = UnsafeMutablePointer<Float>.allocate(capacity: max(type.shape.elementCount, 1))
        memory.initialize(repeating: 0, count: max(type.shape.elementCount, 1))
        return memory
      }
      inputMemory = inputs.map(room)
      outputMemory = outputs.map { room($0) }
      sources = .allocate(capacity: max(inputs.count, 1))
      sources.initialize(repeating: nil, count: max(inputs.count, 1))
      targets = .allocate(capacity: max(outputs.count, 1))
    }

    deinit {
      for memory in inputMemory + outputMemory { memory?.deallocate() }
      sources.deallocate()
      targets.deallocate()
    }

    func run(_ evaluation: Evaluation, _ buffers: EvaluationBuffers) throws {
      for index in inputs.indices {
        guard let type = inputs[index] else { continue }
        if let wide = inputMemory[index] {
          let narrow = buffers.rawInput(index).assumingMemoryBound(to: UInt16.self)
          for element in 0..<type.shape.elementCount { wide[element] = type.elementType.float(ofBits: narrow[element]) }
          sources[index] = UnsafeRawPointer(wide)
        } else {
          sources[index] = buffers.rawInput(index)
        }
      }
      for index in outputs.indices {
        let target = outputMemory[index].map { UnsafeMutableRawPointer($0) } ?? buffers.rawOutput(index)
        (targets + index).initialize(to: target)
      }
      try evaluation(EvaluationBuffers(inputs: sources, outputs: targets, step: buffers.step))
      for index in outputs.indices {
        guard let wide = outputMemory[index] else { continue }
        let type = outputs[index]
        let narrow = buffers.rawOutput(index).assumingMemoryBound(to: UInt16.self)
        for element in 0..<type.shape.elementCount { narrow[element] = type.elementType.bits(of: wide[element]) }
      }
    }
  }
}

extension TensorType {
  /// The same with Float32 for half precision.
  fileprivate var widened: TensorType { elementType.isHalfPrecision ? TensorType(.float32, shape) : self }
}

extension Tensor {
  /// Half precision as Float32; anything else as it is.
  func widenedFromHalf() -> Tensor {
    guard elementType.isHalfPrecision else { return self }
    return Tensor(doubles.map { Float($0) }, shape: shape)
  }
}
