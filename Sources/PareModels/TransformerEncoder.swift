import Foundation
import PareGraph
import PareTensor

/// A Transformer encoder over the candles of a window: each candle becomes a vector of `width`, positions are added,
/// blocks of attention and feed-forward layers follow, and a dense layer reads the last row or the mean of all.
///
/// Its graph takes `features [batch, steps, inputs]` to `logits [batch, outputs]` and `probabilities`. The blocks have
/// their normalization in front and one more behind the last. The weights of each block's attention are the value
/// `attention_<i>.weights [batch, heads, steps, steps]`.
///
/// - Source: Vaswani et al. 2017, arXiv:1706.03762; normalization in front: Xiong et al. 2020, arXiv:2002.04745.
public struct TransformerEncoder: Sendable, Hashable, Codable {
  /// How a row knows its place.
  public enum Positions: String, Sendable, Hashable, Codable, CaseIterable {
    /// `sin(t / 10000^(2i/width))` in even and the cosine in odd columns (§3.5), not trained.
    case sinusoidal
    /// A trained vector for each place.
    case learned
  }

  /// What the dense layer reads.
  public enum Pooling: String, Sendable, Hashable, Codable, CaseIterable {
    /// The newest candle's row.
    case last
    /// The mean of all rows.
    case mean
  }

  /// Candles of a window.
  public var steps: Int
  /// Features of a candle.
  public var inputs: Int
  /// Blocks.
  public var layers: Int
  /// Heads of each attention; a divisor of the width.
  public var heads: Int
  /// Columns of a row between the blocks.
  public var width: Int
  /// Units of the feed-forward layers.
  public var feedForward: Int
  public var positions: Positions
  public var pooling: Pooling
  /// Probability that a number of a branch is dropped in a training step, in `0 ..< 1`.
  public var dropout: Double
  /// Classes.
  public var outputs: Int

  public init(
    steps: Int, inputs: Int, layers: Int = 2, heads: Int = 4, width: Int = 64, feedForward: Int? = nil,
    positions: Positions = .sinusoidal, pooling: Pooling = .last, dropout: Double = 0, outputs: Int
  ) {
    self.steps = steps
    self.inputs = inputs
    self.layers = layers
    self.heads = heads
    self.width = width
    // An overflow is left to the check of the range.
    self.feedForward = feedForward ?? (width > 1 << 24 ? width : 4 * width)
    self.positions = positions
    self.pooling = pooling
    self.dropout = dropout
    self.outputs = outputs
  }

  /// Everything trained: embedding, positions where they are learned, blocks, last normalization and dense layer.
  public var parameterCount: Int {
    (inputs + 1) * width + (positions == .learned ? steps * width : 0)
      + layers * EncoderBlock.parameterCount(width: width, feedForward: feedForward) + 2 * width + (width + 1) * outputs
  }

  /// The graph with freshly drawn weights, by Glorot throughout; learned positions uniform on `±0.02·√3`.
  ///
  /// - Parameters:
  ///   - seed: decides the weights; each layer draws from a stream of its own.
  ///   - input: the name of the input.
  ///   - normalizer: put in front of the first layer.
  ///   - thresholds: put behind the probabilities as a `decision`.
  /// - Throws: `graph.architecture`, category usage, naming the setting that is out of range.
  public func graph(
    seed: UInt64, name: String = "transformer", input: String = "features", normalizer: Normalizer? = nil,
    thresholds: DecisionThresholds? = nil
  ) throws -> Graph {
    try validate()
    var builder = GraphBuilder(name: name)
    var value = try builder.input(input, ValueType(.float32, ["batch", .fixed(steps), .fixed(inputs)]))
    if let normalizer { value = try builder.normalize(value, by: normalizer) }
    let embedding = InitialWeights(seed: seed, stream: "transformer/embedding")
      .glorot([inputs, width], fanIn: inputs, fanOut: width)
    value = try builder.denseAlongLastAxis(value, weight: embedding, name: "embedding")
    let places = try builder.parameter("positions", positionTable(seed: seed), isTrainable: positions == .learned)
    value = try builder.apply("Add", [value, places], name: "placed")
    let attention = SelfAttention(rows: steps, width: width, heads: heads, seed: seed, architecture: "transformer")
    for index in 0..<layers {
      value = try EncoderBlock(attention: attention, feedForward: feedForward, dropout: dropout, index: index)
        .append(value, to: &builder)
    }
    value = try builder.layerNormalization(value, width: width, name: "norm")
    value = try pooled(value, &builder)
    value = try builder.logits(value, width: width, outputs: outputs, seed: seed, architecture: "transformer")
    try builder.classify(value, thresholds: thresholds)
    return builder.graph
  }

  private func pooled(_ value: String, _ builder: inout GraphBuilder) throws -> String {
    guard pooling == .mean else { return try builder.last(value, axis: 1, name: "last") }
    let axes = try builder.constant(Tensor([Int64(1)]), named: "mean.axes")
    return try builder.apply("ReduceMean", [value, axes], attributes: ["keepdims": .int(0)], name: "mean")
  }

  private func positionTable(seed: UInt64) -> Tensor {
    guard positions == .sinusoidal else {
      return InitialWeights(seed: seed, stream: "transformer/positions").uniform([steps, width], limit: 0.02 * 3.0.squareRoot())
    }
    let values = (0..<steps * width).map { place -> Float in
      let (step, column) = (Double(place / width), place % width)
      let angle = step / pow(10_000, Double(column / 2 * 2) / Double(width))
      return Float(column.isMultiple(of: 2) ? sin(angle) : cos(angle))
    }
    return Tensor(values, shape: [steps, width])
  }

  private func validate() throws {
    let settings = ArchitectureSettings("transformer")
    try settings.check("steps", steps, in: 1...8192)
    try settings.check("inputs", inputs, in: 1...65_536)
    try settings.check("outputs", outputs, in: 1...65_536)
    try settings.check("layers", layers, in: 1...64)
    try settings.check("width", width, in: 1...8192)
    try settings.check(heads: heads, dividing: width)
    try settings.check("feed-forward", feedForward, in: 1...65_536)
    try settings.check(dropout: dropout)
  }
}
