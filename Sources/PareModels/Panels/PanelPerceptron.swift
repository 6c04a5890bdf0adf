import PareGraph

/// Dense layers with Relu between them on each symbol's row of each step, the same for all: without hidden layers a linear model.
public struct PanelPerceptron: PanelNetwork, Hashable, Codable {
  public var shape: PanelShape
  public var hidden: [Int]
  /// Probability that a number behind a Relu is dropped in a training step, in `0 ..< 1`.
  public var dropout: Double

  public init(_ shape: PanelShape, hidden: [Int] = [], dropout: Double = 0) {
    (self.shape, self.hidden, self.dropout) = (shape, hidden, dropout)
  }

  public func graph(seed: UInt64, name: String? = nil) throws -> Graph {
    let settings = ArchitectureSettings("mlp")
    try shape.validate(settings)
    for width in hidden { try settings.check("hidden", width, in: 1...65_536) }
    try settings.check(dropout: dropout)
    var sketch = PanelSketch(shape, seed: seed, architecture: "mlp", name: name)
    var value = try sketch.rows()
    for (index, (fanIn, width)) in zip([shape.inputs] + hidden, hidden).enumerated() {
      let layer = "dense_\(index)"
      let weight = sketch.draws(layer).he([fanIn, width], fanIn: fanIn)
      value = try sketch.builder.denseAlongLastAxis(value, weight: weight, name: layer)
      value = try sketch.builder.apply("Relu", [value], name: "relu_\(index)")
      value = try sketch.builder.dropout(value, probability: dropout, name: "dropout_\(index)")
    }
    try sketch.score(value, width: hidden.last ?? shape.inputs)
    return sketch.builder.graph
  }
}
