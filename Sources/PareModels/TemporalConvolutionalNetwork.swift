import PareGraph
import PareTensor

/// Dilated causal convolutions over the candles of a window in residual blocks; a dense layer reads the newest step.
///
/// Block i has two convolutions of `channels[i]` filters that see `kernel` steps `2ⁱ` apart, none of them later, each
/// with Relu and dropout behind it; Relu of their result plus the block's input, through a convolution of kernel 1 where
/// the widths differ. Without weight normalization, which trains another spelling of the same weights.
///
/// Its graph takes `features [batch, steps, inputs]` to `logits [batch, outputs]` and `probabilities`. Convolutions are
/// Conv nodes `conv_0`, `conv_1`, … padded with `(kernel − 1) · 2ⁱ` zeros in front, and `skip_<i>`.
///
/// - Source: Bai, Kolter and Koltun 2018, arXiv:1803.01271, §3.
public struct TemporalConvolutionalNetwork: Sendable, Hashable, Codable {
  /// Candles of a window.
  public var steps: Int
  /// Features of a candle.
  public var inputs: Int
  /// Filters of each block.
  public var channels: [Int]
  /// Steps that a filter sees.
  public var kernel: Int
  /// Probability that a number behind a convolution is dropped in a training step, in `0 ..< 1`.
  public var dropout: Double
  /// Classes.
  public var outputs: Int

  public init(steps: Int, inputs: Int, channels: [Int], kernel: Int = 3, dropout: Double = 0, outputs: Int) {
    self.steps = steps
    self.inputs = inputs
    self.channels = channels
    self.kernel = kernel
    self.dropout = dropout
    self.outputs = outputs
  }

  /// Candles that the newest step depends on: `1 + 2 · (kernel − 1) · (2^blocks − 1)`.
  public var receptiveField: Int { 1 + 2 * (kernel - 1) * (1 << channels.count - 1) }

  /// Weights and biases of convolutions and dense layer.
  public var parameterCount: Int {
    CausalBlocks.parameterCount(inputs: inputs, channels: channels, kernel: kernel)
      + ((channels.last ?? inputs) + 1) * outputs
  }

  /// The graph with freshly drawn weights: convolutions before Relu by He, the others and the dense layer by Glorot.
  ///
  /// - Parameters:
  ///   - seed: decides the weights; each layer draws from a stream of its own.
  ///   - input: the name of the input.
  ///   - normalizer: put in front of the first layer.
  ///   - thresholds: put behind the probabilities as a `decision`.
  /// - Throws: `graph.architecture`, category usage, naming the setting that is out of range.
  public func graph(
    seed: UInt64, name: String = "tcn", input: String = "features", normalizer: Normalizer? = nil,
    thresholds: DecisionThresholds? = nil
  ) throws -> Graph {
    let settings = ArchitectureSettings("tcn")
    try settings.check("steps", steps, in: 1...65_536)
    try settings.check("inputs", inputs, in: 1...65_536)
    try settings.check("outputs", outputs, in: 1...65_536)
    let blocks = CausalBlocks(
      inputs: inputs, channels: channels, kernel: kernel, dropout: dropout, seed: seed, architecture: "tcn")
    try blocks.validate(settings)
    var builder = GraphBuilder(name: name)
    var value = try builder.input(input, ValueType(.float32, ["batch", .fixed(steps), .fixed(inputs)]))
    if let normalizer { value = try builder.normalize(value, by: normalizer) }
    value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([0, 2, 1])], name: "channels")
    value = try builder.last(blocks.append(value, to: &builder), axis: 2, name: "last")
    value = try builder.logits(value, width: blocks.width, outputs: outputs, seed: seed, architecture: "tcn")
    try builder.classify(value, thresholds: thresholds)
    return builder.graph
  }
}
