import PareTensor

/// Evaluates one node whose inputs are all known.
enum ConstantEvaluation {
  /// - Parameters:
  ///   - inputs: nil where an optional input is not given.
  ///   - outputs: the types that were inferred.
  /// - Throws: what the operator throws for its types or data.
  static func evaluate(_ node: Node, inputs: [Tensor?], outputs: [TensorType]) throws -> [Tensor] {
    let context = PreparationContext(
      node: node, inputs: inputs.map { $0.map { TensorType($0.elementType, $0.shape) } }, outputs: outputs, constants: inputs)
    let evaluation = try OperatorCatalogue.prepare(context)
    var results = outputs.map { Tensor(zeros: $0.elementType, shape: $0.shape) }
    let sources = UnsafeMutableBufferPointer<UnsafeRawPointer?>.allocate(capacity: max(inputs.count, 1))
    let targets = UnsafeMutableBufferPointer<UnsafeMutableRawPointer>.allocate(capacity: max(outputs.count, 1))
    var copies: [UnsafeMutableRawBufferPointer] = []
    defer {
      for copy in copies { copy.deallocate() }
      sources.deallocate()
      targets.deallocate()
    }
    /// Memory of its own for a tensor's bytes, since pointers into a tensor end with the call that lends them.
    func room(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(byteCount, 1), alignment: MemoryPlan.alignment)
      copies.append(memory)
      return memory
    }
    sources.initialize(repeating: nil)
    for (index, tensor) in inputs.enumerated() {
      guard let tensor else { continue }
      let memory = room(tensor.byteCount)
      tensor.withUnsafeBytes { memory.copyMemory(from: $0) }
      sources[index] = UnsafeRawPointer(memory.baseAddress)
    }
    for (index, type) in outputs.enumerated() {
      let memory = room(type.byteCount)
      memory.initializeMemory(as: UInt8.self, repeating: 0)
      (targets.baseAddress.unsafelyUnwrapped + index).initialize(to: memory.baseAddress.unsafelyUnwrapped)
    }
    if let from = UnsafePointer(sources.baseAddress), let to = UnsafePointer(targets.baseAddress) {
      try evaluation(EvaluationBuffers(inputs: from, outputs: to, step: 0))
    }
    for index in results.indices {
      results[index].withUnsafeMutableBytes {
        $0.copyMemory(from: UnsafeRawBufferPointer(start: targets[index], count: $0.count))
      }
    }
    return results
  }
}
