import PareGraph
import PareTensor

/// What the filters of convolutions are multiplied with, as values of a graph, so that it can be observed like what dense layers
/// read.
enum ConvolutionWindows {
  /// Elements of a window at most: the filters that pick them take as many numbers squared.
  private static let limit = 2048
  /// Rows at a time, while windows are observed: an input comes in as many windows as it has elements.
  static let chunk = 64

  /// Adds for each convolution one of the same geometry whose filter i yields element i of the window, in the order of the
  /// weights, padding included: `[batch, elements, positions…]`.
  ///
  /// - Returns: the value by the convolution's name. None for those whose filters read some of the channels each, and for
  ///   windows of more than 2048 elements.
  static func add(for layers: [ProductLayer], to graph: inout Graph) -> [String: String] {
    var names = NameScope(graph)
    var values: [String: String] = [:]
    for layer in layers where layer.isConvolution && layer.isUngrouped && layer.inputCount <= limit {
      guard let position = graph.nodes.firstIndex(where: { $0.name == layer.name }), values[layer.name] == nil else { continue }
      var picking = [Float](repeating: 0, count: layer.inputCount * layer.inputCount)
      for element in 0..<layer.inputCount { picking[element * layer.inputCount + element] = 1 }
      let filters = names.fresh("\(layer.name).picking")
      graph.parameters[filters] = Parameter(
        ParameterStorage(Tensor(picking, shape: Shape([layer.inputCount] + layer.shape.dimensions.dropFirst()))), isTrainable: false)
      let value = names.fresh("\(layer.name).windows")
      graph.nodes.insert(
        Node("Conv", name: value, inputs: [layer.input, filters], outputs: [value], attributes: layer.node.attributes), at: position)
      values[layer.name] = value
    }
    return values
  }
}
