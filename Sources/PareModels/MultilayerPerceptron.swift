import PareGraph
import PareTensor

/// A feed-forward network: dense layers with an activation between them.
///
/// Its graph takes `features [batch, inputs]` to `logits [batch, outputs]` and `probabilities`, their softmax. The
/// layers are Gemm nodes `dense_0`, `dense_1`, … with `transB = 1` and parameters `dense_i.weight [out, in]` and
/// `dense_i.bias [out]`. Without hidden layers it is (multinomial) logistic regression.
public struct MultilayerPerceptron: Sendable, Hashable, Codable {
  /// Features per row.
  public var inputs: Int
  /// Units of each hidden layer.
  public var hidden: [Int]
  /// Classes.
  public var outputs: Int
  public var activation: Activation
  /// Probability that a hidden unit is dropped in a training step, in `0 ..< 1`.
  public var dropout: Double

  public init(inputs: Int, hidden: [Int], outputs: Int, activation: Activation = .relu, dropout: Double = 0) {
    self.inputs = inputs
    self.hidden = hidden
    self.outputs = outputs
    self.activation = activation
    self.dropout = dropout
  }

  /// Weights and biases: `Σ (in + 1) · out` over the layers.
  public var parameterCount: Int {
    zip([inputs] + hidden, hidden + [outputs]).reduce(0) { $0 + ($1.0 + 1) * $1.1 }
  }

  /// The graph with freshly drawn weights.
  ///
  /// Before Relu and its kin weights are uniform on `±√(6 / in)` (He et al. 2015, arXiv:1502.01852); before tanh,
  /// sigmoid and the logits on `±√(6 / (in + out))` (Glorot and Bengio 2010). Biases are zero.
  ///
  /// - Parameters:
  ///   - seed: decides the weights; each layer draws from a stream of its own.
  ///   - input: the name of the input.
  ///   - rowShape: extents of one row, whose product is `inputs`; windows are flattened.
  ///   - normalizer: put in front of the first layer.
  ///   - thresholds: put behind the probabilities as a `decision`.
  /// - Throws: `graph.architecture`, category usage, naming the setting that is out of range.
  public func graph(
    seed: UInt64, name: String = "mlp", input: String = "features", rowShape: [Int]? = nil, normalizer: Normalizer? = nil,
    thresholds: DecisionThresholds? = nil
  ) throws -> Graph {
    try validate()
    var builder = GraphBuilder(name: name)
    let row = (rowShape ?? [inputs]).map(Dimension.fixed)
    var value = try builder.input(input, ValueType(.float32, ["batch"] + row))
    if let normalizer { value = try builder.normalize(value, by: normalizer) }
    if row.count > 1 { value = try builder.apply("Flatten", [value], name: "flatten") }
    for (index, (fanIn, fanOut)) in zip([inputs] + hidden, hidden + [outputs]).enumerated() {
      let isLast = index == hidden.count
      let weight = initialWeight(layer: index, fanIn: fanIn, fanOut: fanOut, isLast: isLast, seed: seed)
      value = try builder.dense(value, weight: weight, layer: index, output: isLast ? "logits" : nil)
      guard !isLast else { break }
      let stem = activation.operatorName.type.lowercased()
      value = try builder.apply(activation.operatorName, [value], name: "\(stem)_\(index)")
      if dropout > 0 {
        let ratio = try builder.constant(Tensor(scalar: Float(dropout)), named: "dropout_\(index).ratio")
        value = try builder.apply("Dropout", [value, ratio], name: "dropout_\(index)")
      }
    }
    try builder.classify(value, thresholds: thresholds)
    return builder.graph
  }

  private func validate() throws {
    func check(_ setting: String, _ isValid: Bool, _ expected: String, _ found: String) throws {
      guard isValid else {
        throw GraphError("architecture", subject: "mlp: \(setting)", expected: expected, found: found, category: .usage)
      }
    }
    try check("inputs", inputs > 0, "at least 1", "\(inputs)")
    try check("hidden", hidden.allSatisfy { $0 > 0 }, "at least 1 unit in every layer", "\(hidden)")
    try check("outputs", outputs > 0, "at least 1", "\(outputs)")
    try check("dropout", (0..<1).contains(dropout), "a probability in 0 ..< 1", "\(dropout)")
    // Bounds each layer first, so that counting the parameters cannot overflow.
    let limit = 1 << 28
    let fits = ([inputs, outputs] + hidden).allSatisfy { $0 <= 1 << 24 } && hidden.count <= 1024
    try check("parameters", fits && parameterCount <= limit, "at most \(limit)", fits ? "\(parameterCount)" : "more")
  }

  private func initialWeight(layer: Int, fanIn: Int, fanOut: Int, isLast: Bool, seed: UInt64) -> Tensor {
    let saturates = activation == .tanh || activation == .sigmoid
    let limit = (6 / Double(isLast || saturates ? fanIn + fanOut : fanIn)).squareRoot()
    return InitialWeights(seed: seed, stream: "mlp/dense_\(layer)").uniform([fanOut, fanIn], limit: limit)
  }
}

extension GraphBuilder {
  /// A dense layer `dense_<layer>` with zero biases.
  mutating func dense(_ input: String, weight: Tensor, layer: Int, output: String?) throws -> String {
    let name = "dense_\(layer)"
    let weightName = try parameter("\(name).weight", weight, isTrainable: true)
    let biasName = try parameter("\(name).bias", Tensor(zeros: .float32, shape: [weight.shape[0]]), isTrainable: true)
    return try apply("Gemm", [input, weightName, biasName], attributes: ["transB": .int(1)], name: name, output: output)
  }
}
