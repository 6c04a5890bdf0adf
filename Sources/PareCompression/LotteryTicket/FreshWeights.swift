import PareGraph
import PareTensor
import RealModule

/// A network with its trainable parameters drawn anew, as if it had never learned.
///
/// Weights of layers are uniform on ±√(6 / in) (He et al. 2015, arXiv:1502.01852), those of recurrent layers on ±1 / √units; every
/// other trainable parameter of one axis becomes what its use begins with: 1 for the scale of a normalization, 0 for biases.
struct FreshWeights {
  private let graph: Graph

  init(_ graph: Graph) {
    self.graph = graph
  }

  func drawn(seed: UInt64, stream: String) -> Graph {
    var result = graph
    let tensors = Dictionary(graph.weightTensors.map { ($0.weight, $0) }, uniquingKeysWith: { first, _ in first })
    let scales = Set(graph.nodes.filter { $0.operatorName.description.hasSuffix("Normalization") }.compactMap { $0.input(1) })
    for (name, parameter) in graph.parameters where parameter.isTrainable && parameter.storage.elementType == .float32 {
      var generator = SeededGenerator(seed: seed, stream: "\(stream)/\(name)")
      let shape = parameter.storage.shape
      let values: [Float]
      if let bound = tensors[name].map({ bound(of: $0) }) {
        values = (0..<shape.elementCount).map { _ in Float((2 * generator.uniform() - 1) * bound) }
      } else {
        values = [Float](repeating: scales.contains(name) ? 1 : 0, count: shape.elementCount)
      }
      result.parameters[name]?.storage = ParameterStorage(Tensor(values, shape: shape))
    }
    return result
  }

  private func bound(of tensor: WeightTensor) -> Double {
    switch tensor.node.operatorName {
    case "LSTM", "GRU", "RNN":
      return 1 / Double.sqrt(Double(tensor.node.input(2).flatMap { graph.parameters[$0]?.storage.shape[2] } ?? 1))
    default:
      let outputs = LinearLayer(tensor.node, in: graph)?.outputCount ?? tensor.shape[0]
      return Double.sqrt(6 / Double(max(tensor.shape.elementCount / max(outputs, 1), 1)))
    }
  }
}
