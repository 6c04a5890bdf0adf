import PareGraph
import PareTensor

/// A weight that multiplies a layer's input as a matrix: of a product, or a recurrent layer's of its input.
struct FactorizableMatrix {
  let tensor: WeightTensor
  /// The value that it multiplies.
  let input: String
  let outputs: Int
  let inputs: Int
  /// Whether it is stored `[inputs, outputs]`.
  let isByInput: Bool

  init?(_ tensor: WeightTensor, in graph: Graph) {
    self.tensor = tensor
    input = tensor.node.inputs[0]
    if let layer = LinearLayer(tensor.node, in: graph) {
      (outputs, inputs, isByInput) = (layer.outputCount, layer.inputCount, layer.outputAxis == 1)
    } else if ["LSTM", "GRU", "RNN"].contains(tensor.node.operatorName), tensor.weight == tensor.node.input(1), tensor.shape[0] == 1 {
      // One direction: two would need an input of its own each.
      (outputs, inputs, isByInput) = (tensor.shape[1], tensor.shape[2], false)
    } else {
      return nil
    }
  }

  var isRecurrent: Bool { tensor.shape.rank == 3 }

  /// Row-major `[outputs, inputs]`.
  func byOutput(_ weights: [Float]) -> [Double] {
    (isByInput ? weights.transposed(rows: inputs) : weights).map { Double($0) }
  }
}
