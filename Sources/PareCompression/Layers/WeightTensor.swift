import PareGraph
import PareTensor

/// The Float32 weights of a node that multiplies by them: a product's matrix, a convolution's filters, or one of a recurrent
/// layer's two, for its input and for its state.
public struct WeightTensor: Sendable, Hashable, GraphLayer {
  /// Operators that multiply by weights, and which of their inputs these are.
  static let inputs: [OperatorName: [Int]] = [
    "Gemm": [1], "MatMul": [1], "Conv": [1], "ConvTranspose": [1], "LSTM": [1, 2], "GRU": [1, 2], "RNN": [1, 2],
  ]

  public let node: Node
  /// The parameter that holds the weights.
  public let weight: String
  public let shape: Shape

  /// The node's name; with the part behind it where the node has several.
  public let label: String
}

extension Graph {
  /// The weights of all layers, in the order of evaluation.
  public var weightTensors: [WeightTensor] {
    nodes.flatMap { node in
      let inputs = WeightTensor.inputs[node.operatorName] ?? []
      return inputs.compactMap { index -> WeightTensor? in
        guard let name = node.input(index), let storage = parameters[name]?.storage, storage.elementType == .float32,
          storage.shape.rank >= 2, storage.shape.elementCount > 0, parameters[node.inputs[0]] == nil
        else { return nil }
        let part = inputs.count == 1 ? "" : index == 1 ? ", of its input" : ", of its state"
        return WeightTensor(node: node, weight: name, shape: storage.shape, label: node.name + part)
      }
    }
  }
}
