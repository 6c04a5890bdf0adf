import PareGraph
import PareTensor

/// Puts a sequence of convolutions where one stood.
struct ConvolutionSequence {
  private let node: Node
  private let graph: Graph

  init(_ node: Node, in graph: Graph) {
    self.node = node
    self.graph = graph
  }

  /// The last one has the bias. Padding, strides and dilations go with the axes of the window that they belong to.
  func graph(with factors: FilterFactors) throws -> Graph {
    guard let position = graph.nodes.firstIndex(where: { $0.name == node.name }) else { return graph }
    var result = graph
    var names = NameScope(graph)
    let isTrainable = graph.parameters[node.inputs[1]]?.isTrainable ?? true
    var value = node.inputs[0]
    var nodes: [Node] = []
    for (index, stage) in factors.stages.enumerated() {
      let isLast = index == factors.stages.count - 1
      let name = names.fresh("\(node.name).\(index)")
      let weight = names.fresh("\(node.name).\(index).weight")
      result.parameters[weight] = Parameter(ParameterStorage(stage.weights), isTrainable: isTrainable)
      let output = isLast ? node.outputs[0] : names.fresh("\(name).output")
      let bias = isLast ? node.input(2).map { [$0] } ?? [] : []
      nodes.append(
        Node("Conv", name: name, inputs: [value, weight] + bias, outputs: [output], attributes: try attributes(of: stage)))
      value = output
    }
    result.nodes.replaceSubrange(position...position, with: nodes)
    result.removeUnused([node.inputs[1]])
    _ = try result.inferredTypes()
    return result
  }

  private func attributes(of stage: FilterFactors.Stage) throws -> [String: Attribute] {
    let window = stage.weights.shape.rank - 2
    var attributes: [String: Attribute] = ["kernel_shape": .ints(Array(stage.weights.shape.dimensions.dropFirst(2)))]
    if stage.group > 1 { attributes["group"] = .int(stage.group) }
    guard !stage.windowAxes.isEmpty else { return attributes }
    func own(_ values: [Int], otherwise: Int) -> [Int] {
      values.indices.map { stage.windowAxes.contains($0 % window) ? values[$0] : otherwise }
    }
    if let strides = try node.ints("strides") { attributes["strides"] = .ints(own(strides, otherwise: 1)) }
    if let dilations = try node.ints("dilations") { attributes["dilations"] = .ints(own(dilations, otherwise: 1)) }
    if let pads = try node.ints("pads") { attributes["pads"] = .ints(own(pads, otherwise: 0)) }
    if let padding = node.attributes["auto_pad"] { attributes["auto_pad"] = padding }
    return attributes
  }
}
