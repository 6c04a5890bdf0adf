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
  /// weights, padding included, those of one group of channels after another: `[batch, elements, positions…]`.
  ///
  /// - Returns: the value by the convolution's name. None for windows of more than 2048 elements in all groups.
  static func add(for layers: [ProductLayer], to graph: inout Graph) -> [String: String] {
    var names = NameScope(graph)
    var values: [String: String] = [:]
    for layer in layers where layer.isConvolution {
      let elements = layer.inputCount * max((try? layer.node.int("group", default: 1)) ?? 1, 1)
      guard let position = graph.nodes.firstIndex(where: { $0.name == layer.name }), values[layer.name] == nil,
        elements <= limit
      else { continue }
      var picking = [Float](repeating: 0, count: elements * layer.inputCount)
      for element in 0..<elements { picking[element * layer.inputCount + element % layer.inputCount] = 1 }
      let filters = names.fresh("\(layer.name).picking")
      graph.parameters[filters] = Parameter(
        ParameterStorage(Tensor(picking, shape: Shape([elements] + layer.shape.dimensions.dropFirst()))), isTrainable: false)
      let value = names.fresh("\(layer.name).windows")
      graph.nodes.insert(
        Node("Conv", name: value, inputs: [layer.input, filters], outputs: [value], attributes: layer.node.attributes), at: position)
      values[layer.name] = value
    }
    return values
  }
}
