import PareGraph
import PareTensor

/// A network over snapshots of an order book: convolutions join price with quantity, then ask with bid, then the levels;
/// convolutions along time stand behind each, an inception module sees spans of several lengths, an LSTM follows, and a
/// dense layer reads its last state.
///
/// A row is `[snapshots, 4 · levels]`, the columns of a level being ask price, ask quantity, bid price, bid quantity, the
/// best level first, as in the paper. Its graph takes `features [batch, snapshots, 4 · levels]` to
/// `logits [batch, outputs]` and `probabilities`. Behind convolutions stands LeakyRelu with slope 0.01.
///
/// The paper pads in time on both sides and uses 16 channels, 32 in the inception module, and 64 LSTM units. Here zeros
/// stand in front alone, so that no snapshot sees a later one, the module's branches have twice `channels`, and the
/// defaults are half of the paper's in every width.
///
/// - Source: Zhang, Zohren and Roberts 2019, arXiv:1808.03668, §IV.
public struct DeepLOB: Sendable, Hashable, Codable {
  /// Snapshots of a window.
  public var snapshots: Int
  /// Price levels of each side.
  public var levels: Int
  /// Filters of the convolutions; the inception module's branches have twice as many.
  public var channels: Int
  /// Units of the LSTM.
  public var hidden: Int
  /// Classes.
  public var outputs: Int

  public init(snapshots: Int, levels: Int, channels: Int = 8, hidden: Int = 32, outputs: Int) {
    self.snapshots = snapshots
    self.levels = levels
    self.channels = channels
    self.hidden = hidden
    self.outputs = outputs
  }

  /// Weights and biases, with c channels, i = 2c and h units.
  public var parameterCount: Int {
    let (c, i, h) = (channels, 2 * channels, hidden)
    let alongTime = 6 * c * (4 * c + 1)
    let joins = c * (2 + 1) + c * (2 * c + 1) + c * (levels * c + 1)
    let inception = 3 * i * (c + 1) + i * (3 * i + 1) + i * (5 * i + 1)
    return alongTime + joins + inception + 4 * h * (3 * i + h + 2) + (h + 1) * outputs
  }

  /// The graph with freshly drawn weights, convolutions by He, the LSTM as `RecurrentNetwork`'s, the dense layer by Glorot.
  ///
  /// - Parameters:
  ///   - seed: decides the weights; each layer draws from a stream of its own.
  ///   - input: the name of the input.
  ///   - normalizer: put in front of the first layer.
  ///   - thresholds: put behind the probabilities as a `decision`.
  /// - Throws: `graph.architecture`, category usage, naming the setting that is out of range.
  public func graph(
    seed: UInt64, name: String = "deeplob", input: String = "features", normalizer: Normalizer? = nil,
    thresholds: DecisionThresholds? = nil
  ) throws -> Graph {
    try validate()
    var sketch = Sketch(builder: GraphBuilder(name: name), seed: seed)
    var value = try sketch.builder.input(input, ValueType(.float32, ["batch", .fixed(snapshots), .fixed(4 * levels)]))
    if let normalizer { value = try sketch.builder.normalize(value, by: normalizer) }
    value = try sketch.builder.reshape(value, [0, 1, snapshots, 4 * levels], name: "plane")
    for (block, (join, stride)) in [(2, 2), (2, 2), (levels, 1)].enumerated() {
      let fanIn = block == 0 ? 1 : channels
      value = try sketch.convolution(value, from: fanIn, to: channels, kernel: [1, join], stride: stride, "join_\(block)")
      for half in 0...1 {
        value = try sketch.convolution(value, from: channels, to: channels, kernel: [4, 1], "time_\(2 * block + half)")
      }
    }
    value = try inception(value, &sketch)
    var builder = sketch.builder
    value = try builder.reshape(value, [0, 6 * channels, snapshots], name: "inception.rows")
    value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([2, 0, 1])], name: "steps")
    let layer = RecurrentLayer(
      cell: .lstm, inputs: 6 * channels, units: hidden, seed: seed, architecture: "deeplob", index: 0)
    value = try layer.last(layer.append(value, to: &builder), &builder)
    value = try builder.logits(value, width: hidden, outputs: outputs, seed: seed, architecture: "deeplob")
    try builder.classify(value, thresholds: thresholds)
    return builder.graph
  }

  /// Spans of 3, of 5, and the largest of 3 snapshots side by side: `[batch, 3 · 2c, snapshots, 1]`.
  private func inception(_ value: String, _ sketch: inout Sketch) throws -> String {
    var branches: [String] = []
    for span in [3, 5] {
      let point = try sketch.convolution(value, from: channels, to: 2 * channels, kernel: [1, 1], "inception.point_\(span)")
      branches.append(
        try sketch.convolution(point, from: 2 * channels, to: 2 * channels, kernel: [span, 1], "inception.span_\(span)"))
    }
    let largest = try sketch.builder.apply(
      "MaxPool", [value], attributes: ["kernel_shape": .ints([3, 1]), "pads": .ints([2, 0, 0, 0])], name: "inception.pool")
    branches.append(
      try sketch.convolution(largest, from: channels, to: 2 * channels, kernel: [1, 1], "inception.point_pool"))
    return try sketch.builder.apply("Concat", branches, attributes: ["axis": .int(1)], name: "inception")
  }

  /// A graph with its convolutions drawn by name.
  private struct Sketch {
    var builder: GraphBuilder
    let seed: UInt64

    /// Along time zeros stand in front; across columns nothing is padded.
    mutating func convolution(
      _ input: String, from fanIn: Int, to filters: Int, kernel: [Int], stride: Int = 1, _ name: String
    ) throws -> String {
      let weight = InitialWeights(seed: seed, stream: "deeplob/\(name)")
        .he(Shape([filters, fanIn] + kernel), fanIn: fanIn * kernel[0] * kernel[1])
      let attributes: [String: Attribute] = ["pads": .ints([kernel[0] - 1, 0, 0, 0]), "strides": .ints([1, stride])]
      let value = try builder.convolution(input, weight: weight, attributes: attributes, name: name)
      return try builder.apply("LeakyRelu", [value], attributes: ["alpha": .float(0.01)], name: "\(name).leaky")
    }
  }

  private func validate() throws {
    let settings = ArchitectureSettings("deeplob")
    try settings.check("snapshots", snapshots, in: 1...65_536)
    try settings.check("levels", levels, in: 1...256)
    try settings.check("channels", channels, in: 1...1024)
    try settings.check("hidden", hidden, in: 1...8192)
    try settings.check("outputs", outputs, in: 1...65_536)
  }
}
