import PareGraph
import PareTensor

/// A network of one-dimensional convolutions over the candles of a window: each layer steps on by `stride`, and a dense layer
/// reads what is left of them.
///
/// Its graph takes `features [batch, steps, inputs]` to `logits [batch, outputs]` and `probabilities`. Convolutions are Conv
/// nodes `conv_0`, `conv_1`, … without padding, each with Relu behind it; the dense layer is `dense_0`.
public struct ConvolutionalNetwork: Sendable, Hashable, Codable {
  /// Candles of a window.
  public var steps: Int
  /// Features of a candle.
  public var inputs: Int
  /// Filters of each layer.
  public var channels: [Int]
  /// Candles that a filter of the first layer sees; of later layers positions of the one before.
  public var kernel: Int
  public var stride: Int
  /// Classes.
  public var outputs: Int

  public init(steps: Int, inputs: Int, channels: [Int], kernel: Int = 3, stride: Int = 2, outputs: Int) {
    self.steps = steps
    self.inputs = inputs
    self.channels = channels
    self.kernel = kernel
    self.stride = stride
    self.outputs = outputs
  }

  /// Positions that each layer leaves: `(positions − kernel) / stride + 1`, rounded down.
  private var positions: [Int] {
    channels.reduce(into: [steps]) { positions, _ in
      positions.append((positions[positions.count - 1] - kernel + stride) / stride)
    }
  }

  /// The graph with freshly drawn weights: before Relu uniform on `±√(6 / in)` (He et al. 2015, arXiv:1502.01852), before the
  /// logits on `±√(6 / (in + out))` (Glorot and Bengio 2010). Biases are zero.
  ///
  /// - Parameters:
  ///   - seed: decides the weights; each layer draws from a stream of its own.
  ///   - input: the name of the input.
  ///   - normalizer: put in front of the first layer.
  ///   - thresholds: put behind the probabilities as a `decision`.
  /// - Throws: `graph.architecture`, category usage, naming the setting that is out of range.
  public func graph(
    seed: UInt64, name: String = "cnn", input: String = "features", normalizer: Normalizer? = nil,
    thresholds: DecisionThresholds? = nil
  ) throws -> Graph {
    try validate()
    var builder = GraphBuilder(name: name)
    var value = try builder.input(input, ValueType(.float32, ["batch", .fixed(steps), .fixed(inputs)]))
    if let normalizer { value = try builder.normalize(value, by: normalizer) }
    value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([0, 2, 1])], name: "channels")
    for (index, (fanIn, filters)) in zip([inputs] + channels, channels).enumerated() {
      let weight = InitialWeights(seed: seed, stream: "cnn/conv_\(index)")
        .uniform([filters, fanIn, kernel], limit: (6 / Double(fanIn * kernel)).squareRoot())
      let weightName = try builder.parameter("conv_\(index).weight", weight, isTrainable: true)
      let biasName = try builder.parameter("conv_\(index).bias", Tensor(zeros: .float32, shape: [filters]), isTrainable: true)
      value = try builder.apply(
        "Conv", [value, weightName, biasName],
        attributes: ["kernel_shape": .ints([kernel]), "strides": .ints([stride])], name: "conv_\(index)")
      value = try builder.apply("Relu", [value], name: "relu_\(index)")
    }
    value = try builder.apply("Flatten", [value], name: "flatten")
    let width = (channels.last ?? inputs) * (positions.last ?? steps)
    let weight = InitialWeights(seed: seed, stream: "cnn/dense_0")
      .uniform([outputs, width], limit: (6 / Double(width + outputs)).squareRoot())
    value = try builder.dense(value, weight: weight, layer: 0, output: "logits")
    try builder.classify(value, thresholds: thresholds)
    return builder.graph
  }

  private func validate() throws {
    let settings = ArchitectureSettings("cnn")
    try settings.check("steps", steps, in: 1...65_536)
    try settings.check("inputs", inputs, in: 1...65_536)
    try settings.check("outputs", outputs, in: 1...65_536)
    try settings.check("kernel", kernel, in: 1...1024)
    try settings.check("stride", stride, in: 1...1024)
    try settings.check("layers", channels.count, in: 1...64)
    for width in channels { try settings.check("channels", width, in: 1...65_536) }
    guard positions.allSatisfy({ $0 >= 1 }) else {
      throw settings.error(
        "channels", expected: "at most as many layers of kernel \(kernel) and stride \(stride) as leave something of \(steps) steps",
        found: "\(channels.count)")
    }
  }
}
