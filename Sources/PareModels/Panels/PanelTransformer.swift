import Foundation
import PareGraph
import PareTensor

/// Blocks of attention along the steps of each symbol, each step over itself and those before, the same for all symbols, and a dense
/// layer on each.
///
/// A score grows less with the distance of two steps, by a slope of its own for each head, in place of positions: what a step sees does
/// not depend on where a window begins.
///
/// - Source: `TransformerEncoder`'s blocks; slopes `2^(−8 h / heads)` after Press, Smith and Lewis 2022, arXiv:2108.12409, §3.
public struct PanelTransformer: PanelNetwork, Hashable, Codable {
  public var shape: PanelShape
  public var layers: Int
  /// A divisor of the width.
  public var heads: Int
  public var width: Int
  public var dropout: Double

  public init(_ shape: PanelShape, layers: Int = 2, heads: Int = 4, width: Int = 32, dropout: Double = 0) {
    (self.shape, self.layers, self.heads, self.width, self.dropout) = (shape, layers, heads, width, dropout)
  }

  public func graph(seed: UInt64, name: String? = nil) throws -> Graph {
    let settings = ArchitectureSettings("transformer")
    try shape.validate(settings)
    let (steps, symbols) = try shape.known(settings)
    try settings.check("layers", layers, in: 1...64)
    try settings.check("width", width, in: 1...8192)
    try settings.check(heads: heads, dividing: width)
    try settings.check(dropout: dropout)
    var sketch = PanelSketch(shape, seed: seed, architecture: "transformer", name: name)
    var value = try sketch.rows()
    let embedding = sketch.draws("embedding").glorot([shape.inputs, width], fanIn: shape.inputs, fanOut: width)
    value = try sketch.builder.denseAlongLastAxis(value, weight: embedding, name: "embedding")
    value = try sketch.builder.apply("Transpose", [value], attributes: ["perm": .ints([0, 2, 1, 3])], name: "symbols")
    value = try sketch.builder.reshape(value, [-1, steps, width], name: "symbols.rows")
    let bias = try sketch.builder.constant(distances(steps), named: "distances")
    let attention = SelfAttention(rows: steps, width: width, heads: heads, seed: seed, architecture: "transformer")
    for index in 0..<layers {
      value = try EncoderBlock(attention: attention, feedForward: 2 * width, dropout: dropout, index: index)
        .append(value, biases: [bias], to: &sketch.builder)
    }
    value = try sketch.builder.layerNormalization(value, width: width, name: "norm")
    value = try sketch.builder.reshape(value, [-1, symbols, steps, width], name: "rows.symbols")
    value = try sketch.builder.apply("Transpose", [value], attributes: ["perm": .ints([0, 2, 1, 3])], name: "rows.steps")
    try sketch.score(value, width: width)
    return sketch.builder.graph
  }

  /// `[heads, steps, steps]`: less with the distance, `absentBias` for later steps.
  private func distances(_ steps: Int) -> Tensor {
    var values: [Float] = []
    for head in 1...heads {
      let slope = Float(pow(2, -8 * Double(head) / Double(heads)))
      for step in 0..<steps { values += (0..<steps).map { $0 > step ? absentBias : -slope * Float(step - $0) } }
    }
    return Tensor(values, shape: [heads, steps, steps])
  }
}
