import PareGraph
import PareTensor

extension Graph {
  /// Numbers that were learned, zeros included: the trainable parameters, and the numbers that stand for weights once
  /// they are quantized (which training no longer changes).
  public var learnedElementCount: Int {
    learnedParameters.reduce(0) { $0 + $1.storage.shape.elementCount }
  }

  /// How many of them are not zero. An integer counts by what it stands for: its zero point is zero.
  ///
  /// - Throws: what evaluating a DequantizeLinear with zero points throws.
  public func learnedNonZeroCount() throws -> Int {
    try learnedParameters.reduce(0) { sum, learned in
      let shifted = nodes.first {
        $0.operatorName == "DequantizeLinear" && $0.inputs[0] == learned.name && $0.input(2) != nil
      }
      let numbers = try shifted.flatMap { try constant($0.outputs[0]) } ?? learned.storage.decoded()
      return sum + numbers.doubles.count { $0 != 0 }
    }
  }

  /// Bytes of all parameters as they are stored, scales, tables and masks included; the graph's text is not.
  public var storedByteCount: Int {
    parameters.values.reduce(0) { $0 + $1.storage.byteCount }
  }
}

/// Bytes of a graph's parameters by what they are for.
public struct ParameterBytes: Sendable, Hashable, Encodable {
  /// What inputs are multiplied by: matrices, filters, tables, and what stands for them in other numbers.
  public var weights = 0
  /// Scales, zero points and multipliers of quantized weights and activations, and factors of signs.
  public var scales = 0
  /// Trainable numbers of one axis: biases, and scales and shifts of normalizations.
  public var biases = 0
  /// Whatever else: normalizers, thresholds, shapes.
  public var others = 0

  public init(of graph: Graph) {
    var scaling: Set<String> = []
    for node in graph.nodes where ["QuantizeLinear", "DequantizeLinear"].contains(node.operatorName) {
      for value in [1, 2].compactMap({ node.input($0) }) { scaling.formUnion([value] + (graph.producer(of: value)?.inputs ?? [])) }
    }
    var biasing: Set<String> = []
    for node in graph.nodes {
      if node.operatorName == BinaryDense.name {
        scaling.formUnion(node.input(2).map { [$0] } ?? [])
        biasing.formUnion(node.input(3).map { [$0] } ?? [])
      } else if node.operatorName == "Mul", !graph.quantizedWeights(of: node).isEmpty {
        scaling.insert(node.inputs[1])
      }
    }
    let quantized = Set(graph.nodes.flatMap { graph.quantizedWeights(of: $0) }).subtracting(scaling)
    for (name, parameter) in graph.parameters {
      let (bytes, rank) = (parameter.storage.byteCount, parameter.storage.shape.rank)
      if scaling.contains(name) {
        scales += bytes
      } else if quantized.contains(name) || (parameter.isTrainable && rank > 1) {
        weights += bytes
      } else if parameter.isTrainable || biasing.contains(name) {
        biases += bytes
      } else {
        others += bytes
      }
    }
  }
}

extension Graph {
  private var learnedParameters: [(name: String, storage: ParameterStorage)] {
    // Scales of groups are integers behind a DequantizeLinear of their own.
    let scales = Set(nodes.filter { $0.operatorName == "DequantizeLinear" }.compactMap { $0.input(1) })
    let quantized = Set(nodes.filter { !scales.contains($0.outputs[0]) }.flatMap { quantizedWeights(of: $0) })
    return parameters.compactMap { name, parameter in
      parameter.isTrainable || quantized.contains(name) ? (name, parameter.storage) : nil
    }
  }

  /// A value that follows from parameters alone.
  func constant(_ value: String) throws -> Tensor? {
    var graph = pruned(to: [value])
    graph.inputs = []
    return try ReferenceEvaluator(graph, outputs: [value]).run([:])[value]
  }

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
