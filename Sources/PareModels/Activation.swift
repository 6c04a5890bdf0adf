import PareGraph

/// The function between layers.
public enum Activation: String, Sendable, Hashable, Codable, CaseIterable {
  case relu, leakyRelu = "leaky-relu", tanh, sigmoid, gelu

  /// ONNX's operator for it.
  var operatorName: OperatorName {
    switch self {
    case .relu: "Relu"
    case .leakyRelu: "LeakyRelu"
    case .tanh: "Tanh"
    case .sigmoid: "Sigmoid"
    case .gelu: "Gelu"
    }
  }
}
