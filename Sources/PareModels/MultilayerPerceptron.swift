import PareGraph
import PareTensor

/// A feed-forward network: dense layers with an activation between them.
///
/// Its graph takes `features [batch, inputs]` to `logits [batch, outputs]` and `probabilities`, their softmax. The
/// layers are Gemm nodes `dense_0`, `dense_1`, … with `transB = 1` and parameters `dense_i.weight [out, in]` and
/// `dense_i.bias [out]`. Without hidden layers it is (multinomial) logistic regression.
///
/// With `isResidual` all hidden layers are of one width: `dense_0` brings the features to it, each later one adds to what
/// it reads, `x + dense_i(dropout(activation(normalize(x))))`, and the last normalization and activation stand before
/// the logits, so that the gradient reaches the first layer however many there are (He et al. 2016, arXiv:1603.05027,
/// with layer normalization).
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
  /// Whether a hidden layer adds to what it reads.
  public var isResidual: Bool

  public init(
    inputs: Int, hidden: [Int], outputs: Int, activation: Activation = .relu, dropout: Double = 0, isResidual: Bool = false
  ) {
    self.inputs = inputs
    self.hidden = hidden
    self.outputs = outputs
    self.activation = activation
    self.dropout = dropout
    self.isResidual = isResidual
  }

  /// Weights and biases: `Σ (in + 1) · out` over the layers, and two numbers per hidden unit where they are normalized.
  public var parameterCount: Int {
    zip([inputs] + hidden, hidden + [outputs]).reduce(0) { $0 + ($1.0 + 1) * $1.1 } + (isResidual ? 2 * hidden.reduce(0, +) : 0)
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
      if isResidual, index > 0 {
        let normalized = try builder.layerNormalization(value, width: fanIn, name: "norm_\(index - 1)")
        let branch = try activated(normalized, index - 1, &builder)
        let result = try builder.dense(branch, weight: weight, layer: index, output: isLast ? "logits" : nil)
        value = isLast ? result : try builder.apply("Add", [value, result], name: "residual_\(index)")
      } else {
        value = try builder.dense(value, weight: weight, layer: index, output: isLast ? "logits" : nil)
        if !isLast, !isResidual { value = try activated(value, index, &builder) }
      }
    }
    try builder.classify(value, thresholds: thresholds)
    return builder.graph
  }

  private func activated(_ value: String, _ index: Int, _ builder: inout GraphBuilder) throws -> String {
    let stem = activation.operatorName.type.lowercased()
    let result = try builder.apply(activation.operatorName, [value], name: "\(stem)_\(index)")
    return try builder.dropout(result, probability: dropout, name: "dropout_\(index)")
  }

  private func validate() throws {
    func check(_ setting: String, _ isValid: Bool, _ expected: String, _ found: String) throws {
      guard isValid else {
        throw GraphError("architecture", subject: "mlp: \(setting)", expected: expected, found: found, category: .usage)
      }
    }
    try check("inputs", inputs > 0, "at least 1", "\(inputs)")
    try check("hidden", hidden.allSatisfy { $0 > 0 }, "at least 1 unit in every layer", "\(hidden)")
    try check(
      "residual", !isResidual || (!hidden.isEmpty && Set(hidden).count == 1), "hidden layers of one width", "\(hidden)")
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
