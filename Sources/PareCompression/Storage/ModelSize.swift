import PareGraph

extension Graph {
  /// Numbers that were learned, zeros included: the trainable parameters, and the integers that stand for weights once
  /// they are quantized (which training no longer changes).
  public var learnedElementCount: Int {
    let quantized = Set(nodes.flatMap(\.integerWeights))
    return parameters.reduce(0) { sum, entry in
      entry.value.isTrainable || quantized.contains(entry.key) ? sum + entry.value.storage.shape.elementCount : sum
    }
  }

  /// Bytes of all parameters as they are stored, scales, tables and masks included; the graph's text is not.
  public var storedByteCount: Int {
    parameters.values.reduce(0) { $0 + $1.storage.byteCount }
  }
}

extension Node {
  /// Inputs that hold integers, or signs, in the place of weights.
  fileprivate var integerWeights: [String] {
    switch operatorName {
    case "DequantizeLinear": [inputs[0]]
    case BinaryDense.name: [inputs[1]]
    case QuantizedLSTM.name, QuantizedGRU.name: [2, 3].compactMap { input($0) }
    default: []
    }
  }
}
