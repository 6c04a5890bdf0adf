import PareGraph
import PareTensor

/// A block of a Transformer encoder with the normalization in front of what it normalizes:
/// `x + attention(norm(x))`, then `x + feedForward(norm(x))` with GELU between the two dense layers.
///
/// - Shapes: `[batch, rows, width]` → the same.
/// - Source: Vaswani et al. 2017, arXiv:1706.03762, figure 1, left; the place of the normalization after Xiong et al.
///   2020, arXiv:2002.04745.
struct EncoderBlock {
  let attention: SelfAttention
  /// Units between the two dense layers.
  let feedForward: Int
  let dropout: Double
  let index: Int

  func append(_ input: String, biases: [String] = [], to builder: inout GraphBuilder) throws -> String {
    let width = attention.width
    let normalized = try builder.layerNormalization(input, width: width, name: "attention_\(index).norm")
    var branch = try attention.append(normalized, biases: biases, name: "attention_\(index)", to: &builder)
    branch = try builder.dropout(branch, probability: dropout, name: "attention_\(index).dropout")
    let value = try builder.apply("Add", [input, branch], name: "attention_\(index).residual")
    let name = "feed_forward_\(index)"
    branch = try builder.layerNormalization(value, width: width, name: "\(name).norm")
    branch = try builder.denseAlongLastAxis(branch, weight: weight("\(name).in", width, feedForward), name: "\(name).in")
    branch = try builder.apply("Gelu", [branch], name: "\(name).gelu")
    branch = try builder.denseAlongLastAxis(branch, weight: weight("\(name).out", feedForward, width), name: "\(name).out")
    branch = try builder.dropout(branch, probability: dropout, name: "\(name).dropout")
    return try builder.apply("Add", [value, branch], name: "\(name).residual")
  }

  /// Of attention, feed-forward layers and both normalizations.
  static func parameterCount(width: Int, feedForward: Int) -> Int {
    SelfAttention.parameterCount(width: width) + (width + 1) * feedForward + (feedForward + 1) * width + 4 * width
  }

  private func weight(_ name: String, _ fanIn: Int, _ fanOut: Int) -> Tensor {
    InitialWeights(seed: attention.seed, stream: "\(attention.architecture)/\(name)")
      .glorot([fanIn, fanOut], fanIn: fanIn, fanOut: fanOut)
  }
}
