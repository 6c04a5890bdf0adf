import PareGraph
import PareTensor

extension Graph {
  /// The graph over panels of one that scores rows, each symbol's row of each step by itself.
  ///
  /// - Parameters:
  ///   - score: the value of this graph that holds a row's score, `[batch, 1]`.
  ///   - shape: its inputs are the width of this graph's only input.
  /// - Throws: `graph.architecture` for another width.
  package func overPanels(score: String, _ shape: PanelShape, name: String) throws -> Graph {
    let settings = ArchitectureSettings(name)
    guard inputs.count == 1, inputs[0].type.dimensions.dropFirst() == [.fixed(shape.inputs)] else {
      throw settings.error(
        "inputs", expected: "one of [batch, \(shape.inputs)]", found: inputs.map { "\($0.type)" }.joined(separator: ", "))
    }
    var sketch = PanelSketch(shape, seed: 0, architecture: name, name: name)
    let rows = try sketch.builder.reshape(sketch.rows(), [-1, shape.inputs], name: "rows.flat")
    for (name, parameter) in parameters.sorted(by: { $0.key < $1.key }) { _ = try sketch.builder.parameter("rows.\(name)", parameter) }
    func renamed(_ value: String) -> String {
      value.isEmpty ? "" : value == inputs[0].name ? rows : "rows.\(value)"
    }
    for node in pruned(to: [score]).nodes {
      var node = node
      node.name = "rows.\(node.name)"
      (node.inputs, node.outputs) = (node.inputs.map(renamed), node.outputs.map(renamed))
      try sketch.builder.append(node)
    }
    let places = try sketch.builder.apply("Shape", [sketch.presence], name: "places")
    let scores = try sketch.builder.apply("Reshape", [renamed(score), places], name: "scores.places")
    try sketch.builder.output(sketch.builder.apply("Mul", [scores, sketch.presence], name: "score.masked", output: "scores"))
    return sketch.builder.graph
  }
}
