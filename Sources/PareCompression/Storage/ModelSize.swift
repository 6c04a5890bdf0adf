import PareGraph

extension Graph {
  /// Numbers that were learned, zeros included: the trainable parameters, and the numbers that stand for weights once
  /// they are quantized (which training no longer changes).
  public var learnedElementCount: Int {
    // Scales of groups are integers behind a DequantizeLinear of their own.
    let scales = Set(nodes.filter { $0.operatorName == "DequantizeLinear" }.compactMap { $0.input(1) })
    let quantized = Set(nodes.filter { !scales.contains($0.outputs[0]) }.flatMap { quantizedWeights(of: $0) })
    return parameters.reduce(0) { sum, entry in
      entry.value.isTrainable || quantized.contains(entry.key) ? sum + entry.value.storage.shape.elementCount : sum
    }
  }

  /// Bytes of all parameters as they are stored, scales, tables and masks included; the graph's text is not.
  public var storedByteCount: Int {
    parameters.values.reduce(0) { $0 + $1.storage.byteCount }
  }
}

extension Graph {
  /// Inputs that hold other numbers in the place of weights.
  fileprivate func quantizedWeights(of node: Node) -> [String] {
    switch node.operatorName {
    case "DequantizeLinear": return [node.inputs[0]]
    case QuantizedLSTM.name, QuantizedGRU.name: return [2, 3].compactMap { node.input($0) }
    case BinaryDense.name: return [node.inputs[1]]
    case "Cast", "Mul":
      // 16 bits, and signs, which are read through these.
      guard let storage = parameters[node.inputs[0]]?.storage, storage.elementType.isHalfPrecision || storage.element == .sign
      else { return [] }
      return [node.inputs[0]]
    default: return []
    }
  }
}
